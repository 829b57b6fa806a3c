"""Samples: what is refused, and that what is written reads back as it was."""

import io
import json

import pytest

from omniactor.data.sharegpt import Sample
from omniactor.errors import SampleError
from tests.data.malformed import MALFORMED, arm, screen


def line(content):
    return content if isinstance(content, bytes) else json.dumps(content).encode()


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_sample_is_refused_in_one_short_line(name):
    with pytest.raises(SampleError) as caught:
        Sample.from_line(line(MALFORMED[name]))
    assert caught.value.kind
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("content", [screen(), arm(), arm(state=None), screen(box=[0.0, 0.5, 1.0, 0.5])])
def test_a_good_sample_reads_back_as_it_was_written(content):
    sample = Sample.from_line(line(content))
    assert Sample.from_line(sample.to_line().encode()) == sample
    assert json.loads(sample.to_line()) == content


def test_the_keys_of_a_world_are_always_the_same():
    for make in (screen, arm):
        few = {key: make()[key] for key in ("world", "system", "conversations", "images")}
        few |= {key: make()[key] for key in ("cameras", "actions") if key in make()}
        assert Sample.from_json(few).as_json().keys() == make().keys()


def test_columns_have_the_same_types_whichever_rows_a_reader_sees_first():
    """Readers of columns (Hugging Face's `datasets`) infer types from the first block and refuse another later."""
    pa_json = pytest.importorskip("pyarrow.json")
    lines = [screen(), screen(box=[0.0, 0.5, 1.0, 1.0]), screen(images=["a", "b"], system="x", conversations=[
        {"from": "human", "value": "<image> <image>"}, {"from": "gpt", "value": "x"}])]  # fmt: skip
    schemas = [pa_json.read_json(io.BytesIO(Sample.from_json(content).to_line().encode())).schema for content in lines]
    assert schemas[0] == schemas[1] == schemas[2]
