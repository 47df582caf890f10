"""The best trial's model is kept, and the models of a few stopped trials; the others are deleted when beaten."""

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
        stopped: Most stopped trials whose models are kept besides the best trial's: those with the best values.
    """

    def __init__(
        self,
        folder: Path,
        objectives: Sequence[Objective],
        journal: TrialJournal,
        constraints: Sequence[Constraint] = (),
        *,
        stopped: int = 0,
    ) -> None:
        self._folder = folder
        self._objectives = objectives
        self._constraints = constraints
        self._journal = journal
        self._most_stopped = stopped
        self._best: TrialRecord | None = None
        self._stopped: list[TrialRecord] = []

    def restore(self, trials: Iterable[TrialRecord]) -> list[TrialRecord]:
        """Take up the records of an interrupted study; delete what should be gone already."""
        trials = list(trials)
        with_model = [trial for trial in trials if trial.checkpoint is not None]
        self._best = find_best(with_model, self._objectives, self._constraints)
        self._stopped = [trial for trial in with_model if trial is not self._best and trial.state == "stopped"]
        self._stopped = self._sort(self._stopped)[: self._most_stopped]
        kept = {trial.number for trial in self._stopped}
        kept |= set() if self._best is None else {self._best.number}
        return [
            self._forget(trial) if trial.checkpoint is not None and trial.number not in kept else trial
            for trial in trials
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
        if checkpoint is not None and (self._is_best(trial) or self._is_kept_stopped(trial)):
            path = Path(checkpoint)
            kept = path.relative_to(self._folder) if path.is_relative_to(self._folder) else path
            return msgspec.structs.replace(trial, checkpoint=kept.as_posix())
        if checkpoint is not None:
            _delete(Path(checkpoint))
        elif trial.state != "succeeded":
            _delete(folder / "checkpoint")
        return trial

    def keep(self, trial: TrialRecord) -> list[TrialRecord]:
        """Take a trial whose record with its checkpoint is saved; return the beaten ones, without theirs."""
        if trial.checkpoint is None:
            return []
        moved: TrialRecord | None = trial
        if self._is_best(trial):
            moved, self._best = self._best, trial
        beaten = []
        if moved is not None and moved.checkpoint is not None:
            if moved.state == "stopped":
                self._stopped = self._sort([*self._stopped, moved])
            else:
                beaten.append(moved)
        beaten += self._stopped[self._most_stopped :]
        del self._stopped[self._most_stopped :]
        return [self._forget(trial) for trial in beaten]

    def _is_best(self, trial: TrialRecord) -> bool:
        return bool(trial.values) and is_better(trial, self._best, self._objectives, self._constraints)

    def _is_kept_stopped(self, trial: TrialRecord) -> bool:
        if trial.state != "stopped":
            return False
        return any(one is trial for one in self._sort([*self._stopped, trial])[: self._most_stopped])

    def _sort(self, trials: Iterable[TrialRecord]) -> list[TrialRecord]:
        """Order stopped trials, the best first; an objective that one has not reported counts as the worst."""

        def key(trial: TrialRecord) -> tuple[float, ...]:
            losses = (
                (-1 if item.direction == "maximize" else 1) * trial.metrics[item.metric]
                if item.metric in trial.metrics
                else float("inf")
                for item in self._objectives
            )
            return (*losses, trial.number)

        return sorted(trials, key=key)

    def _forget(self, trial: TrialRecord) -> TrialRecord:
        # Deleted first: a crash in between leaves a record that `restore` mends, not a folder that nobody knows.
        _delete(self._folder / (trial.checkpoint or ""))
        self._journal.set_checkpoint(trial.number, None)
        return msgspec.structs.replace(trial, checkpoint=None)


def _delete(checkpoint: Path) -> None:
    """Delete a checkpoint; one that cannot be deleted costs disk space, not the study."""
    shutil.rmtree(checkpoint, ignore_errors=True)
