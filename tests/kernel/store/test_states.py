"""Random lives of jobs: only legal changes of state happen, and each has its events, numbered without gaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from persopt.domain.errors import ConflictError, LeaseLostError
from persopt.domain.jobs import JobRecord, Progress
from persopt.domain.trials import Report, TrialState
from persopt.kernel.store import JobWriter, Store
from tests.kernel.store.records import FAULT, LEASE_SECONDS, event_names, make_job, make_lease, make_trial

MAX_CRASHES = 2
FINISHES = {"succeeded": "trial.succeeded", "failed": "trial.failed", "stopped": "trial.stopped"}


@dataclass
class Life:
    """What a job should look like."""

    created: JobRecord
    state: str = "queued"
    events: list[str] = field(default_factory=lambda: ["job.queued"])
    trials: dict[int, str] = field(default_factory=dict)
    holders: int = 0
    resumes: int = 0
    crashes: int = 0
    cancel_requested: bool = False

    @property
    def id(self) -> str:
        """The job."""
        return self.created.id

    @property
    def holder(self) -> str:
        """Token of the newest lease."""
        return f"{self.id}-{self.holders}"

    def end(self, state: str) -> None:
        """End the job, and its running trials with it."""
        outcome = {"failed": "failed"}.get(state, "cancelled")
        running = [number for number, trial in sorted(self.trials.items()) if trial == "running"]
        self.trials |= dict.fromkeys(running, outcome)
        self.events += [{"failed": "trial.failed"}.get(state, "trial.stopped")] * len(running) + [f"job.{state}"]
        self.state = state

    def release(self) -> None:
        """Take the job from its dead process."""
        self.crashes += 1
        if self.cancel_requested:
            self.end("cancelled")
        elif self.crashes >= MAX_CRASHES:
            self.end("failed")
        else:
            self.queue()

    def queue(self) -> None:
        """Queue the job again."""
        self.state = "queued"
        self.resumes += 1
        self.events.append("job.queued")


class JobLives(RuleBasedStateMachine):
    """Does anything to a few jobs, allowed or not."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        self.lives: list[Life] = []

    def teardown(self) -> None:
        """Leave no job that the next example could claim."""
        for life in self.lives:
            if life.state in ("queued", "running"):
                self.store.request_cancel(life.id)
                self.store.force_cancel(life.id, life.holder)
        self.store.mark_published([row.position for row in self.store.pending_events(100_000)])

    @rule()
    def create(self) -> None:
        """Create a job, each a minute younger than the one before."""
        job = self.store.create_job(make_job(len(self.lives)))
        self.lives.append(Life(job))

    @rule()
    def claim_oldest(self) -> None:
        """Claim the oldest queued job."""
        oldest = next((life for life in self.lives if life.state == "queued"), None)
        token = f"{oldest.id}-{oldest.holders + 1}" if oldest is not None else "nobody"
        job = self.store.claim_job(make_lease(token))
        assert (job and job.id) == (oldest and oldest.id)
        if oldest is not None:
            self._note_claim(oldest)

    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        """Claim a job by its id."""
        for life in self._draw(data):
            job = self.store.claim_job(make_lease(f"{life.id}-{life.holders + 1}"), job_id=life.id)
            assert (job is not None) == (life.state == "queued")
            if job is not None:
                self._note_claim(life)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Ask for the end of a job."""
        for life in self._draw(data):
            if life.state not in ("queued", "running"):
                with pytest.raises(ConflictError):
                    self.store.request_cancel(life.id)
                continue
            self.store.request_cancel(life.id)
            life.cancel_requested = True
            if life.state == "queued":
                life.end("cancelled")

    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        """Resume a job."""
        for life in self._draw(data):
            if life.state not in ("failed", "cancelled"):
                with pytest.raises(ConflictError):
                    self.store.resume_job(life.id)
                continue
            self.store.resume_job(life.id)
            life.queue()
            life.crashes, life.cancel_requested = 0, False

    @rule(data=st.data(), number=st.integers(0, 2))
    def start_trial(self, data: st.DataObject, number: int) -> None:
        """Start a trial, perhaps again."""
        for life, writer in self._draw_writer(data):
            writer.start_trial(make_trial(number))
            life.trials[number] = "running"
            life.events.append("trial.started")

    @rule(data=st.data())
    def report(self, data: st.DataObject) -> None:
        """Report from every running trial."""
        for life, writer in self._draw_writer(data):
            running = [number for number, state in life.trials.items() if state == "running"]
            writer.save_reports([Report(number=number, step=1, metrics={}) for number in running], Progress())
            life.events += ["trial.reported"] * len(running) + ["job.progress"]

    @rule(data=st.data(), outcome=st.sampled_from(["succeeded", "failed", "stopped"]), retry=st.booleans())
    def finish_trial(self, data: st.DataObject, outcome: TrialState, retry: bool) -> None:
        """Finish a running trial; a failed one may go on."""
        for life, writer in self._draw_writer(data):
            for number in [number for number, state in life.trials.items() if state == "running"][:1]:
                retry &= outcome == "failed"
                trial = make_trial(number, outcome, values=[1.0] if outcome == "succeeded" else [], fault=FAULT)
                writer.finish_trial(trial, Progress(), will_retry=retry)
                life.trials[number] = "running" if retry else outcome
                life.events.append(FINISHES[outcome])
                life.crashes = 0

    @rule(data=st.data(), state=st.sampled_from(["succeeded", "failed", "cancelled"]))
    def end(self, data: st.DataObject, state: str) -> None:
        """End a job from its own process."""
        for life, writer in self._draw_writer(data):
            if state == "succeeded":
                writer.succeed({}, Progress(), None, 1.0)
            elif state == "failed":
                writer.fail(FAULT, 1.0)
            else:
                writer.cancel(Progress(), 1.0)
            life.end(state)

    @rule(data=st.data(), how=st.sampled_from(["seen", "silent", "killed"]))
    def lose_process(self, data: st.DataObject, how: str) -> None:
        """Take a job from its process; nothing happens to one that nobody runs."""
        for life in self._draw(data):
            if how == "silent":
                running = [one for one in self.lives if one.state == "running"]
                released = self.store.release_expired(MAX_CRASHES, now=datetime.now(UTC) + timedelta(days=1))
                assert {job.id for job in released} == {one.id for one in running}
                for one in running:
                    one.release()
                continue
            if how == "seen":
                job = self.store.release_crashed(life.id, life.holder, MAX_CRASHES, FAULT)
            else:
                job = self.store.force_cancel(life.id, life.holder)
            assert (job is not None) == (life.state == "running")
            if job is not None and how == "seen":
                life.release()
            elif job is not None:
                life.end("cancelled")

    @rule(data=st.data())
    def write_without_the_lease(self, data: st.DataObject) -> None:
        """Write as an earlier holder, or after the end: refused."""
        for life in self._draw(data):
            token = f"{life.id}-{life.holders - 1}" if life.state == "running" else life.holder
            writer = self.store.writer(life.id, token, LEASE_SECONDS)
            with pytest.raises(LeaseLostError):
                writer.start_trial(make_trial(0))

    @invariant()
    def the_store_agrees(self) -> None:
        """Every job, its trials and its events are as they should be."""
        for life in self.lives:
            job = self.store.get_job(life.id)
            assert job.state == life.state
            assert (job.resumes, job.crashes) == (life.resumes, life.crashes)
            assert job.cancel_requested == life.cancel_requested
            assert (job.lease.token if job.lease else None) == (life.holder if life.state == "running" else None)
            assert (job.finished_at is not None) == job.is_finished
            assert (job.fault is not None) == (job.state == "failed")
            trials = {trial.number: trial.state for trial in self.store.list_trials(life.id)}
            assert trials == life.trials
            assert not (job.is_finished and "running" in trials.values())
            assert event_names(self.store, life.id) == life.events

    def _note_claim(self, life: Life) -> None:
        life.state = "running"
        life.holders += 1
        life.events.append("job.started")

    def _draw(self, data: st.DataObject) -> list[Life]:
        return [data.draw(st.sampled_from(self.lives))] if self.lives else []

    def _draw_writer(self, data: st.DataObject) -> list[tuple[Life, JobWriter]]:
        running = [life for life in self.lives if life.state == "running"]
        life = data.draw(st.sampled_from(running)) if running else None
        return [(life, self.store.writer(life.id, life.holder, LEASE_SECONDS))] if life is not None else []


def test_any_life_of_a_job_is_legal_and_told(store: Store) -> None:
    machine: type[Any] = type("Lives", (JobLives,), {"store": store})
    run_state_machine_as_test(machine, settings=settings(max_examples=30, stateful_step_count=30, deadline=None))
