"""Models judged on the same rows, and each compared with the first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from persopt.comparison.slicing import Part
from persopt.domain.compare_reports import ComparedSlice, Discordance, MetricChange
from persopt.evaluation.scores import RowScores, ScoreChange
from persopt.measure.statistics import correct_holm

if TYPE_CHECKING:
    import numpy as np

__all__ = ("Agreement", "agree", "compare_parts", "compare_scores")


class Agreement(Struct, frozen=True, kw_only=True):
    """How far a model answers as the baseline; see `persopt.domain.compare_reports.ModelPair`."""

    share: float
    discordance: Discordance | None = None


def compare_scores(scores: Sequence[RowScores], confidence: float) -> list[dict[str, MetricChange]]:
    """Return by metric how each model differs from the first, the chances corrected for the number of models.

    Args:
        scores: Of the models, the baseline first, on the same rows.
        confidence: Of the intervals.
    """
    changes = [ScoreChange(scores[0], other) for other in scores[1:]]
    chances = [change.p_values() for change in changes]
    adjusted: dict[str, Mapping[str, float]] = {
        name: correct_holm({str(place): found[name] for place, found in enumerate(chances)})
        for name in (chances[0] if chances else ())
    }
    return [
        {
            name: MetricChange(
                change=estimate,
                test=_name_test(change, name),
                p_value=found[name],
                adjusted_p=adjusted[name][str(place)],
                rows_needed=change.rows_needed(name),
            )
            for name, estimate in change.estimate(confidence).items()
        }
        for place, (change, found) in enumerate(zip(changes, chances, strict=True))
    ]


def compare_parts(scores: Sequence[RowScores], parts: Sequence[Part], confidence: float) -> list[ComparedSlice]:
    """Return the task's own metric on parts of the rows, the chances corrected for all parts and models together.

    A part without a single place that is judged is left out.

    Args:
        scores: Of the models, the baseline first.
        parts: Of their rows.
        confidence: Of the intervals.
    """
    metric = scores[0].metric
    taken = [[one.take(part.places) for one in scores] for part in parts]
    told = [place for place, some in enumerate(taken) if all(math.isfinite(one.metrics()[metric]) for one in some)]
    parts, taken = [parts[place] for place in told], [taken[place] for place in told]
    changes = [[ScoreChange(some[0], other) for other in some[1:]] for some in taken]
    chances = {
        f"{row} {column}": change.p_values()[metric]
        for row, found in enumerate(changes)
        for column, change in enumerate(found)
    }
    adjusted = correct_holm(chances)
    return [
        ComparedSlice(
            column=part.column,
            value=part.value,
            low=part.low,
            high=part.high,
            rest=part.rest,
            rows=len(part.places),
            quality=[one.estimate(confidence)[metric] for one in some],
            changes=[
                MetricChange(
                    change=change.estimate(confidence)[metric],
                    test=_name_test(change, metric),
                    p_value=chances[f"{row} {column}"],
                    adjusted_p=adjusted[f"{row} {column}"],
                    rows_needed=change.rows_needed(metric),
                )
                for column, change in enumerate(found)
            ],
        )
        for row, (part, some, found) in enumerate(zip(parts, taken, changes, strict=True))
    ]


def agree(baseline: RowScores, model: RowScores, *, has_labels: bool) -> Agreement:
    """Return the share of rows that both answer alike, and which of both is right where that can be told."""
    share = sum(bool(one == other) for one, other in zip(baseline.answers, model.answers, strict=True))
    one, other = baseline.right, model.right
    discordance = None if one is None or other is None or not has_labels else _count(one, other)
    return Agreement(share=share / len(baseline), discordance=discordance)


def _count(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> Discordance:
    return Discordance(
        both=int((one & other).sum()),
        only_baseline=int((one & ~other).sum()),
        only_model=int((other & ~one).sum()),
        neither=int((~one & ~other).sum()),
    )


def _name_test(change: ScoreChange, name: str) -> Literal["mcnemar", "bootstrap"]:
    return "mcnemar" if name == "accuracy" and change.discordance() is not None else "bootstrap"
