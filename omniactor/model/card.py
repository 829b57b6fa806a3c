"""What a checkpoint's folder says about its training."""

from __future__ import annotations

import json
import re
from pathlib import Path

MAX_LETTERS = 400
_HEADING = re.compile(r"^#{1,4}\s+.*\btrain", re.IGNORECASE)


def training_note(folder: str | Path) -> str:
    """Return in a sentence or two what a checkpoint was trained on; "" where its folder does not say.

    The first paragraph under a heading with "train" in `README.md`, else what the recipe of the run says
    (`recipe.json` in the folder, or in the one above, where `omniactor train` writes it).
    """
    folder = Path(folder)
    return _card(folder / "README.md") or _recipe(folder / "recipe.json") or _recipe(folder.parent / "recipe.json")


def _card(path: Path) -> str:
    lines = _text(path).splitlines()
    start = next((number for number, line in enumerate(lines) if _HEADING.match(line)), None)
    paragraph: list[str] = []
    for line in [] if start is None else lines[start + 1 :]:
        if line.startswith("#") or (paragraph and not line.strip()):
            break
        paragraph += [line.strip()] if line.strip() else []
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)|[*`_]{1,3}(?=\S)|(?<=\S)[*`_]{1,3}", r"\1", " ".join(paragraph))
    return _short(words)


def _recipe(path: Path) -> str:
    try:
        recipe = json.loads(_text(path))
        data, steps, batch, model = (recipe[name] for name in ("data", "max_steps", "batch_size", "model"))
        names = ", ".join("squares that the program draws itself (toy data)" if d == "toy" else Path(d).name for d in data)
        return _short(f"Trained for {int(steps)} steps of {int(batch)} samples on {names}, starting from {Path(model).name}.")
    except (ValueError, KeyError, TypeError):
        return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")[:200_000]
    except (OSError, ValueError):
        return ""


def _short(words: str) -> str:
    """Return the words, or of too many the sentences that fit, or of a long sentence its beginning."""
    words = " ".join(words.split())
    if len(words) <= MAX_LETTERS:
        return words
    end = words.rfind(". ", MAX_LETTERS // 4, MAX_LETTERS)
    return words[: end + 1] if end > 0 else words[: MAX_LETTERS - 1].rsplit(" ", 1)[0] + "\u2026"
