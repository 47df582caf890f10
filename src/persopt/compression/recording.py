"""What is told of a search while it runs: progress, and each candidate as a trial."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from persopt.compression.search import SearchEvents
from persopt.domain.compress_reports import CandidateReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import JobCancelledError
from persopt.domain.jobs import Progress
from persopt.domain.space import Params
from persopt.domain.trials import TrialRecord

__all__ = ("Recorder", "TrialWriter")

_TELL_SECONDS: Final = 0.5


class TrialWriter(Protocol):
    """The part of a job's journal that a search writes to; a trial that is written again replaces itself."""

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
    """

    def __init__(
        self,
        spec: CompressSpec,
        tell: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
        journal: TrialWriter | None,
    ) -> None:
        self._spec = spec
        self._tell = tell
        self._journal = journal
        self._done = 0
        self._failed = 0
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
        if self._journal is not None:
            self._journal.start_trial(TrialRecord(number=number, state="running", params=params))

    def _end(self, candidate: CandidateReport, trial: TrialRecord, best: CandidateReport | None) -> None:
        self._done = max(self._done, candidate.number + 1)
        self._failed += candidate.state == "failed"
        self._best = None if best is None else best.metrics[self._spec.minimize]
        progress = self._progress(self._message)
        if self._journal is not None:
            self._journal.finish_trial(trial, progress)
        self._tell(progress)

    def _progress(self, message: str) -> Progress:
        total = self._spec.max_candidates
        return Progress(
            done=self._done,
            total=total,
            failed=self._failed,
            best=self._best,
            share=self._done / total,
            message=message,
        )
