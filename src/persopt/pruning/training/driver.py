"""What a data set adds to a pruning: the quality before and after, pruning in a training, and recovery."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from persopt.domain.prune_reports import PruneQuality
from persopt.domain.prune_specs import PruneSpec
from persopt.domain.structured import StructuredReport
from persopt.models.description import describe_model
from persopt.models.side_files import copy_side_files
from persopt.models.trained_heads import has_trained_head
from persopt.pruning.calibration import model_names
from persopt.pruning.checkpoint import open_shards
from persopt.pruning.selection import SelectedTensor
from persopt.pruning.training.cutter import ImportanceMaker, TrainingCutter
from persopt.pruning.training.mask_making import MaskMaker
from persopt.pruning.training.masked_weights import MaskedWeights
from persopt.pruning.training.pruner import DEFAULT_ROUNDS, TrainingPruner
from persopt.training.distillation import Distiller
from persopt.training.saving import replace_model
from persopt.training.session import TrainingSession, count_steps, own_randomness
from persopt.tuning.tasks import TUNING_TASKS

__all__ = ("PruningTraining",)


class PruningTraining:
    """One pruning's work on its data set.

    Args:
        spec: Resolved, with data set and task, and the epochs filled in.
        cache: Folder of the prepared data.
        scratch: Folder that trainings may use; does not exist.
        on_step: Called before every batch; may raise to end the work.

    Attributes:
        notes: What to know about the result.
    """

    def __init__(self, spec: PruneSpec, cache: Path, scratch: Path, on_step: Callable[[], None]) -> None:
        self._spec = spec
        self._cache = cache
        self._scratch = scratch
        self._on_step = on_step
        limit = spec.training.time_limit
        self._deadline = None if limit is None else time.monotonic() + limit
        self._model = Path(spec.model_path)
        self._session = self._open(self._model)
        self._steps = [0, 0]
        self.notes: list[str] = []

    def count_units(self, *, prunes: bool, rewinds: bool) -> int:
        """Return how often `on_step` will be called at most, roughly: batches of all trainings and evaluations."""
        pruning, recovery = self._planned
        rounds = (self._spec.training.pruning_steps or DEFAULT_ROUNDS) if rewinds else 1
        evaluations: int = 3 * -(-self._session.data.validation.num_rows // 64)
        return (rounds * pruning if prunes else 0) + recovery + evaluations

    def judge(self, folder: Path) -> dict[str, float] | None:
        """Return the metrics of a checkpoint on the validation rows; None if it has no trained head for the task."""
        session = self._session if folder == self._model else self._open(folder)
        task = self._spec.task
        assert task is not None  # the session was opened for it
        if not has_trained_head(describe_model(folder), task, session.data.labels):
            return None
        return session.judge(session.load_model())

    def prune(self, target: Path, maker: MaskMaker, needs: frozenset[str]) -> None:
        """Prune the model given while it trains, and write the result into a folder."""
        pruner = TrainingPruner(self._spec, self._session, maker, needs, self._make_distiller, self._on_step)
        model = self._session.load_model()
        self._steps[0] = pruner.prune(model, self._planned[0])
        self.notes += pruner.notes
        copy_side_files(self._model, target)
        self._note_type()
        replace_model(model, target)

    def cut(self, target: Path, make_importance: ImportanceMaker, needs: frozenset[str]) -> StructuredReport:
        """Cut units out of the model given while it trains, write the result into a folder, tell what is left."""
        cutter = TrainingCutter(self._spec, self._session, make_importance, needs, self._make_distiller, self._on_step)
        model = self._session.load_model()
        self._steps[0], report = cutter.cut(model, self._planned[0])
        self.notes += cutter.notes
        copy_side_files(self._model, target)
        self._note_type()
        replace_model(model, target)
        return report

    def recover(self, folder: Path, selected: Sequence[SelectedTensor]) -> bool:
        """Train a pruned model in its folder; weights of the chosen tensors that are zero stay zero.

        Args:
            folder: Holds the model, and will hold the trained one.
            selected: Tensors whose zeros stay; none for a model that was cut.

        Returns:
            Whether it was trained.
        """
        steps = self._planned[1]
        if not steps:
            return False
        session = self._open(folder)
        model = session.load_model()
        parameters = dict(model.named_parameters())
        names = model_names(model, selected)
        weights = MaskedWeights({name: parameters[inner] for name, inner in names.items()})
        weights.put({name: value == 0 for name, value in weights.values().items()})
        taken = session.train(model, steps, weights=weights, distiller=self._make_distiller(model))
        self._steps[1] = taken
        if taken < steps:
            self.notes.append(f"Time was over after {taken} of {steps} steps of the recovery.")
        self._note_type()
        replace_model(model, folder)
        return True

    def describe(
        self, before: dict[str, float] | None, after: dict[str, float] | None, recovered: dict[str, float] | None
    ) -> PruneQuality:
        """Return what was measured, for the report."""
        assert self._spec.task is not None
        return PruneQuality(
            metric=TUNING_TASKS[self._spec.task].objective.metric,
            before=before,
            after=after,
            recovered=recovered,
            steps=(self._steps[0], self._steps[1]),
        )

    @property
    def _planned(self) -> tuple[int, int]:
        options, rows = self._spec.training, self._session.data.train.num_rows
        return (
            count_steps(options.pruning_epochs or 0.0, rows, self._spec.batch_size),
            count_steps(options.recovery_epochs or 0.0, rows, self._spec.batch_size),
        )

    def _open(self, folder: Path) -> TrainingSession:
        return TrainingSession(self._spec, folder, self._cache, self._scratch, self._on_step, self._is_over)

    def _note_type(self) -> None:
        types = {stored.header.dtype for shard in open_shards(self._model) for stored in shard.tensors}
        note = "The model was trained in float32 and is saved so; its half-precision weights were half as large."
        if types & {"F16", "BF16"} and note not in self.notes:
            self.notes.append(note)

    def _is_over(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _make_distiller(self, student: Any, narrows: bool = False) -> Distiller | None:
        if not self._spec.training.distill:
            return None
        with own_randomness(self._spec.seed):
            return Distiller(self._session.load_model(), student, self._spec.training, narrows=narrows)
