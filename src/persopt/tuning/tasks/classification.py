"""Classification of texts, of their words, and of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from persopt.data.tokenization import IGNORED
from persopt.domain.objectives import Objective
from persopt.tuning.metrics import PredictionCounts
from persopt.tuning.tasks.base import Judge, JudgeRequest, TuningTask

if TYPE_CHECKING:
    from torch import nn

__all__ = ("Classification",)


class Classification(TuningTask):
    """The class with the highest logit is the prediction.

    `f1`, `precision` and `recall` are means over the classes (macro), `f1Weighted` is weighted by the classes'
    sizes. Of texts and images each counts once, of tokens each word's first one.
    """

    metrics = ("loss", "accuracy", "f1", "f1Weighted", "precision", "recall")
    objective = Objective(metric="accuracy", direction="maximize")

    @override
    def fit_model(self, network: Any, request: JudgeRequest) -> None:
        """Nothing is left to set up."""

    @override
    def complete_inputs(self, network: Any, inputs: dict[str, Any]) -> None:
        """Nothing is missing."""

    @override
    def open_judge(self, request: JudgeRequest) -> Judge:
        """Begin to count."""
        return _Judge(len(request.labels))


class _Judge(Judge):
    def __init__(self, classes: int) -> None:
        self._counts = PredictionCounts(classes, IGNORED)

    @override
    def add(self, network: nn.Module, inputs: dict[str, Any]) -> None:
        from persopt.tuning.losses import total_loss

        labels = inputs.pop("labels")
        logits = network(**inputs).logits
        loss = float(total_loss(logits, labels))
        self._counts.add(labels.cpu().numpy(), logits.argmax(-1).cpu().numpy(), loss)

    @override
    def compute(self) -> dict[str, float]:
        return self._counts.compute()
