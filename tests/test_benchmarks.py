"""The measurements that others rely on: they run, and say what is there."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from omniactor.errors import InputError
from omniactor.model.card import training_note
from omniactor.sim.tasks import TASKS
from omniactor.train.checkpoint import seal, verify

ROOT = Path(__file__).parents[1]


def run(*options):
    """Return the JSON line of the benchmark on two tasks, on the stand-ins."""
    command = [sys.executable, ROOT / "benchmarks/simulator.py", "--assets", "standin", "--tasks", "49,20", *options]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_the_simulator_equals_stock_libero(tmp_path):
    result = run("--parity", "--sizes", "128", "--picture", tmp_path / "worst.png")
    assert result["passed"] == result["of"] == 2
    assert (tmp_path / "worst.png").stat().st_size > 1000


@pytest.mark.slow
def test_the_expert_does_as_well_in_stock_libero_and_goes_on_where_it_was_stopped(tmp_path):
    out, log = tmp_path / "expert.json", tmp_path / "expert.jsonl"
    result = run("--expert", "1", "--out", out)
    assert (result["points"], result["of"]) == (0, 2)
    first, second = log.read_text().splitlines()
    log.write_text(f"{first}\n{second[:40]}")  # killed while it wrote
    again = run("--expert", "1", "--out", out)
    assert log.read_text().splitlines() == [first, second]
    assert {key: again[key] for key in ("ours", "stock", "differ")} == {key: result[key] for key in ("ours", "stock", "differ")}


def script(name):
    """Return a benchmark as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"benchmarks/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def bundle():
    """Return the function of the script."""
    return script("bundle").bundle


@pytest.fixture
def compare():
    """Return the function of the script."""
    return script("comparison").compare


@pytest.fixture
def trained(tmp_path):
    """Return a run and an evaluation of its model."""
    run, results = tmp_path / "run", tmp_path / "results"
    (run / "model").mkdir(parents=True)
    (run / "model/config.json").write_text("{}")
    seal(run / "model")
    (run / "log.jsonl").write_text("{}\n")
    (run / "recipe.json").write_text('{"model": "mini", "data": ["/home/me/data/arm"], "max_steps": 7, "batch_size": 64}')
    results.mkdir()
    summary = {
        "benchmark": "libero-90", "agent": "model", "assets": "standin", "protocol": {"starts": "published"}, "n": 20,
        "successes": 15, "errors": 0, "success_rate": 0.75, "wilson_95": [0.531, 0.888],
        "per_task": {"46": {"task": "libero_90:46", "successes": 15, "n": 20, "success_rate": 0.75}},
    }  # fmt: skip
    (results / "summary.json").write_text(json.dumps(summary))
    (results / "manifest.json").write_text(json.dumps({"settings": {"agent": str(run / "model")}}))
    return run, results


def test_a_bundle_says_what_it_was_trained_on_and_how_well_it_does(bundle, trained, tmp_path):
    run, results = trained
    bundle(run, [results], "Demonstrations of ten tasks.", tmp_path / "mini")
    card = (tmp_path / "mini/README.md").read_text()
    assert "| LIBERO-90, models: standin | 1 | 20 | 75.0 % | 53.1 to 88.8 |" in card
    assert training_note(tmp_path / "mini").startswith("Demonstrations of ten tasks. 7 steps of 64 samples")
    kept = json.loads((tmp_path / "mini/evaluation/libero-90-standin.json").read_text())
    assert json.loads((tmp_path / "mini/recipe.json").read_text())["data"] == ["data/arm"]
    assert (kept["agent"], kept["per_task"]["46"]["successes"]) == ("mini", 15)


def test_a_bundle_keeps_an_evaluation_of_all_tasks_beside_one_of_a_few(bundle, trained, tmp_path):
    run, results = trained
    summary = json.loads((results / "summary.json").read_text())
    whole = tmp_path / "all"
    shutil.copytree(results, whole)
    per_task = {str(task.id): {"successes": 1, "n": 1, "success_rate": 1.0} for task in TASKS}
    (whole / "summary.json").write_text(json.dumps({**summary, "n": 90, "successes": 90, "per_task": per_task}))
    bundle(run, [results, whole], "Demonstrations.", tmp_path / "mini")
    names = sorted(path.name for path in (tmp_path / "mini/evaluation").iterdir())
    assert names == ["libero-90-standin-all.json", "libero-90-standin.json"]
    with pytest.raises(InputError, match="differ in kind"):
        bundle(run, [results, results], "Demonstrations.", tmp_path / "mini")


def test_a_bundle_keeps_what_the_run_went_on_from(bundle, trained, tmp_path):
    run, results = trained
    bundle(run, [], "First.", tmp_path / "mini")
    (run / "recipe.json").write_text('{"model": "first", "data": [], "max_steps": 9, "batch_size": 64}')
    (run / "log.jsonl").write_text('{"step": 9}\n')
    bundle(run, [results], "Second.", tmp_path / "mini", [tmp_path / "mini"])
    assert json.loads((tmp_path / "mini/recipe.json").read_text())["max_steps"] == 9
    assert json.loads((tmp_path / "mini/earlier/1/recipe.json").read_text())["max_steps"] == 7
    assert (tmp_path / "mini/earlier/1/log.jsonl").read_text() == "{}\n"


def test_a_bundle_refuses_a_model_that_was_changed_after_its_run(bundle, trained, tmp_path):
    (trained[0] / "model/config.json").write_text('{"changed": 1}')
    with pytest.raises(InputError, match=r"config\.json as it was written"):
        bundle(trained[0], [], "Demonstrations.", tmp_path / "mini")


def test_the_checkpoint_in_the_repository_is_as_it_was_written():
    verify(ROOT / "assets/checkpoints/omniactor-mini")


def test_a_bundle_refuses_results_of_another_model_and_leaves_the_last_one(bundle, trained, tmp_path):
    run, results = trained
    bundle(run, [results], "Demonstrations.", tmp_path / "mini")
    (results / "manifest.json").write_text(json.dumps({"settings": {"agent": str(tmp_path / "other")}}))
    with pytest.raises(InputError, match="expected results of"):
        bundle(run, [results], "Demonstrations.", tmp_path / "mini")
    assert "75.0 %" in (tmp_path / "mini/README.md").read_text()
    with pytest.raises(InputError, match="expected a finished run"):
        bundle(results, [], "Demonstrations.", tmp_path / "mini")


def compared(folder, variant, lines, **changes):
    """Return a finished run of a variant as `comparison.py` reads it."""
    folder.mkdir()
    recipe = {
        "model": "mini", "variant": variant, "max_steps": 8, "batch_size": 4, "seed": 1, "learning_rate": 1e-3,
        "data": ["arm", "web"], "weights": [1.0, 2.0], "eval_data": ["held"], **changes,
    }  # fmt: skip
    (folder / "recipe.json").write_text(json.dumps(recipe))
    (folder / "log.jsonl").write_text("\n".join(json.dumps({"step": step, **line}) for step, line in lines))
    return folder


def test_compared_runs_stand_beside_each_other_with_their_last_measurement(compare, trained, tmp_path):
    _, results = trained
    lines = [(4, {"eval_loss_gui": 9.0}), (8, {"loss": 5.0}), (8, {"eval_loss_gui": 2.0, "eval_token_accuracy_gui": 0.5})]
    both = compared(tmp_path / "both", "omniactor", lines)
    arm = compared(tmp_path / "arm", "embodied", [(4, {"eval_loss_embodied": 3.0})], max_steps=4, data=["arm"], weights=[1.0])
    (results / "manifest.json").write_text(json.dumps({"settings": {"agent": str(both / "model")}}))
    found = compare([["both", str(both), str(results)], ["arm", str(arm)]])["runs"]
    assert found["both"]["held_out"] == {"loss_gui": 2.0, "token_accuracy_gui": 0.5}
    assert found["both"]["solved"]["arm, standin"]["successes"] == 15
    assert (found["arm"]["samples"], found["arm"]["held_out"], found["arm"]["solved"]) == (16, {"loss_embodied": 3.0}, {})


def test_runs_that_differ_in_more_than_the_variant_are_not_compared(compare, trained, tmp_path):
    one = compared(tmp_path / "one", "omniactor", [(8, {"eval_loss_gui": 2.0})])
    other = compared(tmp_path / "other", "dense", [(8, {"eval_loss_gui": 2.0})], learning_rate=2e-3)
    with pytest.raises(InputError, match="others of learning_rate"):
        compare([["one", str(one)], ["other", str(other)]])
    reweighed = compared(tmp_path / "reweighed", "gui", [(8, {"eval_loss_gui": 2.0})], data=["web"], weights=[1.0])
    with pytest.raises(InputError, match="others of data"):
        compare([["one", str(one)], ["reweighed", str(reweighed)]])
    unmeasured = compared(tmp_path / "unmeasured", "dense", [(4, {"eval_loss_gui": 2.0})])
    with pytest.raises(InputError, match="set eval_every"):
        compare([["unmeasured", str(unmeasured)]])
    with pytest.raises(InputError, match="expected results of"):
        compare([["one", str(one), str(trained[1])]])
