"""What the training of a task needs: the names of its metrics, and a judge that computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from persopt.domain.objectives import Objective
from persopt.domain.programs import TrainingProgram

if TYPE_CHECKING:
    from torch import nn

__all__ = ("Judge", "JudgeRequest", "TuningTask")


class JudgeRequest(Struct, frozen=True, kw_only=True):
    """What an evaluation is about.

    Attributes:
        program: What is trained.
        processor: The model's tokenizer or image processor.
        labels: Names of the classes; empty for tasks without classes.
    """

    program: TrainingProgram
    processor: Any
    labels: list[str]


class Judge(Protocol):
    """Gathers an evaluation a batch at a time; keeps counts and texts, never logits."""

    def add(self, network: nn.Module, inputs: dict[str, Any]) -> None:
        """Judge what the model makes of a batch, without gradients."""
        ...

    def compute(self) -> dict[str, float]:
        """Return the metrics of everything judged.

        Raises:
            ValueError: if nothing was judged.
        """
        ...


class TuningTask(Protocol):
    """A task as the training knows it. Stateless; light to import.

    The loss of every task is the cross-entropy of its logits with the batch's labels, which are aligned with them.
    """

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of an evaluation's metrics, `loss` first."""
        ...

    @property
    def objective(self) -> Objective:
        """What a search reaches for when nothing is said."""
        ...

    def fit_model(self, network: Any, request: JudgeRequest) -> None:
        """Set up a model that was just loaded."""
        ...

    def complete_inputs(self, network: Any, inputs: dict[str, Any]) -> None:
        """Add what the model needs beside what the data give, in place."""
        ...

    def open_judge(self, request: JudgeRequest) -> Judge:
        """Begin an evaluation."""
        ...
