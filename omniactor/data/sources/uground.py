"""UGround's grounding data: Parquet rows with the picture's bytes and a conversation (`osunlp/UGround-V1-Data`).

A conversation is JSON text or a list: human turns hold `Description: ... Answer:`, the answers are `(x, y)` in thousandths
(0 to 999), in the box version `(x0, y0, x1, y1)`. Its licence forbids handing the data on, and commercial use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from omniactor.actions.dialects.coordinates import numbers
from omniactor.data.sources.boxes import to_fractions
from omniactor.data.sources.draft import MAX_PICTURE, Draft, counting
from omniactor.data.sources.options import SourceOptions
from omniactor.data.sources.screens import Target, click_target, target_drafts
from omniactor.data.tally import Tally
from omniactor.errors import ActionError, InputError

KIND = "uground"
OPTIONS = ("pairs", "coordinates")
_WORDS = re.compile(r"Description:\s*(.*?)\s*(?:Answer:\s*)?\Z", re.DOTALL)


def drafts(source: Path, options: SourceOptions, tally: Tally) -> Iterator[Draft]:
    """Yield the samples of a file, or of all files of a folder.

    Raises:
        InputError: no such file, or one that is damaged.
    """
    files = [source] if source.is_file() else sorted(source.rglob("*.parquet"))
    if not files:
        raise InputError(f"expected files of .parquet in {source}, got none")
    for file in files:
        for number, row in enumerate(_rows(file)):
            name = f"{file.stem}/{number:07d}"
            image = row.get("image")
            content = image.get("bytes") if isinstance(image, dict) else image
            if not isinstance(content, bytes) or len(content) > MAX_PICTURE:
                tally.drop("row without a picture", name)
                continue
            size = (row.get("width"), row.get("height"))
            targets = list(_targets(row.get("conversations"), size if all(size) else None, content, name, options, tally))
            yield from target_drafts(KIND, name, content, targets, options, tally)


def _rows(file: Path) -> Iterator[dict]:
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
        wanted = [name for name in ("image", "conversations", "width", "height") if name in table.schema_arrow.names]
        if not {"image", "conversations"} <= set(wanted):
            raise ValueError("no columns image and conversations")
        for batch in table.iter_batches(batch_size=16, columns=wanted):
            yield from batch.to_pylist()
    except (OSError, ValueError) as error:  # Arrow's errors are among these
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"expected a Parquet file of UGround in {file}, got: {reason}; download it again") from error


def _targets(messages: object, size, picture: bytes, name: str, options: SourceOptions, tally: Tally) -> Iterator[Target]:
    try:
        messages = json.loads(messages) if isinstance(messages, str) else messages
        texts = [(message["from"], message["value"]) for message in messages]
    except (ValueError, TypeError, KeyError, RecursionError):
        tally.drop("row whose conversation cannot be read", name)
        return
    roles = [role for role, _ in texts]
    if roles != ["human", "gpt"] * (len(texts) // 2) or not texts:
        tally.drop("row whose turns are not questions and answers", name)
        return
    for (_, question), (_, answer) in zip(texts[::2], texts[1::2], strict=True):
        with counting(tally, name):
            if not isinstance(question, str) or not isinstance(answer, str):
                raise ActionError("expected a question and an answer as text, got something else")
            found = _WORDS.search(question)
            words = found[1] if found else question.replace("<image>", " ")
            yield click_target(words, to_fractions(numbers(answer), options.coordinates, "thousandths", picture, size))
