"""Demonstrations on pages: episodes in our own format, samples that can be trained on, whoever acted."""

import json

import numpy as np
import pytest

from omniactor.actions.gui import parse_response
from omniactor.cli import main
from omniactor.data.page_demos import PageDemoPlan, demonstrate, make_page_plan
from omniactor.data.page_samples import visible_texts
from omniactor.data.sample_files import SampleFile
from omniactor.data.turns import read_question
from omniactor.errors import InputError, UnknownAgentError
from omniactor.evaluate.miniwob import DEMO_SEEDS
from omniactor.evaluate.schedule import Job
from omniactor.gui.episodes import read_episodes
from omniactor.gui.images import open_image
from omniactor.gui.pages import get_page


@pytest.fixture(scope="module")
def made(page_env, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demos") / "out"
    command = [
        "demos",
        "--world",
        "gui",
        "--tasks",
        "login-user,drag-box",
        "--episodes",
        "2",
        "--workers",
        "1",
        "--out",
        str(folder),
    ]
    assert main([*command, "--grounding", "1", "--json"]) == 0
    return folder, [*command, "--grounding", "1", "--json"]


def test_episodes_are_read_back_with_boxes_and_words(made):
    episodes = list(read_episodes(made[0] / "episodes"))
    assert [episode.id for episode in episodes] == ["drag-box-0", "drag-box-1", "login-user-0", "login-user-1"]
    episode = episodes[2]
    assert episode.instruction.startswith('Enter the username "')
    assert [step.action.kind for step in episode.steps] == ["click", "write", "click", "write", "click"]
    assert all(step.instruction == step.action.description for step in episode.steps)
    assert episode.facts["seed"] == DEMO_SEEDS
    assert episode.facts["success"] is True
    for step in episode.steps:
        assert step.screenshot().shape == (420, 320, 3)
        assert step.size == (320, 420)
        for x0, y0, x1, y1 in step.boxes:
            assert x0 <= step.action.point[0] <= x1
            assert y0 <= step.action.point[1] <= y1
    assert episode.steps[0].boxes
    assert not np.array_equal(episode.steps[0].screenshot(), open_image(episode.last))


def test_samples_are_in_the_papers_words_and_carry_the_history(made):
    folder, _ = made
    samples = {level: list(SampleFile(folder / f"samples-{level}.jsonl")) for level in ("high", "low")}
    high = [sample for sample in samples["high"] if sample.task == "login-user" and sample.episode == "login-user-1"]
    assert [sample.step for sample in high] == [0, 1, 2, 3, 4]
    instruction, history = read_question(high[3].turns[0][0])
    assert len(history) == 3
    assert history[0] == "Click the username field"
    action = parse_response(high[3].turns[0][1])
    assert (action.kind, action.description[:5]) == ("write", "Type ")
    assert high[0].box is not None
    low = next(sample for sample in samples["low"] if sample.episode == "login-user-1" and sample.step == 3)
    assert read_question(low.turns[0][0])[0] == f"{instruction} You need to: {action.description}"
    assert set(json.loads((folder / "dataset_info.json").read_text())) == {"miniwob-high", "miniwob-low", "miniwob-texts"}


def test_texts_are_found_where_they_are(made):
    found = {}
    for sample in SampleFile(made[0] / "samples-texts.jsonl"):
        if sample.task == "login-user":
            found |= {read_question(question)[0]: parse_response(answer) for question, answer in sample.turns}
    assert {"Username", "Password", "Login"} <= found.keys()
    assert found["Login"].description == "Login"
    assert found["Username"].point[1] < found["Password"].point[1] < found["Login"].point[1]


def test_running_again_makes_nothing_and_writes_the_same(made, capsys):
    folder, command = made
    before = {file.name: file.read_bytes() for file in folder.glob("*.jsonl")}
    assert main(command) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["generation"]["episodes"], result["kept"], result["steps"]) == (0, 4, 14)
    assert {file.name: file.read_bytes() for file in folder.glob("*.jsonl")} == before


def test_an_episode_that_was_lost_is_made_again_with_the_same_bytes(made, capsys):
    import shutil

    folder, command = made
    lost = folder / "episodes" / "drag-box-00001"
    before = {file.name: file.read_bytes() for file in lost.iterdir()}
    shutil.rmtree(lost)
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["generation"]["episodes"] == 1
    assert {file.name: file.read_bytes() for file in lost.iterdir()} == before


def test_with_another_agent_the_labels_are_still_the_experts(page_env):
    env = page_env("login-user")
    page = get_page("login-user")
    plan = PageDemoPlan((page.id,), 1, agent="random", keep="all", max_steps=4)
    episode = demonstrate(env, plan, Job(page.id, 0), seed=1000)
    assert len(episode.steps) == len(episode.facts["executed"])
    assert all(step.action.description.startswith(("Click", "Select", "Type", "Delete", "Press")) for step in episode.steps)
    assert episode.facts["executed"][0][1] == ""  # the random agent says nothing
    own = demonstrate(env, PageDemoPlan((page.id,), 1, agent="random", labels="agent", max_steps=4), Job(page.id, 0), seed=1000)
    assert [step.action.description for step in own.steps] == [""] * len(own.steps)


def test_seeds_of_demonstrations_never_meet_those_of_evaluation():
    plan = PageDemoPlan((0,), 100_000, seed=3)
    seeds = {plan.episode_seed(Job(0, episode), attempt) for episode in (0, 1, 99_999) for attempt in (0, 1, 999)}
    assert len(seeds) == 9
    assert min(seeds) >= DEMO_SEEDS


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--perturb", "light"], "no --perturb"), (["--format", "hdf5"], "no --format"), (["--scenes"], "no --scenes"),
        (["--tasks", "nonsense"], "expected one of 130 pages"), (["--workers", "0"], "at least 1 worker"),
        (["--episodes", "0"], "episodes per page from 1"), (["--labels", "x"], "--labels expert or agent"),
    ],
)  # fmt: skip
def test_what_pages_do_not_have_is_refused_in_one_line(tmp_path, capsys, options, message):
    assert main(["demos", "--world", "gui", "--out", str(tmp_path / "out"), *options]) == 2
    said = capsys.readouterr().err.strip()
    assert message in said
    assert "\n" not in said
    assert not (tmp_path / "out").exists()


def test_the_expert_must_know_the_page_even_when_another_agent_acts(page_env):
    with pytest.raises(UnknownAgentError):
        make_page_plan("tic-tac-toe", 1, agent="random")
    assert make_page_plan("tic-tac-toe", 1, agent="random", labels="agent").tasks == (get_page("tic-tac-toe").id,)
    with pytest.raises(InputError):
        make_page_plan("click-test", 1, grounding=-1)


def test_visible_texts_are_inside_the_picture_and_short(page_env):
    env = page_env("click-tab")
    env.reset(seed=1)
    texts = visible_texts(env)
    assert {"Tab #1", "Tab #2", "Tab #3"} <= {text for text, *_ in texts}
    for text, x0, y0, x1, y1 in texts:
        assert 0 < len(text) <= 60
        assert 0 <= x0 < x1 <= 1
        assert 0 <= y0 < y1 <= 1
