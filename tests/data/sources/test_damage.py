"""Damaged sources, by chance: a conversion is refused in one line or goes on, and what it writes is always sound."""

import json
import random

import numpy as np
import pytest

from omniactor.data.check import CheckSettings, check_folder
from omniactor.data.conversion import convert
from omniactor.data.sources.options import SourceOptions
from omniactor.errors import OmniActorError
from tests.data.sources.fixtures.android_control import episode, write_android_control
from tests.data.sources.fixtures.gui_odyssey import write_gui_odyssey
from tests.data.sources.fixtures.lerobot import write_lerobot
from tests.data.sources.fixtures.libero import write_libero
from tests.data.sources.fixtures.pictures import png

JUNK = [
    None,
    True,
    -1,
    10**30,
    1.5,
    float("nan"),
    "",
    "x" * 3000,
    "<image>",
    "\ud800",
    [],
    {},
    [None],
    "../..",
    "/etc/passwd",
    "\0",
    [1, 2],
]
SOUND = {
    "file without samples",
    "task of which nothing was kept",
    "the same sample again",
    "the same question with another answer",
}


def mutate(content, chance):
    """Return JSON in which about every twelfth value is something else."""
    if chance.random() < 0.08:
        return chance.choice(JUNK)
    if isinstance(content, dict):
        changed = {name: mutate(value, chance) for name, value in content.items()}
        if changed and chance.random() < 0.1:
            changed.pop(chance.choice(list(changed)))
        return changed
    return [mutate(value, chance) for value in content] if isinstance(content, list) else content


def dump(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps(content).encode("utf-8", "surrogatepass"))


def flip(path, chance):
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 5, 30])):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(content)


def android_control(root, chance):
    steps = [({"action_type": "click", "x": 5, "y": 6}, "Tap."), ({"action_type": "scroll", "direction": "up"}, "Scroll.")] * 2
    changed = [(json.dumps(mutate(action, chance)).encode("utf-8", "surrogatepass"), words) for action, words in steps]
    payload = bytearray(episode(1, "go", changed))
    for _ in range(chance.choice([0, 3])):
        payload[chance.randrange(len(payload))] = chance.randrange(256)
    write_android_control(root, [[bytes(payload)]])


def gui_odyssey(root, chance):
    write_gui_odyssey(
        root,
        {"1": [("CLICK", [[1, 2], [1, 2]], "Tap.", [1, 2, 3, 4]), ("SCROLL", [[1, 2], [1, 9]], "Go."), ("TEXT", "x", "Type.")]},
    )
    file = root / "data/annotations/1.json"
    dump(file, mutate(json.loads(file.read_text()), chance))


def aguvis(root, chance):
    question = {"from": "human", "value": "<image>\nInstruction: Go\n\nPrevious actions:\nNone\n"}
    row = {
        "image": "a.png",
        "conversations": [question, {"from": "gpt", "value": "Action: x"}, {"from": "gpt", "value": "mobile.home()"}],
    }
    dump(root / "coat.json", [row for row in (mutate(row, chance) for _ in range(8)) if isinstance(row, dict)])
    (root / "a.png").write_bytes(png(20, 10))


def grounding(root, chance):
    element = {
        "instruction": "Save",
        "instructions": ["Save", "Keep"],
        "bbox": [0.1, 0.2, 0.3, 0.4],
        "bbox_norm": [100, 200, 300, 400],
    }
    row = {"img_filename": "a.png", "img_file": "a.png", "elements": [element] * 2}
    dump(root / "rows.json", [row for row in (mutate(row, chance) for _ in range(8)) if isinstance(row, dict)])
    (root / "a.png").write_bytes(png(20, 10))


def libero_hdf5(root, chance):
    flip(write_libero(root / "x_demo.hdf5", [np.full((6, 7), 0.5)] * 2), chance)


def lerobot(root, chance):
    write_lerobot(root)
    flip(chance.choice(sorted(path for path in root.rglob("*") if path.is_file())), chance)


CASES = {
    "android-control": (android_control, {"split": "all", "level": "low"}),
    "gui-odyssey": (gui_odyssey, {"split": "all", "scrolls": "swipe"}),
    "aguvis": (aguvis, {}), "os-atlas": (grounding, {"coordinates": "pixels"}), "aria-ui": (grounding, {}),
    "libero-hdf5": (libero_hdf5, {"chunk": 3}), "lerobot": (lerobot, {"cameras": ("wrist",)}),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", CASES)
def test_damage_never_ends_in_a_fault_or_in_samples_that_are_none(tmp_path, kind, seed):
    write, options = CASES[kind]
    write(tmp_path / "src", random.Random(f"{kind} {seed}"))
    try:
        convert(kind, tmp_path / "src", tmp_path / "out", SourceOptions(**options))
    except OmniActorError as error:
        assert "\n" not in str(error)
        return
    assert check_folder(tmp_path / "out", CheckSettings(images="exist"))["problems"].keys() <= SOUND
