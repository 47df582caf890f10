"""Studies and spaces for the tests of tuning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import Struct

from persopt.domain.objectives import Constraint, Objective
from persopt.domain.space import ParameterConfig, ParameterSpec, Params, Scalar, Space
from persopt.domain.space_building import build_space
from persopt.domain.trials import TrialRecord
from persopt.plugins import SamplingStrategy
from persopt.tuning.builtin.bayesian import BayesianOptions, BayesianSearch
from persopt.tuning.builtin.cmaes import EvolutionSearch
from persopt.tuning.builtin.grid import GridSearch
from persopt.tuning.builtin.nsga2 import GeneticSearch
from persopt.tuning.builtin.qmc import QuasiRandomSearch
from persopt.tuning.builtin.random import RandomSearch
from persopt.tuning.study import Study, StudyRequest

STRATEGIES: dict[str, SamplingStrategy[Any]] = {
    "random": RandomSearch(),
    "grid": GridSearch(),
    "bayesian": BayesianSearch(),
    "cmaes": EvolutionSearch(),
    "qmc": QuasiRandomSearch(),
    "nsga2": GeneticSearch(),
}

MIXED: dict[str, ParameterConfig] = {
    "rate": ParameterSpec(min=1e-5, max=1e-1, distribution="log_uniform"),
    "count": ParameterSpec(min=1, max=9),
    "kind": ["a", "b", "c"],
    "extra": ParameterSpec(min=0.0, max=1.0, when={"kind": ["a", "b"]}),
}
"""A space that never ends, with a condition."""

FINITE: dict[str, ParameterConfig] = {
    "rate": ParameterSpec(min=1e-4, max=1e-1, distribution="log_uniform", step=4),
    "kind": ["a", "b"],
    "layers": ParameterSpec(min=1, max=3, when={"kind": "b"}),
}
"""A space of sixteen points, with a condition."""


def make_space(config: Mapping[str, ParameterConfig]) -> Space:
    return build_space(config, known_only=False)


def make_study(
    strategy: str,
    config: Mapping[str, ParameterConfig],
    *,
    options: Struct | None = None,
    objectives: int = 1,
    seed: int = 7,
    max_trials: int | None = None,
    constraints: tuple[Constraint, ...] = (),
) -> Study:
    """Return a study; Bayesian ones use their model from the fourth trial on."""
    chosen = STRATEGIES[strategy]
    if options is None:
        options = BayesianOptions(n_startup_trials=3) if strategy == "bayesian" else chosen.options()
    return Study(
        StudyRequest(
            strategy=chosen,
            options=options,
            space=make_space(config),
            objectives=tuple(Objective(f"value{index}") for index in range(objectives)),
            seed=seed,
            max_trials=max_trials,
            constraints=constraints,
        )
    )


def ask_record(study: Study) -> TrialRecord | None:
    """Ask for a trial and return its record, running."""
    asked = study.ask()
    if asked is None:
        return None
    return TrialRecord(number=asked.number, state="running", params=asked.params, attributes=asked.attributes)


def run_study(study: Study, end: Callable[[TrialRecord], TrialRecord], limit: int = 10_000) -> list[TrialRecord]:
    """Run trials one after the other until the study ends, each ended by `end`."""
    records: list[TrialRecord] = []
    while len(records) < limit and (record := ask_record(study)) is not None:
        records.append(study.tell(end(record)))
    return records


def succeed_with(value: Callable[[Params], float], **metrics: float) -> Callable[[TrialRecord], TrialRecord]:
    """Return an ending of trials: success with the value of their points."""

    def end(record: TrialRecord) -> TrialRecord:
        return msgspec.structs.replace(record, state="succeeded", values=[value(record.params)], metrics=metrics)

    return end


def bowl(params: Params) -> float:
    """Return a value of a point that depends on all that MIXED and FINITE have."""
    kinds = {"a": 0.3, "b": 0.1}
    rate, count = float(params.get("rate", 0)), float(params.get("count", 5))
    return -abs(rate - 0.01) - abs(count - 4) - kinds.get(str(params.get("kind")), 0.0) - float(params.get("extra", 0))


_SCALARS: st.SearchStrategy[Scalar] = st.one_of(
    st.booleans(), st.integers(-3, 3), st.sampled_from([-1.5, 0.0, 1.0, 2.5]), st.text("xyz", max_size=2)
)


@st.composite
def finite_configs(draw: st.DrawFn) -> dict[str, ParameterConfig]:
    """Draw spaces of up to a few hundred points, some with conditions, choices of mixed types, log grids."""
    config: dict[str, ParameterConfig] = {}
    for name in draw(st.lists(st.sampled_from("pqrs"), min_size=1, max_size=4, unique=True)):
        when = _draw_condition(draw, config)
        kind = draw(st.sampled_from(["choices", "int", "int grid", "float grid"]))
        if kind == "choices":
            choices = draw(st.lists(_SCALARS, min_size=1, max_size=4, unique_by=lambda value: (type(value), value)))
            config[name] = ParameterSpec(choices=choices, when=when)
            continue
        low = draw(st.integers(1, 4))
        log = draw(st.booleans())
        config[name] = ParameterSpec(
            min=low,
            max=low + draw(st.integers(0, 3 if kind == "int" else 40)),
            distribution="log_uniform" if log else "uniform",
            step=None if kind == "int" else draw(st.integers(2, 4)),
            type="float" if kind == "float grid" else "int",
            when=when,
        )
    return config


def _draw_condition(draw: st.DrawFn, config: Mapping[str, ParameterConfig]) -> dict[str, Scalar | list[Scalar]]:
    deciding = {name: spec.choices for name, spec in config.items() if isinstance(spec, ParameterSpec) and spec.choices}
    if not deciding or draw(st.booleans()):
        return {}
    name = draw(st.sampled_from(sorted(deciding)))
    return {name: list(draw(st.lists(st.sampled_from(deciding[name]), min_size=1, max_size=2)))}
