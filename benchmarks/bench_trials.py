"""What does the machinery of a trial cost?"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.contest import contest

TRIALS = 500
SPACE = {"learningRate": (1e-5, 1e-3), "weightDecay": (0.0, 0.1), "dropout": (0.0, 0.5), "a": (0, 1), "b": (0, 1)}


def objective(params: dict[str, Any], trial: Any) -> float:
    """Do next to nothing: three reports and a sum."""
    for step in range(3):
        trial.report(step, value=step + params["learningRate"])
    return float(sum(params.values()))


def run_persopt() -> float:
    """500 trials as a durable job, every event on the stream at the end, worker processes and all."""
    from persopt.domain.space import ParameterSpec
    from persopt.domain.specs import TuneSpec
    from persopt.runtime import Runtime
    from persopt.settings import load_settings

    spec = TuneSpec(
        function="benchmarks.bench_trials:objective",
        function_path=[str(Path(__file__).parents[1])],
        config={name: ParameterSpec(min=low, max=high, type="float") for name, (low, high) in SPACE.items()},
        max_trials=TRIALS,
    )
    with tempfile.TemporaryDirectory() as home, Runtime.open(load_settings({}, home=home)) as runtime:
        begun = time.perf_counter()
        job = runtime.run(spec)
        seconds = time.perf_counter() - begun
        if job.state != "succeeded" or runtime.store.event_lag() or len(runtime.kernel.trials(job.id)) != TRIALS:
            raise SystemExit(f"not whole: {job}")
    return seconds


def run_optuna() -> float:
    """500 trials by `Study.optimize` in one process, on Optuna's own SQLite storage; no events, no other process."""
    import optuna

    class Reporter:
        def __init__(self, trial: optuna.Trial) -> None:
            self._trial = trial

        def report(self, step: int, value: float) -> None:
            self._trial.report(value, step)

    def wrapped(trial: optuna.Trial) -> float:
        params = {name: trial.suggest_float(name, low, high) for name, (low, high) in SPACE.items()}
        return objective(params, Reporter(trial))

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        storage = f"sqlite:///{folder}/optuna.db"
        study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(seed=0))
        study.optimize(wrapped, n_trials=TRIALS)
        return time.perf_counter() - begun


if __name__ == "__main__":
    contest(
        f"{TRIALS} trivial trials",
        "Five float parameters, random sampling, three reports a trial; from before the study exists to its end. "
        "persopt: a durable job in its own process, trials in a worker process, every event acknowledged by NATS. "
        "Optuna: one process, SQLite storage.",
        {"Optuna, SQLite": run_optuna, "persopt, job and events": run_persopt},
    )
