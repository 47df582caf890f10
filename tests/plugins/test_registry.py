"""Looking contributions up, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from persopt.domain.errors import InputError
from persopt.plugins.discovery import load_registry
from persopt.plugins.points import PLUGIN_POINTS, find_point
from persopt.plugins.registry import Offer, PluginRecord, Registry
from persopt.settings import Settings


class Named:
    def __init__(self, name: str) -> None:
        self.name = name


def offer(kind: str, name: str, origin: str = "persopt-x 1.0") -> Offer:
    return Offer(point=find_point(kind), contribution=Named(name), origin=origin)


def build(*names: str, records: tuple[PluginRecord, ...] = ()) -> Registry:
    return Registry(records, [offer(point.kind, name) for point in PLUGIN_POINTS for name in names])


GETTERS: list[tuple[Callable[..., Any], str, str]] = [
    (Registry.sampling_strategy, "sampling strategy", "strategy"),
    (Registry.pruning_method, "pruning method", "config.method"),
    (Registry.quantization_backend, "quantization backend", "config.backend"),
    (Registry.metric_parser, "metric parser", "parser"),
    (Registry.trial_executor, "trial executor", "executor"),
]


@pytest.mark.parametrize(("getter", "words", "path"), GETTERS)
def test_a_name_that_is_there_and_one_that_is_not(getter: Callable[..., Any], words: str, path: str) -> None:
    registry = build("grid", "random")
    assert getter(registry, "grid").name == "grid"
    with pytest.raises(InputError) as caught:
        getter(registry, "gird")
    assert str(caught.value) == (
        f"{path}: no {words} of that name, got 'gird', accepted: 'grid' or 'random'; did you mean 'grid'?"
    )
    with pytest.raises(InputError, match=r"^elsewhere: no"):
        getter(registry, "gird", "$.elsewhere")


def test_names_are_sorted_and_cannot_be_changed() -> None:
    registry = build("b", "c", "a")
    for mapping in (
        registry.sampling_strategies,
        registry.pruning_methods,
        registry.quantization_backends,
        registry.metric_parsers,
        registry.trial_executors,
    ):
        assert list(mapping) == ["a", "b", "c"]
        with pytest.raises(TypeError):
            mapping["d"] = None  # type: ignore[index]


def test_a_kind_that_does_not_exist() -> None:
    with pytest.raises(LookupError, match="no plugin point 'sampler'"):
        build().contributions("sampler")


def test_a_name_that_a_broken_plugin_may_have_offered() -> None:
    broken = PluginRecord(name="x", module="x", distribution="x", faults=["no"])
    with pytest.raises(InputError) as caught:
        build(records=(broken,)).sampling_strategy("x")
    assert caught.value.faults[0].hint == "1 plugin could not be loaded; see `persopt plugins`"


def test_where_a_contribution_comes_from() -> None:
    known = offer("metric-parser", "x", origin="persopt-lamp 1.0")
    registry = Registry((), [known])
    assert registry.distribution_of(known.contribution) == "persopt-lamp 1.0"
    other: Any = Named("x")
    assert registry.distribution_of(other) == "no installed distribution"


def test_every_builtin_loads_without_a_fault_from_persopt_itself() -> None:
    from persopt.kernel.builtin_modules import BUILTIN_MODULES

    registry = load_registry(Settings(strict_plugins=True), BUILTIN_MODULES)
    own = registry.records[: len(BUILTIN_MODULES)]
    assert [record.module for record in own] == list(BUILTIN_MODULES)
    assert {record.distribution for record in own} == {"persopt"}
    assert all(record.contributions for record in own)
    assert [record.warnings for record in own] == [[]] * len(own)
    assert set(registry.sampling_strategies) >= {"bayesian", "grid", "random"}
    assert set(registry.metric_parsers) >= {"json-lines", "plain"}
    assert "local" in registry.trial_executors
