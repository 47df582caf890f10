"""Reports of studies that nobody ran, with everything in them that a report can show."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Final

from persopt.domain.errors import Fault
from persopt.domain.objectives import Objective
from persopt.domain.reports import TuneReport
from persopt.domain.space import ParameterConfig, ParameterSpec, Params
from persopt.domain.space_building import build_space
from persopt.domain.specs import TuneSpec
from persopt.domain.trials import Report, TrialRecord
from persopt.tuning.importance import find_importances
from persopt.tuning.ranking import find_best, front_numbers

__all__ = ("CONFIG", "START", "make_report", "make_spec", "make_trials")

START: Final = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CONFIG: Final[dict[str, ParameterConfig]] = {
    "learningRate": ParameterSpec(min=1e-5, max=1e-3, distribution="log_uniform"),
    "batchSize": [8, 16, 32],
    "epochs": ParameterSpec(min=1, max=4),
    "weightDecay": ParameterSpec(min=0.0, max=0.1, step=3),
    "optim": ["adamw_torch", "sgd"],
    "adamBeta2": ParameterSpec(min=0.9, max=0.999, when={"optim": "adamw_torch"}),
    "warmupSteps": 10,
}
GOALS: Final = (Objective("accuracy"), Objective("loss", "minimize"))


def make_spec(name: str = "دیدگاه‌ها", objectives: int = 2) -> TuneSpec:
    """Return a resolved spec."""
    return TuneSpec(
        name=name,
        base_model_path="/models/bert fa",
        dataset_path="/data/reviews.csv",
        task="text-classification",
        config=CONFIG,
        objectives=list(GOALS[:objectives]),
        strategy="bayesian",
        strategy_options={"nStartupTrials": 5},
        max_trials=30,
    )


def make_trials(count: int, objectives: int = 2) -> list[TrialRecord]:
    """Return trials of which every sixth failed and every sixth was stopped."""
    rng = random.Random(1)
    trials = []
    for number in range(count):
        params: Params = {
            "learningRate": 10 ** rng.uniform(-5, -3),
            "batchSize": rng.choice([8, 16, 32]),
            "epochs": rng.randint(1, 4),
            "weightDecay": rng.choice([0.0, 0.05, 0.1]),
            "optim": rng.choice(["adamw_torch", "sgd"]),
        }
        if params["optim"] == "adamw_torch":
            params["adamBeta2"] = rng.uniform(0.9, 0.999)
        params["warmupSteps"] = 10
        values = [rng.uniform(0.5, 0.9), rng.uniform(0.1, 0.7)][:objectives]
        begin = START + timedelta(minutes=number)
        state, fault = "succeeded", None
        if number % 6 == 4:
            state, values, fault = "failed", [], Fault(message="the loss became NaN", hint="lower learningRate")
        elif number % 6 == 5:
            state, fault = "stopped", Fault(message="below the median")
        trials.append(
            TrialRecord(
                number=number,
                state=state,  # type: ignore[arg-type]  # one of the states
                params=params,
                values=values,
                metrics=dict(zip(("accuracy", "loss"), values, strict=False)),
                attributes={"tpe:note": "kept", "persopt:step": 3},
                fault=fault,
                seconds=30.5,
                started_at=begin,
                finished_at=begin + timedelta(seconds=30.5),
            )
        )
    return trials


def make_report(count: int = 30, objectives: int = 2, name: str = "دیدگاه‌ها") -> TuneReport:
    """Return the report of such a study."""
    spec, trials = make_spec(name, objectives), make_trials(count, objectives)
    space = build_space(spec.config)
    importances = find_importances(trials, spec.objectives, space)
    return TuneReport(
        objectives=spec.objectives,
        best=find_best(trials, spec.objectives),
        pareto=front_numbers(trials, spec.objectives),
        trials=trials,
        ended_by="trials",
        strategy=spec.strategy,
        space_size=space.size,
        model_path="/jobs/x/artifacts/best-model",
        artifacts={},
        seconds=1834.2,
        environment={
            "seed": 7,
            "python": "3.11.7",
            "cpu": {"model": "A processor", "usableCores": 2, "logicalCores": 4, "threadVariables": {"A_THREADS": "1"}},
            "memoryBytes": 2**34,
            "versions": {"torch": "2.13.0"},
            "modelHash": "abc123",
            "extra": "noted",
        },
        job_id="0123456789abcdef0123",
        importances=importances.shares,
        importance_notes=importances.notes,
        curves=[
            Report(number=trial.number, step=step, metrics={"accuracy": trial.values[0] - 0.1 / step}, share=step / 4)
            for trial in trials
            if trial.values
            for step in range(1, 3 if trial.state == "stopped" else 5)
        ],
        spec=spec,
    )
