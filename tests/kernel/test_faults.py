"""Exceptions and dead processes in plain words."""

from __future__ import annotations

import errno

import pytest

from persopt.domain.errors import Fault, InputError, PersoptError
from persopt.kernel.faults import describe_exit, fault_from_exception


@pytest.mark.parametrize(
    ("error", "code", "passing", "words"),
    [
        (ZeroDivisionError("no"), "error", False, "ZeroDivisionError: no"),
        (KeyError(), "error", False, "KeyError"),
        (MemoryError("12 GiB"), "out-of-memory", False, "12 GiB"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk-full", True, "the disk is full"),
        (OSError(errno.EACCES, "Permission denied"), "error", False, "Permission denied"),
        (InputError("expected 1", path="$.a"), "bad-value", False, "expected 1"),
    ],
)
def test_an_exception_becomes_a_fault(error: Exception, code: str, passing: bool, words: str) -> None:
    fault = fault_from_exception(error)
    assert (fault.code, fault.passing) == (code, passing)
    assert words in fault.message


def test_several_faults_become_one_that_names_them_all() -> None:
    fault = fault_from_exception(PersoptError([Fault(message="one", path="$.a"), Fault(message="two", path="$.b")]))
    assert fault.message == "a: one; b: two"


@pytest.mark.parametrize(
    ("returncode", "code", "words"),
    [
        (-9, "killed", "SIGKILL"),
        (-15, "killed", "SIGTERM"),
        (3, "died", "exit status 3"),
        (None, "died", "unexpectedly"),
    ],
)
def test_an_exit_becomes_a_passing_fault(returncode: int | None, code: str, words: str) -> None:
    fault = describe_exit("the process", returncode)
    assert fault.passing
    assert fault.code == code
    assert words in fault.message
