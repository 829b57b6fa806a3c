"""What was acted on, from AndroidControl's accessibility trees, read without generated code.

A tree is a protocol buffer of android_env (`proto/a11y/*.proto`): Forest { windows = 1 }, Window { layer = 4, tree = 11 },
Tree { nodes = 1 }, Node { bounds_in_screen = 2, content_description = 4, text = 7, is_visible_to_user = 23 } and
Rect { left = 1, top = 2, right = 3, bottom = 4 }.
"""

from __future__ import annotations

from dataclasses import dataclass

from omniactor.data.sources.tfrecord import message_fields
from omniactor.gui.episodes import Box
from omniactor.types import GuiAction

LARGEST = 0.25
"""Share of the screen beyond which a node is what other things lie on, not a thing to act on."""


@dataclass(frozen=True)
class _Node:
    box: tuple[int, int, int, int]
    words: tuple[str, ...]

    @property
    def area(self) -> int:
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


def find_boxes(tree: bytes | memoryview, size: tuple[int, int], action: GuiAction) -> tuple[Box, ...]:
    """Return where the thing is that was acted on, as fractions: for a place, the smallest visible node around it.

    For an app that was opened, everything that is called like it, smallest first. Nodes larger than `LARGEST` do not count.
    Nothing, for trees that are damaged.

    Args:
        tree: a serialised `AndroidAccessibilityForest`.
        size: of the screenshot, in pixels.
        action: what was done.
    """
    if action.kind not in ("click", "long_press", "open_app") or min(size) < 1:
        return ()
    width, height = size
    try:
        nodes = [node for node in _nodes(memoryview(tree)) if 0 < node.area <= LARGEST * width * height]
    except ValueError:
        return ()
    nodes.sort(key=lambda node: node.area)
    if action.kind == "open_app":
        name = action.text.strip().lower()
        found = [node for node in nodes if name and name in node.words][:5]
    else:
        x, y = action.point[0] * width, action.point[1] * height
        found = [node for node in nodes if node.box[0] <= x <= node.box[2] and node.box[1] <= y <= node.box[3]][:1]
    boxes = (tuple(min(max(value, 0), end) / end for value, end in zip(node.box, size * 2, strict=True)) for node in found)
    return tuple(dict.fromkeys(boxes))


def _nodes(forest: memoryview):
    for number, window in message_fields(forest):
        if number != 1 or isinstance(window, int):
            continue
        for inner, tree in message_fields(window):
            if inner != 11 or isinstance(tree, int):
                continue
            for kind, node in message_fields(tree):
                if kind == 1 and not isinstance(node, int):
                    found = _node(node)
                    if found is not None:
                        yield found


def _node(node: memoryview) -> _Node | None:
    box, words, visible = (0, 0, 0, 0), [], False
    for number, value in message_fields(node):
        if number == 2 and not isinstance(value, int):
            sides = {side: _signed(length) for side, length in message_fields(value) if isinstance(length, int)}
            box = tuple(sides.get(side, 0) for side in (1, 2, 3, 4))
        elif number in (4, 7) and not isinstance(value, int):
            words.append(bytes(value).decode("utf-8", "replace").strip().lower())
        elif number == 23:
            visible = bool(value)
    fits = visible and box[0] < box[2] and box[1] < box[3]
    return _Node(box, tuple(words)) if fits else None


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
