"""Early stopping of trials: which rule, and what it goes by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

__all__ = ("EARLY_STOPPING_OPTIONS", "EarlyStopping", "EarlyStoppingMethod", "ResourceKind", "given_options")

EarlyStoppingMethod: TypeAlias = Literal["none", "median", "asha", "hyperband"]
ResourceKind: TypeAlias = Literal["evaluation", "step"]

EARLY_STOPPING_OPTIONS: Final[Mapping[EarlyStoppingMethod, frozenset[str]]] = {
    "none": frozenset(),
    "median": frozenset({"resource", "startup_trials", "warmup_steps", "interval_steps", "keep_checkpoints"}),
    "asha": frozenset({"resource", "min_resource", "reduction_factor", "min_early_stopping_rate", "keep_checkpoints"}),
    "hyperband": frozenset({"resource", "min_resource", "max_resource", "reduction_factor", "keep_checkpoints"}),
}
"""The options (by their Python names) that each method looks at."""


class EarlyStopping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """A rule that ends trials which are worse than others were at the same place.

    Places are counted in `resource`: evaluations of a training, which lie at the same shares of every trial
    whatever its batch size and epochs, or the steps that a program reports.
    """

    method: Annotated[
        EarlyStoppingMethod,
        Meta(description="Rule by which trials are stopped early: median, asha (successive halving), hyperband."),
    ] = "none"
    resource: Annotated[
        ResourceKind | None,
        Meta(description="What the rule counts; by default evaluations of trainings, steps of functions."),
    ] = None
    startup_trials: Annotated[
        int, Meta(ge=0, description="median: no trial is stopped before so many have reached their end.")
    ] = 5
    warmup_steps: Annotated[
        int, Meta(ge=0, description="median: no trial is stopped before this evaluation (or step).")
    ] = 0
    interval_steps: Annotated[
        int, Meta(ge=1, description="median: evaluations (or steps) from one look at a trial to the next.")
    ] = 1
    min_resource: Annotated[
        int, Meta(ge=1, description="asha, hyperband: evaluations (or steps) up to the first rung.")
    ] = 1
    max_resource: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(
            description="hyperband: evaluations (or steps) of a whole trial; by default those of the training, else "
            "as the first trial at its end shows."
        ),
    ] = None
    reduction_factor: Annotated[
        int, Meta(ge=2, description="asha, hyperband: of so many trials one goes on beyond a rung.")
    ] = 3
    min_early_stopping_rate: Annotated[
        int, Meta(ge=0, description="asha: lowest rungs left out, each of reductionFactor times the length.")
    ] = 0
    keep_checkpoints: Annotated[
        int, Meta(ge=0, description="Models of stopped trials that are kept, the best ones, besides the best trial's.")
    ] = 5


def given_options(options: EarlyStopping) -> dict[str, str]:
    """Return the options that differ from their defaults, as Python name to JSON name; the method is none of them."""
    default = EarlyStopping()
    return {
        field.name: field.encode_name
        for field in msgspec.structs.fields(EarlyStopping)
        if field.name != "method" and getattr(options, field.name) != getattr(default, field.name)
    }
