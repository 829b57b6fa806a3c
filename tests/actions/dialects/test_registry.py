import pytest

from omniactor.actions.dialects.registry import DIALECTS, dialect_of_model, find_dialect
from omniactor.errors import InputError


def test_every_dialect_is_found_by_its_own_name():
    for name, dialect in DIALECTS.items():
        assert dialect.name == name
        assert find_dialect(name) is dialect
        assert dialect.about


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r"got 'qwen2\.5vl', perhaps qwen2\.5-vl\?"):
        find_dialect("qwen2.5vl")
    with pytest.raises(InputError, match=r"got 'zzz'$"):
        find_dialect("zzz")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("ByteDance-Seed/UI-TARS-1.5-7B", "ui-tars-1.5"),
        ("bytedance-research/UI-TARS-7B-DPO", "ui-tars"),
        ("doubao-1-5-ui-tars-250428", "doubao"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "qwen2.5-vl"),
        ("Qwen/Qwen2-VL-7B-Instruct", "qwen2-vl"),
        ("Qwen/Qwen3-VL-8B-Instruct", "qwen3-vl"),
        ("OS-Copilot/OS-Atlas-Pro-7B", "os-atlas"),
        ("xlangai/Aguvis-7B-720P", "aguvis"),
        ("osunlp/UGround-V1-7B", "uground"),
        ("Aria-UI/Aria-UI-base", "aria-ui"),
        ("showlab/ShowUI-2B", "showui"),
        ("openbmb/AgentCPM-GUI", "agentcpm-gui"),
        ("cckevinn/SeeClick", "seeclick"),
        ("microsoft/Magma-8B", "magma"),
        ("7LRY/OmniActor", "omniactor"),
        ("claude-sonnet-4-5", "claude"),
        ("computer-use-preview", "openai-computer"),
    ],
)
def test_a_model_is_known_by_its_name(model, name):
    assert dialect_of_model(model).name == name


def test_a_model_of_no_known_family_needs_a_dialect():
    with pytest.raises(InputError, match="name its dialect"):
        dialect_of_model("llama-3")
