"""Early stopping and patience in a spec: what is wrong with them, and what they leave open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from persopt.domain.early_stopping import EARLY_STOPPING_OPTIONS, EarlyStopping, given_options
from persopt.domain.errors import Fault
from persopt.domain.specs import TuneSpec
from persopt.tuning.defaults import MEASURED_METRICS

__all__ = ("DEFAULT_EVALUATIONS", "kept_models", "resolve_stopping")

DEFAULT_EVALUATIONS: Final = 9
"""Evaluations of a training with early stopping: rungs at 1, 3 and 9 of them with a reduction factor of 3."""


def kept_models(options: EarlyStopping) -> int:
    """Return the most models of stopped trials that are kept."""
    return 0 if options.method == "none" else options.keep_checkpoints


def resolve_stopping(spec: TuneSpec) -> tuple[TuneSpec, list[Fault]]:
    """Return the spec with what early stopping counts and how often a training is evaluated, and its faults."""
    training, options = spec.training, spec.early_stopping
    is_training = spec.trains_model
    if is_training and training.evaluations is None and (options.method != "none" or training.patience is not None):
        training = msgspec.structs.replace(training, evaluations=DEFAULT_EVALUATIONS)
    if options.method != "none" and options.resource is None:
        options = msgspec.structs.replace(options, resource="evaluation" if is_training else "step")
    resolved = msgspec.structs.replace(spec, training=training, early_stopping=options)
    return resolved, [*_check_options(spec.early_stopping), *_check_evaluations(resolved)]


def _check_options(options: EarlyStopping) -> Iterator[Fault]:
    accepted = EARLY_STOPPING_OPTIONS[options.method]
    for name, shown in given_options(options).items():
        if name not in accepted:
            users = [method for method, names in EARLY_STOPPING_OPTIONS.items() if name in names]
            yield Fault(
                path=f"$.earlyStopping.{shown}",
                message=f"is not used by method {options.method!r}, got {getattr(options, name)!r}",
                hint=f"it belongs to {', '.join(users)}",
            )
    if options.max_resource is not None and options.max_resource < options.min_resource:
        message = f"is less than minResource {options.min_resource}, got {options.max_resource}"
        yield Fault(path="$.earlyStopping.maxResource", message=message)


def _check_evaluations(spec: TuneSpec) -> Iterator[Fault]:
    training, options = spec.training, spec.early_stopping
    if not spec.trains_model:
        if training.patience is not None:
            yield Fault(path="$.training.patience", message="is used only when a model is trained")
        return
    first_objective = spec.objectives[0].metric if spec.objectives else ""
    if training.patience is not None and first_objective in MEASURED_METRICS:
        yield Fault(
            path="$.training.patience",
            message=f"goes by the first objective, and {first_objective!r} does not tell how well a training goes",
            hint="put a metric of the task first, or leave patience out",
        )
    evaluations = training.evaluations or 1
    if evaluations == 1 and (options.method != "none" or training.patience is not None):
        reason = "early stopping" if options.method != "none" else "patience"
        yield Fault(
            path="$.training.evaluations",
            message=f"{reason} has nothing to go by with a single evaluation at the end of each training",
            hint="give 2 or more, or leave it out",
        )
        return
    if options.method == "none" or options.resource != "evaluation":
        return
    first = options.min_resource * options.reduction_factor**options.min_early_stopping_rate
    if options.method in ("asha", "hyperband") and first >= evaluations:
        yield Fault(
            path="$.earlyStopping.minResource",
            message=f"no trial would ever be stopped: the first rung ends at evaluation {first}, and a training has "
            f"{evaluations}",
        )
    if options.method == "median" and options.warmup_steps >= evaluations:
        yield Fault(
            path="$.earlyStopping.warmupSteps",
            message=f"no trial would ever be stopped: a training has {evaluations} evaluations, got "
            f"{options.warmup_steps}",
        )
