"""Names to be blocked that block nothing."""

from __future__ import annotations

from persopt.plugins.blocking import explain_unknown_names
from persopt.plugins.discovery import load_modules
from persopt.plugins.registry import PluginRecord, Registry
from persopt.plugins.sources import PluginSource
from persopt.settings import Settings


def source(name: str, distribution: str, *, is_own: bool = False) -> PluginSource:
    return PluginSource(
        name=name, target=name, distribution=distribution, version="1", load=lambda: None, is_own=is_own
    )


SOURCES = [
    source("lamp", "persopt-lamp"),
    source("openvino", "persopt-openvino"),
    source("grid", "persopt", is_own=True),
]


def test_names_of_entry_points_and_distributions_are_known() -> None:
    assert explain_unknown_names(["lamp", "persopt-openvino"], SOURCES) == []
    assert explain_unknown_names([], SOURCES) == []


def test_others_are_told_once_with_what_there_is() -> None:
    told = explain_unknown_names(["opnvino", "lamp", "opnvino", "grid"], SOURCES)
    assert [text.partition("got ")[2] for text in told] == [
        "'opnvino', accepted: 'lamp', 'openvino', 'persopt-lamp' or 'persopt-openvino'; did you mean 'openvino'?",
        "'grid', accepted: 'lamp', 'openvino', 'persopt-lamp' or 'persopt-openvino'",  # persopt's own stays
    ]
    assert "PERSOPT_BLOCK_PLUGINS" in told[0]


def test_the_registry_keeps_them() -> None:
    registry = load_modules([], Settings(block_plugins=["lamp"]))
    (told,) = registry.warnings
    assert told.endswith("got 'lamp', accepted: nothing")
    assert load_modules([], Settings()).warnings == ()


def test_a_distribution_is_blocked_if_a_plugin_of_it_is() -> None:
    records = [
        PluginRecord(name="lamp", module="lamp", distribution="persopt-lamp", blocked=True),
        PluginRecord(name="x", module="x", distribution="persopt-x"),
    ]
    assert [Registry(records).is_blocked(name) for name in ("persopt-lamp", "persopt-x", "lamp")] == [
        True,
        False,
        False,
    ]
