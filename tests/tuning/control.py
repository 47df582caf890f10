"""Running studies in pools, for the tests of the controller."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from persopt.domain.errors import Fault
from persopt.domain.objectives import Objective
from persopt.domain.space import ParameterConfig, ParameterSpec
from persopt.plugins import TrialPool, TrialRequest
from persopt.tuning.controller import ControllerRequest, StudyOutcome, TrialController
from persopt.tuning.journal import MemoryJournal, StudyHistory
from tests.tuning.pools import (
    Event,
    SimulatedPool,
    finished,
    reported,
)
from tests.tuning.studies import bowl, make_study

KILLED = Fault(message="the trial's process was ended by SIGKILL", code="killed", passing=True)
LINE: dict[str, ParameterConfig] = {"x": ParameterSpec(min=0.0, max=1.0)}


def control(
    pool: SimulatedPool | TrialPool,
    *,
    journal: MemoryJournal | None = None,
    history: StudyHistory | None = None,
    strategy: str = "random",
    config: dict[str, ParameterConfig] | None = None,
    max_trials: int | None = 4,
    **request: object,
) -> StudyOutcome:
    """Run a study of one objective, `value0`, in a pool."""
    study = make_study(strategy, config or LINE, max_trials=max_trials)
    wanted = {"objectives": (Objective("value0"),), "folder": Path.cwd(), **request}
    controller = TrialController(
        ControllerRequest(**wanted),  # type: ignore[arg-type]  # the test's own arguments
        study=study,
        pool=pool,
        journal=journal or MemoryJournal(),
        clock=pool.clock if isinstance(pool, SimulatedPool) else time.monotonic,
    )
    return controller.run(history or StudyHistory())


def quick(request: TrialRequest) -> Iterable[Event]:
    return [(1.0, finished(request.number, value0=bowl(request.params)))]


def endless(request: TrialRequest) -> Iterable[Event]:
    """Report every second, for an hour."""
    return [(float(second), reported(request.number, second, value0=float(second))) for second in range(1, 3600)]


def states(outcome: StudyOutcome) -> list[str]:
    return [trial.state for trial in outcome.trials]
