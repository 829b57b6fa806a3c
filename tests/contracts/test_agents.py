"""What every agent promises."""

import numpy as np
import pytest

from omniactor.agent import Agent, make_agent
from omniactor.episode import EpisodeRequest, EpisodeRunner
from omniactor.rollout import rollout
from omniactor.types import EmbodiedAction


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    path = tmp_path_factory.mktemp("agents") / "a.json"
    runner = EpisodeRunner()
    list(runner.run(EpisodeRequest(task=49, agent="random", assets="standin", max_steps=8, record=str(path))))
    runner.close()
    return path


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    from omniactor.model.presets import make_model

    folder = tmp_path_factory.mktemp("agents") / "checkpoint"
    for part in make_model("debug", chunk_size=3):
        part.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("name", ["expert", "random", "replay", "checkpoint"])
def test_it_acts_in_range_and_the_same_way_again(standin_env, record, checkpoint, name):
    env = standin_env(49)
    agent = make_agent({"replay": f"replay:{record}", "checkpoint": str(checkpoint)}.get(name, name), env)
    assert isinstance(agent, Agent)
    assert agent.name.startswith(name)

    def actions():
        steps = rollout(env, agent, 8, seed=1, options={"init_state": 0})
        return [step.action for step in steps if step.action is not None]

    first = actions()
    assert len(first) == 8
    for action in first:
        assert isinstance(action, EmbodiedAction)
        assert np.abs(action.values).max() <= 1
    assert actions() == first
