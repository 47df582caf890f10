"""Calls that cannot look by themselves whether they are still wanted."""

from __future__ import annotations

import threading

import pytest

from persopt.domain.errors import JobCancelledError
from persopt.ticker import Ticker, await_left_calls


def test_what_a_watched_call_gives_or_raises_is_handed_on() -> None:
    ticker = Ticker(lambda _: None, lambda: False)
    assert ticker.watch(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        ticker.watch(lambda: 1 // 0)


def test_a_cancelled_run_does_not_wait_for_its_call() -> None:
    begun, wanted = threading.Event(), threading.Event()
    ticker = Ticker(lambda _: None, begun.is_set)

    def call() -> None:
        begun.set()
        wanted.wait()

    with pytest.raises(JobCancelledError):
        ticker.watch(call)  # would never come back by itself
    wanted.set()


def test_a_call_that_was_left_is_waited_for_and_no_longer_than_asked() -> None:
    begun, wanted, ended = threading.Event(), threading.Event(), threading.Event()
    ticker = Ticker(lambda _: None, begun.is_set)

    def call() -> None:
        begun.set()
        wanted.wait()
        ended.set()

    with pytest.raises(JobCancelledError):
        ticker.watch(call)
    await_left_calls(0.0, lambda: None)
    assert not ended.is_set()
    await_left_calls(300.0, wanted.set)
    assert ended.is_set()
