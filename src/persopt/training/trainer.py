"""The trainer of tuning, with a distiller, a look at every update, and an end at every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from typing_extensions import override

from persopt.data.tokenization import IGNORED
from persopt.training.distillation import Distiller
from persopt.tuning.trial_trainer import TrialTrainer

__all__ = ("StepCallback", "TaskTrainer", "Watcher")


class Watcher(Protocol):
    """Looks at every update of the weights, such as masks that are kept."""

    def begin_update(self) -> None:
        """Prepare the update; the gradients are those that the optimizer will see."""

    def end_update(self) -> None:
        """Put right what the optimizer has done."""


class TaskTrainer(TrialTrainer):
    """Trains a model of a task; the loss may have a teacher's part.

    Args:
        *given: As for `TrialTrainer`.
        distiller: Adds the teacher's part.
    """

    def __init__(self, *given: Any, distiller: Distiller | None = None) -> None:
        self._distiller = distiller
        super().__init__(*given)

    @override
    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor | Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """Return the batch's part of the step's loss, and the outputs if asked for."""
        if self._distiller is None:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        labels = inputs["labels"]
        plain = {name: value for name, value in inputs.items() if name != "labels"}
        asked = inputs | self._distiller.extra_inputs
        loss, outputs = super().compute_loss(model, asked, True, num_items_in_batch)
        judged = (labels != IGNORED).sum()
        total = judged if num_items_in_batch is None else torch.as_tensor(num_items_in_batch)
        share = judged / total.clamp(min=1).to(judged.device)
        loss = self._distiller.mix(loss, outputs, plain, labels, share)
        return (loss, outputs) if return_outputs else loss

    @override
    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """Make the optimizer; it moves the distiller's projection too."""
        optimizer = super().create_optimizer(model)
        if self._distiller is not None and self._distiller.projection is not None:
            optimizer.add_param_group({"params": list(self._distiller.projection.parameters()), "weight_decay": 0.0})
        return optimizer


class StepCallback(TrainerCallback):
    """Lets every update be looked at, calls what is due after a step, and ends the training.

    Args:
        on_step: Called before every batch, of training and of evaluation; may raise to end the work.
        is_over: Whether time is over; the training then ends after the step.
        weights: Looks at the updates.
        due: What is called after which step.
        cuts: What is called after which step with the optimizer, because it takes parameters out of the model.
    """

    def __init__(
        self,
        on_step: Callable[[], None],
        is_over: Callable[[], bool] = lambda: False,
        weights: Watcher | None = None,
        due: Mapping[int, Callable[[], None]] | None = None,
        cuts: Mapping[int, Callable[[torch.optim.Optimizer], None]] | None = None,
    ) -> None:
        self._on_step = on_step
        self._is_over = is_over
        self._weights = weights
        self._due = due or {}
        self._cuts = cuts or {}

    @override
    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Look for a cancel."""
        self._on_step()

    @override
    def on_prediction_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Look for a cancel."""
        self._on_step()

    @override
    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Prepare the update."""
        if self._weights is not None:
            self._weights.begin_update()

    @override
    def on_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Put right what the optimizer has done."""
        if self._weights is not None:
            self._weights.end_update()

    @override
    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any) -> None:
        """Do what is due; end when time is over."""
        if state.global_step in self._due:
            self._due[state.global_step]()
        if state.global_step in self._cuts:
            self._cuts[state.global_step](given["optimizer"])
        if self._is_over():
            control.should_training_stop = True
