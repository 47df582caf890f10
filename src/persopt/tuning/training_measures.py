"""What an evaluation measures besides the metrics of the task."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from persopt.domain.programs import MeasuredMetric
from persopt.measure.latency import measure_latency
from persopt.tuning.trial_trainer import TrialTrainer

__all__ = ("TrainingMeasures",)

_ROWS = 10


class TrainingMeasures:
    """Measures a training while its model is at hand; make it when the training begins.

    Args:
        trainer: The trainer.
        rows: The validation split.
        wanted: What to measure; `size` is known only when the model is saved, and not measured here.
        merges: Whether a LoRA adapter is merged into the model when that is saved. The latency is that of the model
            in training, its adapter beside it.
    """

    def __init__(
        self, trainer: TrialTrainer, rows: Any, wanted: Sequence[MeasuredMetric], *, merges: bool = True
    ) -> None:
        self._merges = merges
        self._trainer = trainer
        self._rows = rows
        self._wanted = wanted
        self._begin = time.monotonic()

    def take(self) -> dict[str, float]:
        """Return the time since the beginning, the number of parameters, and the latency, as far as wanted."""
        found: dict[str, float] = {}
        if "seconds" in self._wanted:
            found["seconds"] = time.monotonic() - self._begin
        if "parameters" in self._wanted:
            found["parameters"] = float(self._count_parameters())
        if "latency" in self._wanted:
            found["latency"] = self._measure_latency()
        return found

    def _count_parameters(self) -> int:
        """Count the weights of the model as it will be saved: PEFT keeps the old copy of what it trains whole."""
        left_out = (".original_module.", ".lora_") if self._merges else (".original_module.",)
        named = self._trainer.network.named_parameters()
        return sum(item.numel() for name, item in named if not any(part in name for part in left_out))

    def _measure_latency(self) -> float:
        """Time one row after the other: some rows of the validation split, evenly spread over it."""
        network = self._trainer.network
        network.train(mode=False)
        count = len(self._rows)
        places = range(0, count, max(1, count // _ROWS))
        device = self._trainer.args.device
        batches = [self._collate(self._rows[place], device) for place in places]

        def forward(index: int) -> None:
            network(**batches[index % len(batches)])
            if device.type == "cuda":
                torch.cuda.synchronize(device)

        with torch.no_grad():  # not inference mode: what a model caches in it could not be trained with afterwards
            return measure_latency(forward)

    def _collate(self, row: Any, device: torch.device) -> dict[str, Tensor]:
        """Return a batch of one row, without its label where the model can do without."""
        batch = {name: tensor.to(device) for name, tensor in self._trainer.data_collator([row]).items()}
        if not self._trainer.network.config.is_encoder_decoder:
            batch.pop("labels", None)
        return batch
