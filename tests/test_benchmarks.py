"""The comparison with stock LIBERO runs, and finds nothing, on the models that are always there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
