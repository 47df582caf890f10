from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from persopt.domain.errors import Fault, JobCancelledError
from persopt.domain.space import ParameterConfig
from persopt.domain.trials import TrialRecord
from persopt.plugins import TrialRequest
from persopt.tuning.journal import MemoryJournal, StudyHistory
from tests.tuning.control import KILLED, control, quick, states
from tests.tuning.pools import (
    Event,
    SimulatedPool,
    failed,
    finished,
    in_turn,
)
from tests.tuning.studies import FINITE, MIXED


def test_only_the_best_trials_checkpoint_is_kept() -> None:
    values = [0.2, 0.5, 0.3, 0.9, 0.9, 0.1]
    there: list[list[str]] = []

    def script(request: TrialRequest) -> Iterable[Event]:
        there.append(sorted(path.parent.name for path in Path.cwd().glob("trials/*/checkpoint")))
        checkpoint = Path(request.folder) / "checkpoint"
        checkpoint.mkdir(parents=True)
        (checkpoint / "model.safetensors").write_bytes(b"weights")
        return [(1.0, finished(request.number, value0=values[request.number], checkpoint=str(checkpoint)))]

    journal = MemoryJournal()
    outcome = control(SimulatedPool(script), journal=journal, max_trials=6)
    assert there == [[], ["0000"], ["0001"], ["0001"], ["0003"], ["0003"]]
    kept = {trial.number: trial.checkpoint for trial in outcome.trials if trial.checkpoint is not None}
    assert kept == {3: "trials/0003/checkpoint"}
    assert [path.parent.name for path in Path.cwd().glob("trials/*/checkpoint")] == ["0003"]
    assert outcome.trials == list(journal.trials.values())


def test_what_a_crash_left_of_checkpoints_is_put_in_order() -> None:
    trials = []
    for number, value in enumerate([0.2, 0.7]):
        folder = Path.cwd() / "trials" / f"{number:04d}" / "checkpoint"
        folder.mkdir(parents=True)
        trials.append(
            TrialRecord(
                number=number,
                state="succeeded",
                params={"x": 0.1 + number / 10},
                values=[value],
                checkpoint=f"trials/{number:04d}/checkpoint",
            )
        )
    journal = MemoryJournal()
    journal.trials = {trial.number: trial for trial in trials}
    outcome = control(SimulatedPool(quick), journal=journal, history=journal.history(), max_trials=2)
    assert [trial.checkpoint for trial in outcome.trials] == [None, "trials/0001/checkpoint"]
    assert [path.parent.name for path in Path.cwd().glob("trials/*/checkpoint")] == ["0001"]
    assert journal.trials[0].checkpoint is None


@pytest.mark.parametrize("retries", [0, 1])
def test_half_a_model_of_a_killed_attempt_is_deleted(retries: int) -> None:
    def die(request: TrialRequest) -> Iterable[Event]:
        for name in ("checkpoint", ".checkpoint.abc.part"):
            (Path(request.folder) / name).mkdir(parents=True)
        return [(1.0, failed(request.number, KILLED))]

    control(SimulatedPool(in_turn(die, quick)), max_trials=2, retries=retries)
    left = {path.name for path in (Path.cwd() / "trials" / "0000").iterdir()}
    assert ".checkpoint.abc.part" not in left
    assert retries or "checkpoint" not in left


@pytest.mark.parametrize("strategy", ["random", "grid", "bayesian"])
@pytest.mark.parametrize("config", [MIXED, FINITE])
def test_an_interrupted_study_goes_on_as_the_uninterrupted_one(
    strategy: str, config: dict[str, ParameterConfig]
) -> None:
    if strategy == "grid" and config is MIXED:
        config = {"x": [1, 2, 3], "y": ["a", "b", "c", "d"]}

    def outline(trials: Iterable[TrialRecord]) -> list[tuple[object, ...]]:
        return [(trial.number, trial.state, trial.params, trial.values, trial.attempt) for trial in trials]

    def run(request: TrialRequest) -> Iterable[Event]:
        if request.number % 5 == 2:
            return [(1.0, failed(request.number, Fault(message="no good", code="error")))]
        return quick(request)

    whole = control(SimulatedPool(run), strategy=strategy, config=config, max_trials=12)
    for cut in range(1, 12):
        journal = MemoryJournal()

        def cancel_at(request: TrialRequest, cut: int = cut, journal: MemoryJournal = journal) -> Iterable[Event]:
            if request.number == cut:
                journal.cancel()
                return [(100.0, finished(request.number, value0=0.0))]
            return run(request)

        with pytest.raises(JobCancelledError):
            control(SimulatedPool(cancel_at), journal=journal, strategy=strategy, config=config, max_trials=12)
        pool = SimulatedPool(run)
        resumed = MemoryJournal()
        resumed.trials = dict(journal.trials)
        outcome = control(
            pool, journal=resumed, history=journal.history(5.0), strategy=strategy, config=config, max_trials=12
        )
        assert outline(outcome.trials) == outline(whole.trials)
        assert outline(resumed.trials.values()) == outline(whole.trials)
        # What had ended is not run again; what was running is, first, as the same attempt.
        assert [request.number for request in pool.submitted] == list(range(cut, len(whole.trials)))
        assert outcome.active_seconds > 5.0


def test_interrupted_trials_are_run_again_with_what_attempts_they_have_left() -> None:
    history = StudyHistory(
        trials=[
            TrialRecord(number=0, state="cancelled", params={"x": 0.1}, attempt=2),
            TrialRecord(number=1, state="failed", params={"x": 0.2}, attempt=1, fault=KILLED),
            TrialRecord(number=2, state="failed", params={"x": 0.3}, attempt=2, fault=KILLED),
            TrialRecord(number=3, state="failed", params={"x": 0.4}, fault=Fault(message="bad", code="error")),
            TrialRecord(number=4, state="running", params={"x": 0.5}),
        ]
    )
    pool = SimulatedPool(quick)
    outcome = control(pool, history=history, max_trials=5, retries=1)
    assert [(request.number, request.attempt) for request in pool.submitted] == [(0, 2), (1, 2), (4, 1)]
    assert states(outcome) == ["succeeded", "succeeded", "failed", "failed", "succeeded"]
