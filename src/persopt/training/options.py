"""What a training asks of a spec; specs of prunings and of quantizations have it."""

from __future__ import annotations

from typing import Literal, Protocol

from persopt.domain.programs import DataSpec, TaskName

__all__ = ("DistillationOptions", "TrainingRates", "TrainingSpec")


class DistillationOptions(Protocol):
    """How much is learned from a teacher, and at which temperature."""

    @property
    def distill_temperature(self) -> float:
        """Temperature of both models' logits."""
        ...

    @property
    def distill_weight(self) -> float:
        """Share of the teacher's logits in the loss; labels have the rest."""
        ...

    @property
    def hidden_weight(self) -> float:
        """Weight of the hidden states' mean squared error, added to the loss."""
        ...


class TrainingRates(Protocol):
    """How fast is learned."""

    @property
    def learning_rate(self) -> float:
        """The highest learning rate; it falls linearly to 0."""
        ...


class TrainingSpec(Protocol):
    """What is trained on, and how."""

    @property
    def dataset_path(self) -> str:
        """The data set."""
        ...

    @property
    def task(self) -> TaskName | None:
        """The task; not None once the spec is resolved."""
        ...

    @property
    def data(self) -> DataSpec:
        """How the data set is read."""
        ...

    @property
    def device(self) -> Literal["auto", "cpu", "cuda", "mps"]:
        """Where it is trained."""
        ...

    @property
    def seed(self) -> int:
        """Of a new head, of dropout and of the order of the rows."""
        ...

    @property
    def batch_size(self) -> int:
        """Rows of an optimizer step."""
        ...

    @property
    def training(self) -> TrainingRates:
        """The learning rate."""
        ...
