"""The first JSON object (or Python dictionary) in what a model said."""

from __future__ import annotations

import json
from collections.abc import Mapping

from omniactor.actions.calls import excerpt, read_value
from omniactor.errors import ActionError

TRIES = 20
"""How many opening braces are tried: each try may read to the end, and hostile text is all braces."""

_decode = json.JSONDecoder().raw_decode


def first_object(answer: str | Mapping) -> dict:
    """Return the first object in an answer; text around it, fences and tags do not matter.

    Raises:
        ActionError: there is none that can be read.
    """
    if isinstance(answer, Mapping):
        return dict(answer)
    at = -1
    for _ in range(TRIES):
        at = answer.find("{", at + 1)
        if at < 0:
            break
        found = _read(answer, at)
        if found:
            return found
    raise ActionError(f'expected an object such as {{"action": ...}} in the answer, got {excerpt(answer.strip())}')


def _read(text: str, at: int) -> dict | None:
    try:
        found, _ = _decode(text, at)
    except (ValueError, RecursionError):  # not JSON, or a number or nesting beyond all reason
        try:
            found, _ = read_value(text, at)  # Python's spelling: single quotes, None, tuples
        except ActionError:
            return None
    return found if isinstance(found, dict) and all(isinstance(name, str) for name in found) else None
