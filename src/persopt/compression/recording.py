"""What is told of a search while it runs: progress, and each candidate as a trial."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from persopt.compression.search import SearchEvents
from persopt.domain.compress_reports import CandidateReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import JobCancelledError
from persopt.domain.jobs import Progress
from persopt.domain.space import Params
from persopt.domain.trials import TrialRecord

__all__ = ("Recorder", "TrialWriter")

_TELL_SECONDS: Final = 0.5
_ENDED: Final = frozenset({"succeeded", "failed"})


class TrialWriter(Protocol):
    """The part of a job's journal that a search writes to: each trial once, or again where it turns out otherwise."""

    def start_trial(self, trial: TrialRecord, /) -> None:
        """Keep that a candidate is looked at."""
        ...

    def finish_trial(self, trial: TrialRecord, progress: Progress, /) -> None:
        """Keep what became of it."""
        ...


class Recorder:
    """Tells of a search.

    Args:
        spec: Resolved.
        tell: Told how far it is.
        is_cancelled: Asked whether to end.
        journal: Told of the candidates, if there is one.
        earlier: Candidates that the journal knows from runs before this one, which it takes up again. One that had
            ended and ends the same way now is not told again.
    """

    def __init__(
        self,
        spec: CompressSpec,
        tell: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
        journal: TrialWriter | None,
        earlier: Iterable[TrialRecord] = (),
    ) -> None:
        self._spec = spec
        self._tell = tell
        self._journal = journal
        self._trials = {trial.number: trial for trial in earlier if trial.state in _ENDED}
        self._done = set(self._trials)
        self._failed: set[int] = set()
        self._best: float | None = None
        self._message = ""
        self._told = 0.0
        self.is_cancelled = is_cancelled

    def say(self, message: str) -> None:
        """Tell at once what is done now; raise JobCancelledError if it is not wanted any more."""
        self._message = message
        self.look()
        self._tell(self._progress(message))

    def say_inside(self, message: str) -> None:
        """Tell now and then what a stage does."""
        now = time.monotonic()
        if now - self._told >= _TELL_SECONDS:
            self._told = now
            self._tell(self._progress(f"{self._message}: {message}" if message else self._message))

    def look(self) -> None:
        """Raise JobCancelledError if the search is not wanted any more."""
        if self.is_cancelled():
            raise JobCancelledError("the job was cancelled")

    def events(self) -> SearchEvents:
        """Return what a search calls."""
        return SearchEvents(begun=self._begin, ended=self._end, say=self.say)

    def _begin(self, number: int, params: Params) -> None:
        known = self._trials.get(number)
        if known is None or known.params != params:
            self._trials.pop(number, None)
            self._start(number, params)

    def _start(self, number: int, params: Params) -> None:
        if self._journal is not None:
            self._journal.start_trial(TrialRecord(number=number, state="running", params=params))

    def _end(self, candidate: CandidateReport, trial: TrialRecord, best: CandidateReport | None) -> None:
        self._done.add(candidate.number)
        if candidate.state == "failed":
            self._failed.add(candidate.number)
        self._best = None if best is None else best.metrics[self._spec.minimize]
        progress = self._progress(self._message)
        known = self._trials.get(trial.number)
        if known is None or _outcome(known) != _outcome(trial):
            if known is not None:  # it had ended, and was looked at once more
                self._start(trial.number, trial.params)
            if self._journal is not None:
                self._journal.finish_trial(trial, progress)
            self._trials[trial.number] = trial
        self._tell(progress)

    def _progress(self, message: str) -> Progress:
        total = self._spec.max_candidates
        return Progress(
            done=len(self._done),
            total=total,
            failed=len(self._failed),
            best=self._best,
            share=len(self._done) / total,
            message=message,
        )


def _outcome(trial: TrialRecord) -> tuple[Any, ...]:
    """Return what of a candidate's trial does not depend on when it ran."""
    return trial.state, trial.params, trial.values, trial.metrics
