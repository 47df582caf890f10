"""A warm start: the good points of an earlier tuning are tried first."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from persopt.domain.space import Params

__all__ = ("EarlierPoint", "WarmStart")


class EarlierPoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A point of the new space that came from a trial of an earlier one.

    Attributes:
        trial: Number of the earlier trial.
        params: Its values as they fit the new space; a parameter that is not here is sampled.
        values: What the trial had reached.
    """

    trial: int
    params: Params
    values: list[float] = []


class WarmStart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """Which earlier tuning, and how many of its points."""

    job: Annotated[
        str,
        Meta(min_length=1, description="An earlier tuning whose best points are tried first: a job, or a report.json."),
    ]
    trials: Annotated[int, Meta(ge=1, description="How many of its points are tried.")] = 5
    points: Annotated[
        list[EarlierPoint] | None, Meta(description="The points; found when the job is made, if they are not given.")
    ] = None
