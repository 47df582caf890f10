"""What a plugin raises during a run."""

from __future__ import annotations

from typing import Any

import pytest

from persopt.domain.errors import InputError, PluginError
from persopt.plugins.guard import plugin_guard
from persopt.plugins.points import find_point
from persopt.plugins.registry import Offer, Registry


class Lamp:
    name = "lamp"


LAMP: Any = Lamp()
REGISTRY = Registry((), [Offer(point=find_point("pruning-method"), contribution=LAMP, origin="persopt-lamp 1.0")])


class Unshown(Exception):  # noqa: N818 - a stranger's
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (SystemExit(3), "SystemExit: 3"),
        (StopIteration(), "StopIteration"),
        (ValueError("two\nlines"), "ValueError: two lines"),
        (Unshown(), "Unshown: (its message cannot be shown)"),
    ],
)
def test_a_fault_names_plugin_and_distribution(error: BaseException, reason: str) -> None:
    with pytest.raises(PluginError) as caught, plugin_guard(REGISTRY, LAMP):
        raise error
    assert str(caught.value) == f"plugin 'lamp' of persopt-lamp 1.0: {reason}"
    assert (caught.value.plugin, caught.value.distribution) == ("lamp", "persopt-lamp 1.0")
    assert caught.value.__cause__ is error
    assert not caught.value.faults[0].passing


def test_persopts_own_errors_pass() -> None:
    error = InputError("the space is not finite")
    with pytest.raises(InputError) as caught, plugin_guard(REGISTRY, LAMP):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit()])
def test_what_is_no_fault_of_the_code_passes(error: BaseException) -> None:
    with pytest.raises(type(error)), plugin_guard(REGISTRY, LAMP):
        raise error


def test_nothing_raised_is_nothing_changed() -> None:
    with plugin_guard(REGISTRY, LAMP):
        found = LAMP.name
    assert found == "lamp"
