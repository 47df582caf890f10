"""The best trial's model is kept, every other one is deleted as soon as it is beaten."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from persopt.domain.objectives import Constraint, Objective
from persopt.domain.trials import TrialRecord
from persopt.tuning.journal import TrialJournal
from persopt.tuning.ranking import find_best, is_better

__all__ = ("CheckpointKeeper",)


class CheckpointKeeper:
    """Decides which checkpoints stay, and deletes the others.

    Args:
        folder: The job's folder, to which the paths in records are relative.
        objectives: What makes a trial better.
        journal: Told when a checkpoint is deleted.
        constraints: What a trial has to keep.
    """

    def __init__(
        self,
        folder: Path,
        objectives: Sequence[Objective],
        journal: TrialJournal,
        constraints: Sequence[Constraint] = (),
    ) -> None:
        self._folder = folder
        self._objectives = objectives
        self._constraints = constraints
        self._journal = journal
        self._best: TrialRecord | None = None

    def restore(self, trials: Iterable[TrialRecord]) -> list[TrialRecord]:
        """Take up the records of an interrupted study; delete what should be gone already."""
        trials = list(trials)
        with_model = (trial for trial in trials if trial.checkpoint is not None)
        self._best = find_best(with_model, self._objectives, self._constraints)
        kept = None if self._best is None else self._best.number
        return [
            self._forget(trial) if trial.checkpoint is not None and trial.number != kept else trial for trial in trials
        ]

    def judge(self, trial: TrialRecord, checkpoint: str | None, folder: Path) -> TrialRecord:
        """Return an ended trial's record with its checkpoint if it is to be kept; else delete the checkpoint.

        Args:
            trial: The record, without checkpoint.
            checkpoint: Folder of the trained model, if there is one.
            folder: The trial's folder, where an attempt that was killed may have left half a model.
        """
        for half in folder.glob(".checkpoint*"):
            _delete(half)
        is_best = trial.values and is_better(trial, self._best, self._objectives, self._constraints)
        if checkpoint is not None and is_best:
            path = Path(checkpoint)
            kept = path.relative_to(self._folder) if path.is_relative_to(self._folder) else path
            return msgspec.structs.replace(trial, checkpoint=kept.as_posix())
        if checkpoint is not None:
            _delete(Path(checkpoint))
        elif trial.state != "succeeded":
            _delete(folder / "checkpoint")
        return trial

    def keep(self, trial: TrialRecord) -> TrialRecord | None:
        """Make a trial, whose record with its checkpoint is saved, the best one; return the beaten one."""
        if trial.checkpoint is None:
            return None
        beaten, self._best = self._best, trial
        return self._forget(beaten) if beaten is not None else None

    def _forget(self, trial: TrialRecord) -> TrialRecord:
        # Deleted first: a crash in between leaves a record that `restore` mends, not a folder that nobody knows.
        _delete(self._folder / (trial.checkpoint or ""))
        self._journal.set_checkpoint(trial.number, None)
        return msgspec.structs.replace(trial, checkpoint=None)


def _delete(checkpoint: Path) -> None:
    """Delete a checkpoint; one that cannot be deleted costs disk space, not the study."""
    shutil.rmtree(checkpoint, ignore_errors=True)
