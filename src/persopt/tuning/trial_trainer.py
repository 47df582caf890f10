"""The Transformers Trainer, fitted to a trial: exact losses, like-length batches, counts instead of logits.

What differs from task to task stands in `persopt.data.tasks` and `persopt.tuning.tasks`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback
from transformers.trainer_utils import EvalLoopOutput
from typing_extensions import override

from persopt.data.batches import LengthGroupedSampler, LengthSortedSampler, read_lengths
from persopt.data.tasks import DATA_TASKS
from persopt.data.tokenization import IGNORED
from persopt.data.tokenized import TokenizedData
from persopt.domain.errors import InputError
from persopt.tuning.losses import total_loss
from persopt.tuning.tasks import TUNING_TASKS, JudgeRequest
from persopt.tuning.training_callback import LossMeter
from persopt.tuning.training_faults import check_loss

__all__ = ("TrialTrainer",)

_TENSOR_CORE_WIDTH = 8


class TrialTrainer(Trainer):
    """Trains and evaluates one trial.

    The loss is the mean cross-entropy over the judged places of an optimizer step, however many batches it is
    made of: classification heads of Transformers 5 average each batch, and their gradients then grow with
    `gradient_accumulation_steps`. Evaluations are without label smoothing and keep only counts.

    Attributes:
        network: The model that is trained, perhaps with an adapter around it.
        evaluating: Whether an evaluation is going on.
    """

    def __init__(
        self,
        model: Any,
        arguments: TrainingArguments,
        data: TokenizedData,
        request: JudgeRequest,
        meter: LossMeter,
        callback: TrainerCallback,
    ) -> None:
        self.network = model
        self.evaluating = False
        self._data = data
        self._request = request
        self._task = TUNING_TASKS[request.program.task]
        self._meter = meter
        self._smoothing = float(arguments.label_smoothing_factor)
        self._width = _TENSOR_CORE_WIDTH if arguments.device.type == "cuda" else 1
        super().__init__(
            model=model,
            args=arguments,
            data_collator=self._collator(judging=False),
            train_dataset=data.train,
            eval_dataset=data.validation,
            compute_loss_func=self._step_loss,
            callbacks=[callback],
        )
        self.remove_callback(PrinterCallback)
        self._loss_shifts_labels = False  # labels are aligned with the logits; the Trainer must count them all

    @override
    def get_train_dataloader(self) -> DataLoader[Any]:
        """Return batches of like length, in another order in each epoch."""
        size = self.args.train_batch_size
        sampler = LengthGroupedSampler(read_lengths(self._data.train), size, self.args.seed)
        return self._load(self._data.train, sampler, size, judging=False)

    @override
    def get_eval_dataloader(self, eval_dataset: str | Dataset[Any] | None = None) -> DataLoader[Any]:
        """Return the validation split from its longest text to its shortest."""
        rows = self._data.validation
        return self._load(rows, LengthSortedSampler(read_lengths(rows)), self.args.eval_batch_size, judging=True)

    @override
    def training_step(
        self, model: nn.Module, inputs: dict[str, Tensor | Any], num_items_in_batch: Tensor | int | None = None
    ) -> Tensor:
        """Compute the gradients of a batch.

        Raises:
            TrainingError: if the loss is not finite.
        """
        loss = super().training_step(model, inputs, num_items_in_batch)
        value = float(loss)
        self._meter.learning_rate = self._get_learning_rate()
        check_loss(value, step=self.state.global_step + 1, learning_rate=self._meter.learning_rate)
        self._meter.add(value)
        return loss

    @override
    def evaluation_loop(
        self,
        dataloader: DataLoader[Any],
        description: str,
        prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> EvalLoopOutput:
        """Judge what the model makes of each batch; counts and texts are kept, never logits.

        Raises:
            TrainingError: if the loss is not finite.
        """
        self.evaluating = True
        self.network.train(mode=False)
        judge = self._task.open_judge(self._request)
        for batch in dataloader:
            inputs = self._prepare_inputs(batch)
            with torch.no_grad(), self.compute_loss_context_manager():
                judge.add(self.network, inputs)
            self.control = self.callback_handler.on_prediction_step(self.args, self.state, self.control)
        metrics = judge.compute()
        rate = self._meter.learning_rate
        check_loss(metrics["loss"], step=self.state.global_step, learning_rate=rate, evaluating=True)
        self.evaluating = False
        named = {f"{metric_key_prefix}_{name}": value for name, value in metrics.items()}
        return EvalLoopOutput(None, None, named, len(self._data.validation))  # type: ignore[arg-type]

    @override
    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """Make the optimizer.

        Raises:
            InputError: if Transformers cannot make it, for want of a package or a device.
        """
        try:
            return super().create_optimizer(model)
        except (ImportError, ValueError, RuntimeError, NotImplementedError) as error:
            raise InputError(
                f"{_word(self.args.optim)!r} cannot be used here: {error}", path="$.config.optim"
            ) from error

    @override
    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Make the schedule of the learning rate.

        Raises:
            InputError: if it needs more than a step count and a warm-up.
        """
        try:
            return super().create_scheduler(num_training_steps, optimizer)
        except (ImportError, ValueError, TypeError) as error:
            name = _word(self.args.lr_scheduler_type)
            raise InputError(f"{name!r} cannot be used here: {error}", path="$.config.lrSchedulerType") from error

    @override
    def floating_point_ops(self, inputs: dict[str, Tensor | Any]) -> int:
        """Return 0: nobody asks, and counting walks over all parameters at every step."""
        return 0

    @override
    def _prepare_inputs(self, inputs: dict[str, Tensor | Any]) -> dict[str, Tensor | Any]:
        prepared = super()._prepare_inputs(inputs)
        self._task.complete_inputs(self.network, prepared)
        return prepared

    def _step_loss(self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        judged = (labels != IGNORED).sum() if num_items_in_batch is None else torch.as_tensor(num_items_in_batch)
        # A step of texts that were cut before their first judged word has nothing to learn from, and no NaN.
        return total_loss(outputs.logits, labels, self._smoothing) / judged.clamp(min=1).to(labels.device)

    def _load(self, rows: Any, sampler: Any, batch_size: int, *, judging: bool) -> DataLoader[Any]:
        loader: DataLoader[Any] = DataLoader(
            rows,
            batch_size=batch_size,
            sampler=sampler,
            collate_fn=self._collator(judging=judging),
            pin_memory=self.args.dataloader_pin_memory,
        )
        return self.accelerator.prepare(loader)  # type: ignore[no-any-return]

    def _collator(self, *, judging: bool) -> Any:
        task = DATA_TASKS[self._request.program.task]
        return task.make_collator(self._request.processor, self._width, judging=judging)


def _word(choice: Any) -> str:
    return str(getattr(choice, "value", choice))
