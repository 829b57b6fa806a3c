"""Training samples of demonstrations on pages, and of the texts seen there: ShareGPT records beside the episodes.

A sample's history is what was really done before, in words; its answer is the label. At level "low" the question also says
what to do now, in OS-Atlas' words.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from omniactor.actions.gui import parse_operation
from omniactor.data.sample_files import SampleWriter, unfinished, write_dataset_info
from omniactor.data.sharegpt import Sample
from omniactor.data.sources.screens import instruction_of
from omniactor.data.turns import gui_sample
from omniactor.gui.episode_folder import FILE, read_episode
from omniactor.gui.episodes import RecordedEpisode, action_words
from omniactor.types import GuiAction

LEVELS = ("high", "low")
SOURCE = "miniwob"
MAX_TEXT = 60
"""Letters of a text to be found; longer ones are paragraphs."""
_TEXTS = """(() => {
  const found = new Map();
  const add = (e, text) => {
    text = (text || '').replace(/\\s+/g, ' ').trim();
    if (!text || text.length > %d || e.closest('#query, #reward-display, #sync-task-cover')) return;
    for (const r of e.getClientRects()) {
      const x0 = Math.max(0, r.left), x1 = Math.min(160, r.right), y0 = Math.max(0, r.top), y1 = Math.min(210, r.bottom);
      if (x1 - x0 < 4 || y1 - y0 < 4 || (x1 - x0) * (y1 - y0) < 0.5 * r.width * r.height) continue;
      const at = document.elementFromPoint((x0 + x1) / 2, (y0 + y1) / 2);
      if (!at || !(at === e || e.contains(at))) continue;
      found.set(text, found.has(text) ? null : [text, x0 / 160, y0 / 210, x1 / 160, y1 / 210]);
      return;
    }
  };
  for (const e of document.querySelectorAll('#wrap *, .ui-dialog *, .ui-menu *, #ui-datepicker-div *')) {
    if (['INPUT', 'TEXTAREA', 'SELECT'].includes(e.tagName)) { add(e, e.placeholder); continue; }
    const own = Array.from(e.childNodes).some(node => node.nodeType === 3 && node.data.trim());
    if (own && e.tagName !== 'OPTION') add(e, e.textContent);
  }
  return Array.from(found.values()).filter(entry => entry);
})()"""


def visible_texts(env) -> list[list]:
    """Return the texts on a page that are there only once: [text, x0, y0, x1, y1], boxes as fractions."""
    return [[text, *(round(share, 4) for share in box)] for text, *box in env.evaluate(_TEXTS % MAX_TEXT)]


def episode_samples(episode: RecordedEpisode, name: str, level: str) -> Iterator[Sample]:
    """Yield a sample for each step that has a label.

    Args:
        episode: of `page_demos`.
        name: its folder, relative to the samples' file.
        level: "high" or "low".
    """
    done = [_words(operation, description) for operation, description in episode.facts["executed"]]
    for number, step in enumerate(episode.steps):
        if step.action is None:
            continue
        asked = instruction_of(episode.instruction, step.words, level)
        yield gui_sample(
            [(asked, done[:number], step.action)], f"{name}/{step.picture.name}", source=SOURCE, task=episode.category,
            episode=episode.id, step=number, box=step.boxes[0] if step.boxes else None,
        )  # fmt: skip


def text_samples(episode: RecordedEpisode, name: str) -> Iterator[Sample]:
    """Yield a sample for each screenshot whose texts were noted: each text is a question, its middle the answer."""
    for number, texts in episode.facts.get("texts", {}).items():
        turns = [
            (text, (), GuiAction("click", point=(round((x0 + x1) / 2, 3), round((y0 + y1) / 2, 3)), description=text))
            for text, x0, y0, x1, y1 in texts if "<image>" not in text
        ]  # fmt: skip
        if turns:
            picture = episode.steps[int(number)].picture.name
            yield gui_sample(
                turns, f"{name}/{picture}", source=f"{SOURCE}-texts", task=episode.category, episode=episode.id, step=int(number)
            )  # fmt: skip


def write_samples(folder: Path, episodes: list[Path], texts: bool) -> dict[str, int]:
    """Write `samples-high.jsonl`, `samples-low.jsonl` and, if `texts`, `samples-texts.jsonl`; return file -> samples.

    Each file appears when it is complete; one of an earlier run is replaced.

    Args:
        folder: of the demonstrations.
        episodes: folders of the episodes, in order.
        texts: where things are was noted.
    """
    kinds = {f"samples-{level}.jsonl": level for level in LEVELS} | ({"samples-texts.jsonl": "texts"} if texts else {})
    counts = dict.fromkeys(kinds, 0)
    with contextlib.ExitStack() as stack:
        writers = {}
        for file in kinds:
            unfinished(folder / file).unlink(missing_ok=True)
            writers[file] = SampleWriter(folder / file)
            stack.callback(writers[file].leave)
        for path in episodes:
            episode, name = read_episode(path / FILE), path.relative_to(folder).as_posix()
            for file, kind in kinds.items():
                made = text_samples(episode, name) if kind == "texts" else episode_samples(episode, name, kind)
                for sample in made:
                    writers[file].add(sample)
                    counts[file] += 1
        for writer in writers.values():
            writer.close()
    write_dataset_info(folder, {file.removesuffix(".jsonl").replace("samples", SOURCE): file for file in kinds})
    return counts


def _words(operation: str, description: str) -> str:
    return description or action_words(parse_operation(operation))
