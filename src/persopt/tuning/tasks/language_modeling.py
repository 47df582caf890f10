"""Causal language modelling, judged by perplexity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from persopt.data.tokenization import IGNORED
from persopt.domain.objectives import Objective
from persopt.tuning.tasks.base import Judge, JudgeRequest, TuningTask

if TYPE_CHECKING:
    from torch import nn

__all__ = ("LanguageModeling",)

_LARGEST: Final = 700.0  # the exponential of more is no float


class LanguageModeling(TuningTask):
    """`loss` is the mean over every token of the validation split, `perplexity` its exponential."""

    metrics = ("loss", "perplexity")
    objective = Objective(metric="perplexity", direction="minimize")

    @override
    def fit_model(self, network: Any, request: JudgeRequest) -> None:
        """Nothing is left to set up."""

    @override
    def complete_inputs(self, network: Any, inputs: dict[str, Any]) -> None:
        """Keep no key-value cache: a training has no use for it."""
        inputs["use_cache"] = False

    @override
    def open_judge(self, request: JudgeRequest) -> Judge:
        """Begin to sum."""
        return _Judge()


class _Judge(Judge):
    def __init__(self) -> None:
        self._loss = 0.0
        self._tokens = 0

    @override
    def add(self, network: nn.Module, inputs: dict[str, Any]) -> None:
        from persopt.tuning.losses import total_loss

        labels = inputs.pop("labels")
        self._loss += float(total_loss(network(**inputs).logits, labels))
        self._tokens += int((labels != IGNORED).sum())

    @override
    def compute(self) -> dict[str, float]:
        if not self._tokens:
            raise ValueError("nothing was judged")
        loss = self._loss / self._tokens
        return {"loss": loss, "perplexity": math.exp(min(loss, _LARGEST))}
