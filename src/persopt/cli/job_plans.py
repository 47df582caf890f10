"""How a tuning begins and how it ends trials early, in a few words for its plan."""

from __future__ import annotations

from persopt.domain.early_stopping import given_options
from persopt.domain.specs import TuneSpec

__all__ = ("describe_early_stopping", "describe_first_points")


def describe_first_points(spec: TuneSpec) -> str | None:
    """Return which points are tried first, or None if none was named."""
    parts = [f"{len(spec.enqueue)} given"] if spec.enqueue else []
    if spec.warm_start is not None and spec.warm_start.points:
        parts.append(f"{len(spec.warm_start.points)} of {spec.warm_start.job}")
    return ", ".join(parts) or None


def describe_early_stopping(spec: TuneSpec) -> str | None:
    """Return the rule, what it counts and how often a training is evaluated, or None without a rule."""
    options, training = spec.early_stopping, spec.training
    parts = []
    if options.method != "none":
        others = [
            f"{shown} {getattr(options, name)}" for name, shown in given_options(options).items() if name != "resource"
        ]
        parts += [f"{options.method} by {options.resource}", *others]
    if training.patience is not None:
        parts.append(f"patience of {training.patience} evaluations")
    if parts and spec.trains_model:
        parts.append(f"{training.evaluations} evaluations a training")
    return ", ".join(parts) or None
