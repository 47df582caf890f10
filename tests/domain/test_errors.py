"""The tree of expected errors."""

from __future__ import annotations

import pytest

from persopt.domain import errors
from persopt.domain.errors import Fault, InputError, PersoptError, PluginError


def all_errors() -> list[type[PersoptError]]:
    return [getattr(errors, name) for name in errors.__all__ if name != "Fault"]


def test_every_error_is_of_one_tree_and_has_a_code_of_its_own_or_its_parents() -> None:
    assert len(all_errors()) == len(errors.__all__) - 1
    for kind in all_errors():
        assert issubclass(kind, PersoptError)
        assert kind.code


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault(message="is wrong"), "is wrong"),
        (Fault(message="is wrong", path="$"), "is wrong"),
        (Fault(message="is wrong", path="$.a.b"), "a.b: is wrong"),
        (Fault(message="is wrong", path="$.a", hint="mend it"), "a: is wrong (mend it)"),
    ],
)
def test_a_fault_is_one_line(fault: Fault, text: str) -> None:
    assert str(fault) == text


def test_an_error_carries_all_its_faults() -> None:
    error = InputError([Fault(message="one", path="$.a"), Fault(message="two", path="$.b")])
    assert str(error) == "a: one\nb: two"
    assert [fault.path for fault in error.faults] == ["$.a", "$.b"]


def test_a_message_becomes_a_fault_with_the_errors_code() -> None:
    (fault,) = errors.BusError("down", hint="start it").faults
    assert (fault.code, fault.passing, fault.hint) == ("bus", True, "start it")
    assert InputError("x", path="$.y").faults[0].path == "$.y"


def test_old_ways_of_catching_still_work() -> None:
    assert issubclass(InputError, ValueError)
    assert issubclass(errors.NotFoundError, LookupError)
    assert issubclass(errors.OutputError, OSError)


def test_a_plugins_error_names_plugin_and_distribution() -> None:
    error = PluginError("lamp", "persopt-lamp 1.0", "raised")
    assert str(error) == "plugin 'lamp' of persopt-lamp 1.0: raised"
    assert (error.plugin, error.distribution, error.reason) == ("lamp", "persopt-lamp 1.0", "raised")
