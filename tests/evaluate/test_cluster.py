import sys

import pytest

from omniactor.errors import InputError, SetupError
from omniactor.evaluate.cluster import NodePlayer, connect, run_on_cluster
from omniactor.evaluate.schedule import Job, Schedule
from tests.evaluate.conftest import outcome

try:
    import ray
except ImportError:
    ray = None

needs_ray = pytest.mark.skipif(ray is None, reason="needs Ray: pip install ray==2.60.0")


def test_without_ray_the_command_to_install_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SetupError, match=r"pip install ray==\d+\.\d+\.\d+"):
        connect("auto")


@needs_ray
@pytest.mark.parametrize("address", ["", "nowhere", "host:", ":6379", "host:0", "host:70000", "ray://host:x"])
def test_an_address_of_another_kind_is_refused(address):
    with pytest.raises(InputError, match="HOST:PORT"):
        connect(address)


@needs_ray
def test_a_cluster_that_does_not_answer_is_named_within_seconds():
    with pytest.raises(SetupError, match=r"Ray cluster at 127\.0\.0\.1:9"):
        connect("127.0.0.1:9")


@needs_ray
def test_a_cluster_that_does_not_answer_leaves_no_folder(evaluate, tmp_path):
    status, _, stderr = evaluate("--tasks", "47", "--ray", "127.0.0.1:9")
    assert (status, len(stderr.splitlines()), list(tmp_path.iterdir())) == (1, 1, [])


@pytest.fixture(scope="module")
def cluster():
    """Two nodes on this machine, one CPU each."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    yield connect(made.address)
    ray.shutdown()
    made.shutdown()


def lost(job, reason, seconds):
    return outcome(*job, "error", reason=reason)


@needs_ray
def test_jobs_run_on_both_nodes_a_dead_actor_is_one_error_and_a_misfit_is_refused(cluster):
    assert len(cluster.nodes()) == 2
    template = outcome(0, 0)

    class OnNode:  # inside the function, so that Ray sends it by value
        def play(self, job):
            import dataclasses
            import os
            import time

            import ray

            if tuple(job) == (1, 2):
                os._exit(7)
            time.sleep(0.05)
            node = ray.get_runtime_context().get_node_id()
            return dataclasses.replace(template, task_id=job.task_id, episode=job.episode, reason=node)

    jobs = [Job(task, episode) for task in (0, 1) for episode in range(5)]
    outcomes = list(run_on_cluster(cluster, Schedule(jobs), OnNode, 2, lost))
    assert sorted(made.job for made in outcomes) == sorted(jobs)
    (error,) = [made for made in outcomes if made.status == "error"]
    assert error.job == (1, 2)
    assert error.reason.startswith("the Ray worker was lost")
    assert len({made.reason for made in outcomes if made.status != "error"}) == 2

    class Misfit:
        def __init__(self):
            raise SetupError("expected mujoco 3.3.2, got 3.9.0")

    with pytest.raises(SetupError, match=r"does not fit: .*expected mujoco 3\.3\.2, got 3\.9\.0"):
        list(run_on_cluster(cluster, Schedule(jobs), Misfit, 2, lost))


def test_a_node_with_other_versions_or_assets_is_refused():
    from dataclasses import replace

    from omniactor.evaluate.libero90 import make_plan
    from omniactor.evaluate.protocol import choose
    from omniactor.record import versions

    plan = make_plan("random", "47", choose("paper"), "standin")
    NodePlayer(plan, versions())
    with pytest.raises(SetupError, match=r"expected mujoco 9\.9 as on the machine that asked"):
        NodePlayer(plan, {**versions(), "mujoco": "9.9"})
    with pytest.raises(SetupError, match="assets with fingerprint 0000"):
        NodePlayer(replace(plan, fingerprint="0000"), versions())
