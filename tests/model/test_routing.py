"""Samples find their experts, and their way back into the batch."""

import numpy as np
import pytest
import torch
from torch import nn

from omniactor.errors import ModelInputError
from omniactor.model.routing import Routing
from tests.model.conftest import lively

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def config():
    return lively()[0].config


def rows_of(routing):
    return {world: None if rows is None else rows.tolist() for world, rows in routing.rows.items()}


@pytest.mark.parametrize(
    ("world", "rows"),
    [
        ("gui", {"gui": None}),
        ("embodied", {"embodied": None}),
        (["gui"] * 3, {"gui": None}),
        (torch.ones(3, dtype=torch.long), {"embodied": None}),
        (["embodied", "gui", "embodied"], {"gui": [1], "embodied": [0, 2]}),
        (("embodied", "embodied", "gui"), {"gui": [2], "embodied": [0, 1]}),
        (np.array(["gui", "gui", "embodied"]), {"gui": [0, 1], "embodied": [2]}),
        (torch.tensor([1, 0, 0]), {"gui": [1, 2], "embodied": [0]}),
        (torch.tensor([1, 0, 0], dtype=torch.int8), {"gui": [1, 2], "embodied": [0]}),
        (torch.tensor([True, False, False]), {"gui": [1, 2], "embodied": [0]}),
        (torch.tensor([1.0, 0.0, 0.0]), {"gui": [1, 2], "embodied": [0]}),
    ],
)
def test_rows_are_read_from_names_and_numbers(config, world, rows):
    routing = Routing.of(world, 3, config, CPU)
    assert rows_of(routing) == rows
    assert list(routing.rows) == [w for w in ("gui", "embodied") if w in rows]  # always in this order
    assert routing.mixed == (len(rows) == 2)


@pytest.mark.parametrize(
    ("world", "match"),
    [
        (None, "got None"),
        ("moon", "'moon'"),
        ("", "''"),
        (["gui"] * 2, r"\(3\), got 2"),
        (["gui"] * 4, r"\(3\), got 4"),
        ([], r"\(3\), got 0"),
        (["gui", None, "gui"], "got None"),
        ([0, 1, 0], "got 0"),
        (torch.tensor([0, 2, 0]), "'2'"),
        (torch.tensor([0, -1, 0]), "'-1'"),
        (torch.tensor([0.5, 0, 1]), "'0.5'"),
        (torch.tensor(1), r"\(3\), got 1"),
        (5, "got 5"),
    ],
)
def test_what_names_no_world_is_refused_in_one_line(config, world, match):
    with pytest.raises(ModelInputError, match=match) as caught:
        Routing.of(world, 3, config, CPU)
    assert "\n" not in str(caught.value)


def test_a_world_may_be_left_out_where_it_makes_no_difference():
    assert rows_of(Routing.of(None, 2, lively("gui")[0].config, CPU)) == {"gui": None}
    assert rows_of(Routing.of(None, 2, lively("embodied")[0].config, CPU)) == {"embodied": None}
    assert rows_of(Routing.of(None, 2, lively("dense")[0].config, CPU)) == {}
    for variant in ("hard", "router", "omniactor"):
        with pytest.raises(ModelInputError, match="got None"):
            Routing.of(None, 2, lively(variant)[0].config, CPU)


def test_a_model_of_one_world_refuses_the_other():
    with pytest.raises(ModelInputError, match=r"\(embodied\), got 'gui'"):
        Routing.of(["embodied", "gui"], 2, lively("embodied")[0].config, CPU)


class Times(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor, self.seen = factor, []

    def forward(self, values):
        self.seen.append(values.tolist())
        return values * self.factor


def run(values):
    return lambda expert, rows: expert(values if rows is None else values[rows])


@pytest.mark.parametrize("seed", range(5))
def test_results_come_back_in_the_order_of_the_batch(config, seed):
    worlds = torch.randint(0, 2, (9,), generator=torch.Generator().manual_seed(seed))
    values = torch.arange(1.0, 10.0)
    experts = nn.ModuleDict({"gui": Times(1), "embodied": Times(100)})
    out = Routing.of(worlds, 9, config, CPU).dispatch(experts, run(values))
    assert torch.equal(out, torch.where(worlds == 1, values * 100, values))


def test_an_expert_runs_once_and_sees_its_own_samples_alone(config):
    experts = nn.ModuleDict({"gui": Times(1), "embodied": Times(100)})
    Routing.of(["embodied", "gui", "embodied"], 3, config, CPU).dispatch(experts, run(torch.tensor([1.0, 2.0, 3.0])))
    assert experts["gui"].seen == [[2.0]] and experts["embodied"].seen == [[1.0, 3.0]]
    Routing.of("gui", 3, config, CPU).dispatch(experts, run(torch.tensor([1.0, 2.0, 3.0])))
    assert experts["gui"].seen[1:] == [[1.0, 2.0, 3.0]] and len(experts["embodied"].seen) == 1


def test_a_shared_expert_takes_the_whole_batch_whatever_the_worlds(config):
    shared = nn.ModuleDict({"shared": Times(10)})
    for world in ("gui", ["gui", "embodied"]):
        assert Routing.of(world, 2, config, CPU).dispatch(shared, run(torch.tensor([1.0, 2.0]))).tolist() == [10.0, 20.0]
    assert Routing({}).dispatch(shared, run(torch.tensor([1.0]))).tolist() == [10.0]
