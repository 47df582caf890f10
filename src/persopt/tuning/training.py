"""Running one trial: train a copy of the model at a point of the space, judge it, save it.

Importing this module is light; torch and transformers are loaded by `warm_up` or by the first trial.
"""

from __future__ import annotations

import gc
import importlib
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from persopt.domain.errors import TrainingError
from persopt.domain.programs import TrainingProgram
from persopt.measure.size import measure_size
from persopt.models.adapters import add_adapter, merge_adapter
from persopt.models.heads import HEADS
from persopt.models.quiet import quiet_transformers
from persopt.plugins.contracts.execution import TrialEndedEarly, TrialRequest
from persopt.tuning.defaults import DEFAULT_OBJECTIVES
from persopt.tuning.patience import Patience
from persopt.tuning.tasks import TUNING_TASKS, JudgeRequest
from persopt.tuning.training_faults import is_out_of_memory, memory_fault
from persopt.tuning.training_plan import TrainingPlan, plan_training
from persopt.tuning.warm_program import WarmProgram, open_program

if TYPE_CHECKING:
    from persopt.tuning.training_callback import TrainingHandle
    from persopt.tuning.trial_trainer import TrialTrainer

__all__ = ("TrainingOutcome", "train_trial", "warm_up")

_LOADED_EARLY: Final = (
    "sklearn.metrics",
    "persopt.models.saving",
    "persopt.tuning.trial_trainer",
    "persopt.tuning.training_arguments",
)


class TrainingOutcome(Struct, frozen=True, kw_only=True):
    """What a training that reached its end gives.

    Attributes:
        metrics: Those of the last evaluation (`persopt.tuning.defaults.TASK_METRICS`), `trainLoss`, and what the
            program says to measure (`persopt.tuning.defaults.MEASURED_METRICS`). With `training.patience`
            those of the best evaluation.
        checkpoint: Folder of the trained model (or of its adapter alone) with its tokenizer or image processor, as
            it was at that evaluation.
    """

    metrics: dict[str, float]
    checkpoint: str


def warm_up(program: TrainingProgram) -> None:
    """Load the libraries, map the data and the base weights, so that trials start at once.

    What this process holds by then is taken out of the garbage collector's view: a trial collects what it
    leaves, and would otherwise walk each time over all objects of the libraries (0.2 s).

    Raises:
        PersoptError: if model or data cannot be used.
    """
    import torch

    for name in _LOADED_EARLY:
        importlib.import_module(name)
    warm = open_program(program)
    data = warm.map_data(program.data.max_length)
    with torch.random.fork_rng(devices=[]):
        warm.load_model(data.labels)
    gc.collect()
    gc.freeze()


def train_trial(program: TrainingProgram, request: TrialRequest, trial: TrainingHandle) -> TrainingOutcome:
    """Train and judge a fresh copy of the base model, and save it in `checkpoint` in the trial's folder.

    The same program, parameters and seed give the same metrics on the same CPU with the same number of threads,
    whatever this process ran before. Nothing of the trial stays in memory.

    Args:
        program: What to train.
        request: The point, the seed and the trial's folder.
        trial: Is told what happens; asked at every step whether to end.

    Raises:
        TrialEndedEarly: if the trial was asked to end; with the folder of the model if it was to be kept.
        TrainingError: if the loss is not finite (`nan-loss`), or memory ran out (`out-of-memory`).
        InputError: for parameters that the trainer, or the installed Transformers, does not take.
        DataError: if the data cannot be used.
        ModelError: if the model cannot be used.
        OutputError: if the trained model or the tokenized data cannot be written.
    """
    _free_memory()  # a trial that failed was held by its traceback until now
    plan = plan_training(program, request.params)
    try:
        return _Training(open_program(program), plan, request, trial).run()
    finally:
        _free_memory()


class _Training:
    def __init__(self, warm: WarmProgram, plan: TrainingPlan, request: TrialRequest, trial: TrainingHandle) -> None:
        self._warm = warm
        self._plan = plan
        self._request = request
        self._trial = trial
        self._trainer: TrialTrainer | None = None

    def run(self) -> TrainingOutcome:
        try:
            metrics = self._train()
        except TrialEndedEarly:
            kept = self._save() if self._trial.keep_checkpoint and self._trainer is not None else None
            raise TrialEndedEarly(kept) from None
        except Exception as error:
            if is_out_of_memory(error):
                raise self._memory_error() from error
            raise
        checkpoint = self._save()
        if "size" in self._warm.program.training.measure:
            metrics["size"] = float(measure_size(Path(checkpoint)))
        return TrainingOutcome(metrics=metrics, checkpoint=checkpoint)

    def _train(self) -> dict[str, float]:
        from transformers import set_seed

        from persopt.tuning.training_arguments import build_arguments
        from persopt.tuning.training_callback import LossMeter, TrainingCallback
        from persopt.tuning.training_measures import TrainingMeasures
        from persopt.tuning.trial_trainer import TrialTrainer

        program = self._warm.program
        options = program.training
        data = self._warm.map_data(self._plan.max_length)
        steps = self._plan.count_steps(data.train.num_rows, options.max_steps)
        seed, folder = self._request.seed, Path(self._request.folder)
        arguments = build_arguments(self._plan, options, steps=steps, seed=seed, folder=folder)
        set_seed(seed)
        judged = JudgeRequest(program=program, processor=self._warm.processor, labels=data.labels)
        model = self._load_model(judged)
        meter = LossMeter()
        patience = self._open_patience()
        callback = TrainingCallback(self._trial, meter, steps, options.evaluations or 1, patience)
        self._trainer = TrialTrainer(model, arguments, data, judged, meter, callback)
        merges = options.adapter == "merge"
        callback.measure = TrainingMeasures(self._trainer, data.validation, options.measure, merges=merges).take
        with quiet_transformers():
            result = self._trainer.train()
        evaluation = callback.last_evaluation
        if patience is not None and patience.best:
            patience.restore(self._trainer.network)
            evaluation = patience.best
        return evaluation | {"trainLoss": float(result.training_loss)}

    def _open_patience(self) -> Patience | None:
        program = self._warm.program
        if program.training.patience is None:
            return None
        return Patience(program.objective or DEFAULT_OBJECTIVES[program.task], program.training.patience)

    def _load_model(self, judged: JudgeRequest) -> Any:
        """Return a fresh copy of the base model, with an adapter around it if the point asks for one."""
        model: Any = self._warm.load_model(judged.labels, self._plan.dropouts)
        task = self._warm.program.task
        TUNING_TASKS[task].fit_model(model, judged)
        if self._plan.adapter is None:
            return model
        model = add_adapter(model, self._plan.adapter, classifies=HEADS[task].classifies)
        if self._plan.arguments.get("gradient_checkpointing"):
            model.enable_input_require_grads()  # what is frozen up to its first update would be left out
        return model

    def _save(self) -> str:
        from persopt.models.saving import save_model

        folder = Path(self._request.folder) / "checkpoint"
        shutil.rmtree(folder, ignore_errors=True)  # of an attempt that was killed
        assert self._trainer is not None  # only a training that began is saved
        network = self._trainer.network
        if self._plan.adapter is not None and self._warm.program.training.adapter == "merge":
            network = merge_adapter(network)
        return str(save_model(network, self._warm.processor, folder))

    def _memory_error(self) -> TrainingError:
        trainer, options = self._trainer, self._warm.program.training
        fault = memory_fault(
            evaluating=trainer is not None and trainer.evaluating,
            device=options.device if trainer is None else trainer.args.device.type,
            step=0 if trainer is None else trainer.state.global_step + 1,
            batch_size=self._plan.batch_size,
            evaluation_batch_size=options.evaluation_batch_size,
            max_length=None if HEADS[self._warm.program.task].processor != "tokenizer" else self._plan.max_length,
        )
        return TrainingError(fault)


def _free_memory() -> None:
    """Collect what a trainer leaves: its parts refer to each other in circles."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
