"""How a model is trained while it is pruned, and afterwards."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from persopt.domain.programs import PositiveFloat, PositiveInt

__all__ = ("PruneTraining", "SparsitySchedule")

SparsitySchedule: TypeAlias = Literal["cubic", "linear"]
_Epochs: TypeAlias = Annotated[float, Meta(ge=0)]


class PruneTraining(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The training on the data set; without one nothing is trained."""

    schedule: Annotated[
        SparsitySchedule, Meta(description="How the sparsity rises in gradual pruning: fast at first, or evenly.")
    ] = "cubic"
    pruning_steps: Annotated[
        PositiveInt | None,
        Meta(description="How often gradual pruning prunes; by default 10, or 3 rounds with rewinding."),
    ] = None
    pruning_epochs: Annotated[
        _Epochs | None,
        Meta(description="Passes over the training rows while the sparsity rises, or in each round; by default 1."),
    ] = None
    recovery_epochs: Annotated[
        _Epochs | None,
        Meta(
            description="Passes over the training rows after the pruning; by default 1, and 0 in one-shot pruning by "
            "a method that gathers on the data itself."
        ),
    ] = None
    learning_rate: Annotated[PositiveFloat, Meta(description="Highest learning rate; it falls linearly to 0.")] = 5e-5
    distill: Annotated[bool, Meta(description="Learn from the unpruned model too.")] = False
    distill_temperature: Annotated[PositiveFloat, Meta(description="Temperature of both models' logits.")] = 2.0
    distill_weight: Annotated[
        float,
        Meta(ge=0, le=1, description="Share of the unpruned model's logits in the loss; labels have the rest."),
    ] = 0.5
    hidden_weight: Annotated[
        float, Meta(ge=0, description="Weight of the hidden states' mean squared error, added to the loss.")
    ] = 1.0
    rewind_to: Annotated[
        float,
        Meta(ge=0, lt=1, description="Share of a round after which the weights to rewind to are kept."),
    ] = 0.05
    time_limit: Annotated[
        PositiveFloat | None,
        Meta(description="Seconds after which training ends; what is left to prune is then pruned at once."),
    ] = None
