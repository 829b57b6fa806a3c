"""The numbers of judged steps: kinds, places, steps, whole episodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from omniactor.evaluate.judgement import Judgement, find_rule
from omniactor.evaluate.statistics import wilson


def count(judgements: Iterable[Judgement]) -> dict:
    """Return the numbers of a group of steps; None where there is nothing to divide by.

    `type_accuracy` and `step_success_rate` are of all steps. `grounding_accuracy` is conditional, as OS-Atlas and all who
    follow it report it: of the steps whose recorded action has a place and whose kind was right (`grounding_n`), those whose
    place was. An answer that is no action (`unparsed`) is a wrong step.
    """
    judgements = list(judgements)
    n, right = len(judgements), sum(judged.success for judged in judgements)
    placed = [judged for judged in judgements if judged.grounding and judged.type_ok]
    found = sum(bool(judged.place_ok) and judged.recorded in find_rule(judged.protocol).right for judged in placed)
    kinds = Counter(judged.recorded for judged in judgements)
    return {
        "n": n,
        "step_success_rate": rate(right, n),
        "wilson_95": [round(end, 6) for end in wilson(right, n)],
        "successes": right,
        "type_accuracy": rate(sum(judged.type_ok for judged in judgements), n),
        "grounding_accuracy": rate(found, len(placed)),
        "grounding_n": len(placed),
        "unparsed": sum(judged.unparsed for judged in judgements),
        "per_kind": {
            kind: {
                "n": number,
                "type_accuracy": rate(sum(judged.type_ok for judged in judgements if judged.recorded == kind), number),
                "step_success_rate": rate(sum(judged.success for judged in judgements if judged.recorded == kind), number),
            }
            for kind, number in kinds.most_common()
        },
    }


def whole_episodes(steps: Mapping[str, Sequence[bool]], lengths: Mapping[str, int], published: bool = False) -> dict:
    """Return how many episodes have every step right.

    Args:
        steps: episode -> for each of its judged steps, whether it was right.
        lengths: episode -> how many steps it has.
        published: leave episodes with missing steps out of the denominator, as GUI-Odyssey's script does.
    """
    whole = {episode for episode, judged in steps.items() if len(judged) == lengths[episode]}
    right = sum(all(steps[episode]) for episode in whole)
    n = len(whole) if published else len(steps)
    return {
        "episodes": n,
        "episode_success_rate": rate(right, n),
        "episode_successes": right,
        "incomplete_episodes": len(steps) - len(whole),
    }


def mean(values: Iterable[float | None]) -> float | None:
    """Return the unweighted mean of the values that are there."""
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 6) if known else None


def rate(part: int, whole: int) -> float | None:
    """Return a share, or None of nothing."""
    return round(part / whole, 6) if whole else None
