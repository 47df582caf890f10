"""What a running training tells, and how it is ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from typing_extensions import override

from persopt.plugins.contracts.execution import TrialEndedEarly
from persopt.tuning.patience import Patience

__all__ = ("LossMeter", "TrainingCallback", "TrainingHandle")

_INTERVAL: Final = 0.3  # seconds between reports


class TrainingHandle(Protocol):
    """What the trainer needs of the trial that it runs."""

    @property
    def keep_checkpoint(self) -> bool:
        """Whether a trial that is stopped should save its model."""
        ...

    def should_stop(self) -> bool:
        """Return whether the trial was asked to end; called at every step, so cheap."""
        ...

    def send_report(self, step: int, metrics: dict[str, float], share: float | None = None) -> None:
        """Send metrics; never waits."""
        ...


class LossMeter:
    """Mean training loss since it was last read, and the learning rate of the last step."""

    def __init__(self) -> None:
        self.learning_rate = 0.0
        self._sum = 0.0
        self._steps = 0

    def add(self, loss: float) -> None:
        """Add the loss of a batch, already divided among the batches of its step."""
        self._sum += loss

    def end_step(self) -> None:
        """Count an optimizer step."""
        self._steps += 1

    def read(self) -> dict[str, float]:
        """Return the metrics since the last reading, and start again."""
        metrics = {"learningRate": self.learning_rate}
        if self._steps:
            metrics["trainLoss"] = self._sum / self._steps
        self._sum, self._steps = 0.0, 0
        return metrics


class TrainingCallback(TrainerCallback):
    """Reports at most every 0.3 s and at each evaluation, asks for the evaluations, and ends a stopped trial.

    Steps of reports rise strictly: a step that is evaluated is reported once, with the evaluation's metrics.

    Args:
        trial: Who is told, and who may stop.
        meter: Filled by the trainer.
        steps: Optimizer steps of the whole training.
        evaluations: How often to evaluate, the end included; no more often than there are steps.
        patience: Told each evaluation; ends the training when it is over.

    Attributes:
        last_evaluation: Metrics of the last evaluation; empty before the first.
        measure: Called at each evaluation, and gives further metrics.
    """

    def __init__(
        self,
        trial: TrainingHandle,
        meter: LossMeter,
        steps: int,
        evaluations: int,
        patience: Patience | None = None,
    ) -> None:
        self._trial = trial
        self._meter = meter
        self._steps = steps
        self._evaluated_after = {max(1, round(steps * turn / evaluations)) for turn in range(1, evaluations + 1)}
        self._patience = patience
        self._reported_at = -_INTERVAL
        self.last_evaluation: dict[str, float] = {}
        self.measure: Callable[[], dict[str, float]] = dict

    @override
    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Do not begin what was stopped while the model was loading."""
        self._end_if_stopped()

    @override
    def on_substep_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Stop between the batches of a step too."""
        self._end_if_stopped()

    @override
    def on_prediction_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Stop between the batches of an evaluation too."""
        self._end_if_stopped()

    @override
    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Look for a stop, ask for an evaluation where one is due, else report if it is time."""
        self._meter.end_step()
        self._end_if_stopped()
        if state.global_step in self._evaluated_after:
            control.should_evaluate = True
        elif time.monotonic() - self._reported_at >= _INTERVAL:
            self._report(state, self._meter.read())

    @override
    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any) -> None:
        """Report the evaluation together with what the training has to tell; end it when the patience is over."""
        values = {name.removeprefix("eval_"): value for name, value in given["metrics"].items()}
        self.last_evaluation = {name: value for name, value in values.items() if name not in _TIMINGS}
        self.last_evaluation |= self.measure()
        self._report(state, self.last_evaluation | self._meter.read())
        if self._patience is not None and self._patience.add(self.last_evaluation, given["model"]):
            control.should_training_stop = True

    def _report(self, state: TrainerState, metrics: dict[str, float]) -> None:
        self._reported_at = time.monotonic()
        self._trial.send_report(state.global_step, metrics, min(1.0, state.global_step / self._steps))

    def _end_if_stopped(self) -> None:
        if self._trial.should_stop():
            raise TrialEndedEarly


_TIMINGS: Final = frozenset({"runtime", "samples_per_second", "steps_per_second", "epoch"})
