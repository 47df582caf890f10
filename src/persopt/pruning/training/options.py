"""The training's options, filled in and checked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import msgspec

from persopt.domain.errors import Fault
from persopt.domain.prune_specs import PruneSpec
from persopt.domain.prune_training import PruneTraining
from persopt.pruning.training import trains_while_pruning

__all__ = ("check_training", "resolve_training")

_EPOCHS: Final = 1.0


def resolve_training(spec: PruneSpec, needs: Collection[str]) -> PruneTraining:
    """Return the options of a pruning that has a data set, with the epochs filled in."""
    given = spec.training
    trains = trains_while_pruning(spec, needs)
    pruning = _EPOCHS if given.pruning_epochs is None else given.pruning_epochs
    # A data set for a method that gathers on it may be meant for that alone.
    recovery = _EPOCHS if trains or not needs else 0.0
    return msgspec.structs.replace(
        given,
        pruning_epochs=pruning if trains else 0.0,
        recovery_epochs=recovery if given.recovery_epochs is None else given.recovery_epochs,
    )


def check_training(spec: PruneSpec, needs: Collection[str]) -> Iterator[Fault]:
    """Give the faults of the options of a pruning that has a data set, as they were given."""
    given, options = spec.training, resolve_training(spec, needs)
    trained = sorted({"movement", "initial-weights"}.intersection(needs))
    if trained and not options.pruning_epochs:
        yield Fault(
            path="$.training.pruningEpochs",
            message=f"method {spec.config.method!r} gathers {trained[0]} in a training, got 0, accepted: above 0",
        )
    if not trains_while_pruning(spec, needs):
        for field, value in (("pruningEpochs", given.pruning_epochs), ("pruningSteps", given.pruning_steps)):
            if value:
                message = f"is for gradual pruning, and this is to prune at once, got {value:g}"
                yield Fault(path=f"$.training.{field}", message=message, hint="give `gradual`, or recoveryEpochs")
    if options.distill and not options.pruning_epochs and not options.recovery_epochs:
        yield Fault(
            path="$.training.distill",
            message="nothing is trained, so nothing can be learned from the unpruned model",
            hint="give recoveryEpochs above 0",
        )
