"""Which strategy finds the best point in the same number of trials, and which tries points twice?

Branin's function has two parameters and three equal valleys (lowest 0.3979), Hartmann's has six parameters and six
valleys (lowest -3.3224). Every contestant is driven as persopt's studies drive it, one trial after the other.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from persopt.domain.objectives import Objective
from persopt.domain.space import ParameterConfig, ParameterSpec, point_key
from persopt.domain.space_building import build_space
from persopt.domain.trials import TrialRecord
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_modules
from persopt.plugins.options import decode_options
from persopt.settings import Settings
from persopt.tuning.study import Study, StudyRequest

SEEDS = 20
STRATEGIES: dict[str, tuple[str, dict[str, Any]]] = {
    "random": ("random", {}),
    "qmc": ("qmc", {}),
    "bayesian (tpe)": ("bayesian", {}),
    "bayesian (gp)": ("bayesian", {"model": "gp"}),
    "cmaes": ("cmaes", {}),
    "nsga2": ("nsga2", {}),
}
PEER = "plain Optuna (TPE)"
BRANIN: dict[str, ParameterConfig] = {
    "x": ParameterSpec(min=-5.0, max=10.0),
    "y": ParameterSpec(min=0.0, max=15.0),
}
HARTMANN: dict[str, ParameterConfig] = {f"x{number}": ParameterSpec(min=0.0, max=1.0) for number in range(6)}
THIRTY_SIX: dict[str, ParameterConfig] = {
    "x": ParameterSpec(min=0, max=5),
    "y": ParameterSpec(min=0, max=5),
}
_HEIGHTS = (1.0, 1.2, 3.0, 3.2)
_WIDTHS = (
    (10, 3, 17, 3.5, 1.7, 8),
    (0.05, 10, 17, 0.1, 8, 14),
    (3, 3.5, 1.7, 10, 17, 8),
    (17, 8, 0.05, 10, 0.1, 14),
)
_CENTRES = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)

Function = Callable[[Mapping[str, Any]], float]


def branin(params: Mapping[str, Any]) -> float:
    """Branin and Hoo, 1972."""
    x, y = params["x"], params["y"]
    valley = (y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2
    return float(valley + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)


def hartmann(params: Mapping[str, Any]) -> float:
    """Hartman, 1973, in six dimensions."""
    point = [params[name] for name in HARTMANN]
    exponents = (
        sum(width * (x - centre) ** 2 for width, x, centre in zip(widths, point, centres, strict=True))
        for widths, centres in zip(_WIDTHS, _CENTRES, strict=True)
    )
    return -sum(height * math.exp(-exponent) for height, exponent in zip(_HEIGHTS, exponents, strict=True))


def bowl(params: Mapping[str, Any]) -> float:
    """Return a function of the 36 points whose lowest is inside."""
    return float((params["x"] - 2) ** 2 + (params["y"] - 3) ** 2)


def run_study(name: str, config: dict[str, ParameterConfig], function: Function, trials: int, seed: int) -> Any:
    """Return the values and the points of a study."""
    if name == PEER:
        return _run_optuna(config, function, trials, seed)
    strategy_name, options = STRATEGIES[name]
    strategy = load_modules(BUILTIN_MODULES, Settings()).sampling_strategy(strategy_name)
    request = StudyRequest(
        strategy=strategy,
        options=decode_options(strategy, options),
        space=build_space(config, known_only=False),
        objectives=(Objective("value", "minimize"),),
        seed=seed,
        max_trials=trials,
    )
    study, values, points = Study(request), [], []
    while (asked := study.ask()) is not None:
        values.append(function(asked.params))
        points.append(point_key(asked.params))
        record = TrialRecord(number=asked.number, state="running", params=asked.params, attributes=asked.attributes)
        study.tell(msgspec.structs.replace(record, state="succeeded", values=values[-1:]))
    return values, points


def _run_optuna(config: dict[str, ParameterConfig], function: Function, trials: int, seed: int) -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))

    def objective(trial: optuna.Trial) -> float:
        for name, spec in config.items():
            suggest = trial.suggest_float if isinstance(spec.min, float) else trial.suggest_int  # type: ignore[union-attr]
            suggest(name, spec.min, spec.max)  # type: ignore[union-attr, arg-type]
        return function(trial.params)

    study.optimize(objective, n_trials=trials)
    return [trial.value for trial in study.trials], [point_key(trial.params) for trial in study.trials]


def measure(name: str) -> dict[str, str]:
    """Return a row of the table: medians over the seeds with quartiles, and the repeats."""
    row = {}
    for title, config, function, trials in (
        ("Branin, 40 trials", BRANIN, branin, 40),
        ("Hartmann-6, 60 trials", HARTMANN, hartmann, 60),
    ):
        lowest = sorted(min(run_study(name, config, function, trials, seed)[0]) for seed in range(SEEDS))
        quartiles = statistics.quantiles(lowest, n=4)
        row[title] = f"{quartiles[1]:.3f} ({quartiles[0]:.3f} to {quartiles[2]:.3f})"
    repeats = []
    for seed in range(SEEDS):
        points = run_study(name, THIRTY_SIX, bowl, 30, seed)[1]
        repeats.append(len(points) - len(set(points)))
    row["repeats in 30 trials on 36 points"] = f"{statistics.median(repeats):g} (at most {max(repeats)})"
    return row


def main() -> None:
    """Describe the benchmark, or run the contestant named on the command line."""
    if sys.argv[1] == "describe":
        how = (
            f"Lowest value found, median of {SEEDS} seeds (quartiles); known lowest: Branin 0.398, Hartmann-6 -3.322. "
            "The repeats are those of a study on a space of 36 points."
        )
        contestants = [*STRATEGIES, PEER]
        print(
            json.dumps({"question": "Best value in equal trials", "how": how, "contestants": contestants, "rounds": 1})
        )
        return
    print(json.dumps({"row": measure(sys.argv[1])}))


if __name__ == "__main__":
    main()
