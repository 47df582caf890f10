from __future__ import annotations

import msgspec

from persopt.domain.errors import Fault
from persopt.domain.events import (
    EventData,
    JobProgressed,
    TrialFailed,
    TrialReported,
    TrialStarted,
    TrialStopped,
    TrialSucceeded,
)
from persopt.domain.jobs import Progress
from persopt.domain.trials import Report, TrialRecord
from persopt.tuning.journal import MemoryJournal, TrialJournal

RUNNING = TrialRecord(number=0, state="running", params={"x": 1})
FAULT = Fault(message="lost")


def test_the_journal_keeps_and_tells_everything() -> None:
    events: list[EventData] = []
    moves: list[Progress] = []
    journal = MemoryJournal(events.append, moves.append)
    kept: TrialJournal = journal
    kept.start_trial(RUNNING, {"a": 1})
    kept.save_reports([Report(number=0, step=1, metrics={"loss": 1.0})], Progress(share=0.5))
    failed = msgspec.structs.replace(RUNNING, state="failed", fault=FAULT)
    kept.finish_trial(failed, Progress(), will_retry=True)
    assert (journal.trials[0].state, journal.trials[0].attempt) == ("running", 2)
    kept.start_trial(msgspec.structs.replace(RUNNING, attempt=2), None)
    assert journal.reports == []
    stopped = msgspec.structs.replace(RUNNING, attempt=2, state="stopped", fault=FAULT)
    kept.finish_trial(stopped, Progress(done=1), study_attributes={"b": 2})
    succeeded = msgspec.structs.replace(RUNNING, number=1, state="succeeded", values=[1.0], seconds=2.0)
    kept.finish_trial(succeeded, Progress(done=2))
    kept.set_checkpoint(1, "trials/0001/checkpoint")
    assert events == [
        TrialStarted(number=0, attempt=1, params={"x": 1}),
        TrialReported(number=0, step=1, metrics={"loss": 1.0}),
        JobProgressed(progress=Progress(share=0.5)),
        TrialFailed(number=0, attempt=1, fault=FAULT, will_retry=True),
        JobProgressed(progress=Progress()),
        TrialStarted(number=0, attempt=2, params={"x": 1}),
        TrialStopped(number=0, reason="lost"),
        JobProgressed(progress=Progress(done=1)),
        TrialSucceeded(number=1, values=[1.0], metrics={}, seconds=2.0),
        JobProgressed(progress=Progress(done=2)),
    ]
    assert moves == [event.progress for event in events if isinstance(event, JobProgressed)]
    history = journal.history(3.0)
    assert history.trials == [stopped, msgspec.structs.replace(succeeded, checkpoint="trials/0001/checkpoint")]
    assert (history.study_attributes, history.active_seconds) == ({"b": 2}, 3.0)


def test_cancelling_is_seen() -> None:
    journal = MemoryJournal()
    seen = [journal.is_cancelled()]
    journal.cancel()
    seen.append(journal.is_cancelled())
    assert seen == [False, True]
