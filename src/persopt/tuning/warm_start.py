"""Warm start: the good points of an earlier tuning, fitted to a new space.

Which are good is told by the new objectives where every earlier trial has them among its metrics, else by the
earlier ones; several objectives by non-domination. A point is fitted so: a parameter that the new space lacks is
left out; a number beyond a range becomes its nearer end, one beside a grid the nearest grid point; a parameter
that the earlier space lacked is sampled. A point with a choice that the new space does not offer is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import Struct

from persopt.domain.errors import InputError
from persopt.domain.objectives import Objective
from persopt.domain.reports import TuneReport
from persopt.domain.space import (
    CategoricalParameter,
    IntParameter,
    Parameter,
    Params,
    Scalar,
    Space,
    allows_value,
    point_key,
)
from persopt.domain.trials import TrialRecord
from persopt.domain.warm_start import EarlierPoint, WarmStart
from persopt.tuning.stopping.domination import crowding_distances, sort_fronts
from persopt.tuning.stopping.rule import common_losses

__all__ = ("EarlierTuning", "FindTuning", "find_report", "fit_point", "resolve_warm_start")


class EarlierTuning(Struct, frozen=True, kw_only=True):
    """What is known of an earlier tuning."""

    objectives: Sequence[Objective]
    trials: Sequence[TrialRecord]


FindTuning: TypeAlias = Callable[[str], EarlierTuning]
"""Finds a job by what the user wrote; raises NotFoundError if there is none."""


def find_report(given: str, jobs: Path | None = None) -> EarlierTuning:
    """Read the `report.json` of an earlier tuning.

    Args:
        given: The file, the folder that holds it, or a job's id (or the beginning of one) below `jobs`.
        jobs: Folder of the jobs' folders.

    Raises:
        InputError: if there is no such report, or it is none.
    """
    path = Path(given).expanduser()
    if path.is_dir():
        path /= "report.json"
    if not path.is_file():
        found = [] if jobs is None or "/" in given else sorted(jobs.glob(f"{given}*/report.json"))
        if len(found) != 1:
            what = "no job and no report" if not found else f"{len(found)} jobs begin so"
            raise InputError(
                f"expected an earlier job, or the path of its report.json, got {given!r}: {what}",
                path="$.warmStart.job",
            )
        (path,) = found
    try:
        report = msgspec.json.decode(path.read_bytes(), type=TuneReport)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{path} is no report of a tuning: {error}", path="$.warmStart.job") from None
    return EarlierTuning(objectives=report.objectives, trials=report.trials)


def resolve_warm_start(
    warm_start: WarmStart, earlier: EarlierTuning, space: Space, objectives: Sequence[Objective]
) -> WarmStart:
    """Return the warm start with its points, the best first, each different from the others.

    Raises:
        InputError: if the earlier tuning has no trial that came to its end, or no point that fits.
    """
    trials = [trial for trial in earlier.trials if trial.state == "succeeded" and trial.values]
    if not trials:
        raise InputError(f"{warm_start.job} has no trial that came to its end", path="$.warmStart.job")
    chosen: dict[object, EarlierPoint] = {}
    for trial in _best_first(trials, objectives, earlier.objectives):
        params = fit_point(space, trial.params)
        if params and len(chosen) < warm_start.trials:
            point = EarlierPoint(trial=trial.number, params=params, values=trial.values)
            chosen.setdefault(point_key(params), point)
    if not chosen:
        raise InputError(
            f"none of the {len(trials)} points of {warm_start.job} fits into the space; parameters there: "
            f"{', '.join(sorted({name for trial in trials for name in trial.params}))}",
            path="$.warmStart.job",
        )
    return msgspec.structs.replace(warm_start, points=list(chosen.values()))


def fit_point(space: Space, params: Params) -> Params | None:
    """Return the part of a point that a space can have, numbers brought into its ranges, or None if it cannot."""
    fitted: Params = {}
    for parameter in space.parameters:
        if parameter.name not in params:
            continue
        if any(item.parameter in fitted and not item.holds(fitted) for item in parameter.when):
            continue
        value = _fit(parameter, params[parameter.name])
        if value is None:
            return None
        fitted[parameter.name] = value
    return fitted


def _best_first(
    trials: Sequence[TrialRecord], objectives: Sequence[Objective], earlier: Sequence[Objective]
) -> Iterator[TrialRecord]:
    shared, losses = common_losses(objectives, [trial.metrics for trial in trials])
    if len(shared) < len(objectives) or not shared:
        signs = [-1 if item.direction == "maximize" else 1 for item in earlier]
        losses = [tuple(sign * value for sign, value in zip(signs, t.values, strict=True)) for t in trials]
    fronts = sort_fronts(losses)
    for front in range(max(fronts) + 1):
        mates = [index for index, found in enumerate(fronts) if found == front]
        distances = crowding_distances([losses[index] for index in mates])
        yield from (trials[index] for _, index in sorted(zip((-d for d in distances), mates, strict=True)))


def _fit(parameter: Parameter, value: Scalar) -> Scalar | None:
    if isinstance(parameter, CategoricalParameter):
        return value if allows_value(parameter, value) else None
    if isinstance(value, bool | str):
        return None
    if parameter.points is not None:
        return min(parameter.values or (), key=lambda point: abs(point - value), default=None)
    clipped = min(max(value, parameter.low), parameter.high)
    return round(clipped) if isinstance(parameter, IntParameter) else float(clipped)
