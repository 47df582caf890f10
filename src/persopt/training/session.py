"""One model in a folder and the data set: judging it, and training it."""

from __future__ import annotations

import math
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from transformers import set_seed
from transformers.trainer_utils import IntervalStrategy

from persopt.domain.errors import Fault, TrainingError
from persopt.domain.programs import TrainingOptions, TrainingProgram
from persopt.models.quiet import quiet_transformers
from persopt.training.distillation import Distiller
from persopt.training.options import TrainingSpec
from persopt.training.trainer import StepCallback, TaskTrainer, Watcher
from persopt.tuning.tasks import TUNING_TASKS, JudgeRequest
from persopt.tuning.training_arguments import build_arguments, choose_device
from persopt.tuning.training_callback import LossMeter
from persopt.tuning.training_faults import is_out_of_memory
from persopt.tuning.training_plan import TrainingPlan
from persopt.tuning.warm_program import WarmProgram

__all__ = ("TrainingSession", "count_steps", "own_randomness")

_TIMINGS: Final = frozenset({"runtime", "samples_per_second", "steps_per_second", "epoch"})


class TrainingSession:
    """A checkpoint with the data set prepared for it.

    Args:
        spec: Resolved: with data set, task and columns.
        folder: The checkpoint.
        cache: Folder of the prepared data.
        scratch: Folder for what a training may leave; new, removed after each.
        on_step: Called before every batch; may raise to end the work.
        is_over: Whether time is over.

    Attributes:
        data: The prepared data.
        processor: The checkpoint's tokenizer or image processor.

    Raises:
        DataError: if the data cannot be used.
        ModelError: if the checkpoint cannot be used.
    """

    def __init__(
        self,
        spec: TrainingSpec,
        folder: Path,
        cache: Path,
        scratch: Path,
        on_step: Callable[[], None],
        is_over: Callable[[], bool],
    ) -> None:
        if spec.task is None:
            raise ValueError("the spec is not resolved: it has no task")
        self._spec = spec
        self._scratch = scratch
        self._on_step = on_step
        self._is_over = is_over
        self._warm = WarmProgram(
            TrainingProgram(
                model=str(folder),
                dataset=spec.dataset_path,
                task=spec.task,
                data=spec.data,
                training=TrainingOptions(device=spec.device),
                cache=str(cache),
                seed=spec.seed,
            )
        )
        self.processor = self._warm.processor
        self.data = self._warm.map_data(spec.data.max_length)

    def load_model(self) -> Any:
        """Return a fresh copy of the checkpoint's model on the device; a head that it lacks is drawn by the seed."""
        with own_randomness(self._spec.seed):
            model: Any = self._warm.load_model(self.data.labels)
        TUNING_TASKS[self._warm.program.task].fit_model(model, self._judged)
        return model.to(torch.device(choose_device(self._spec.device)))

    def judge(self, model: Any) -> dict[str, float]:
        """Return the model's metrics on the validation rows.

        Raises:
            TrainingError: if the loss is not finite.
        """
        with self._trainer(model, StepCallback(self._on_step), steps=1) as trainer:
            metrics = trainer.evaluate()
        named = {name.removeprefix("eval_"): value for name, value in metrics.items()}
        return {name: value for name, value in named.items() if name not in _TIMINGS}

    def train(
        self,
        model: Any,
        steps: int,
        *,
        weights: Watcher | None = None,
        due: Mapping[int, Callable[[], None]] | None = None,
        cuts: Mapping[int, Callable[[torch.optim.Optimizer], None]] | None = None,
        distiller: Distiller | None = None,
    ) -> int:
        """Train the model in place and return how many steps were taken: fewer if time was over.

        Args:
            model: On the CPU or on the device.
            steps: Optimizer steps; 0 does nothing.
            weights: Masks that stay, or whatever else looks at every update.
            due: What is called after which step.
            cuts: What is called after which step, with the optimizer, to take parameters out of the model.
            distiller: Adds a teacher's part to the loss.

        Raises:
            TrainingError: if the loss is not finite, or memory ran out.
        """
        if not steps or self._is_over():
            return 0
        callback = StepCallback(self._on_step, self._is_over, weights, due, cuts)
        with self._trainer(model, callback, steps, distiller) as trainer:
            trainer.train()
            return int(trainer.state.global_step)

    @property
    def _judged(self) -> JudgeRequest:
        return JudgeRequest(program=self._warm.program, processor=self.processor, labels=self.data.labels)

    @contextmanager
    def _trainer(
        self, model: Any, callback: StepCallback, steps: int, distiller: Distiller | None = None
    ) -> Iterator[TaskTrainer]:
        spec = self._spec
        rows = self.data.train.num_rows
        plan = TrainingPlan(
            arguments={
                "learning_rate": spec.training.learning_rate,
                "per_device_train_batch_size": spec.batch_size,
                "num_train_epochs": math.ceil(steps / max(math.ceil(rows / spec.batch_size), 1)),
            },
            dropouts={},
            max_length=spec.data.max_length,
        )
        try:
            with own_randomness(spec.seed), quiet_transformers():
                arguments = build_arguments(
                    plan, self._warm.program.training, steps=steps, seed=spec.seed, folder=self._scratch
                )
                arguments.eval_strategy = IntervalStrategy.NO  # files are judged, not what is in memory
                yield TaskTrainer(model, arguments, self.data, self._judged, LossMeter(), callback, distiller=distiller)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise TrainingError(
                Fault(
                    message=f"out of memory while training with batch size {spec.batch_size}",
                    path="$.batchSize",
                    code="out-of-memory",
                    hint="use a smaller batchSize or data.maxLength",
                )
            ) from error
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)


def count_steps(epochs: float, rows: int, batch_size: int) -> int:
    """Return the optimizer steps of a number of epochs, at least 1 if it is above 0."""
    return max(round(epochs * math.ceil(rows / batch_size)), 1) if epochs else 0


@contextmanager
def own_randomness(seed: int) -> Iterator[None]:
    """Seed Python's, NumPy's and torch's generators, and put them back as they were afterwards."""
    python, numbers = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        set_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numbers)
