"""Calls timed in turn, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

__all__ = ("TurnPlan", "time_in_turn")

_TURN_SECONDS: Final = 0.02  # shorter turns hold several calls, so that what begins a turn weighs little


class TurnPlan(Struct, frozen=True, kw_only=True):
    """How often to call.

    Attributes:
        warm_up: Rounds that are not counted.
        lead: Calls that begin each turn and are not counted: they bring back what the others pushed out of the
            caches, and wait out their threads, which spin on for a while.
        fewest: Rounds at least.
        most: Rounds at most.
        seconds: Between the two, as many rounds as this takes.
        longest_turn: Counted calls of a turn at most; as many as the warm-up shows to take 20 ms.
    """

    warm_up: int = 3
    lead: int = 1
    fewest: int = 12
    most: int = 60
    seconds: float = 4.0
    longest_turn: int = 8


def time_in_turn(
    calls: Sequence[Callable[[], object]],
    plan: TurnPlan,
    on_round: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> list[list[list[float]]]:
    """Time calls in turn, and return their times in milliseconds: `[call][round][call of the turn]`.

    Every other round goes backwards, so that none always follows the same other. A turn has as many counted calls for
    each, found from the slowest of them.

    Args:
        calls: Each does its work and waits for its end.
        plan: How often.
        on_round: Called before each round; may raise to end the work.
        clock: A clock in seconds.
    """
    slowest = [0.0] * max(plan.warm_up, 1)
    for index in range(plan.warm_up):
        on_round()
        for call in calls:
            started = clock()
            call()
            slowest[index] = max(slowest[index], clock() - started)
    counted = max(1, min(plan.longest_turn, int(_TURN_SECONDS / max(min(slowest), 1e-9))))
    times: list[list[list[float]]] = [[] for _ in calls]
    begin, rounds = clock(), 0
    while rounds < plan.fewest or (rounds < plan.most and clock() - begin < plan.seconds):
        on_round()
        order = range(len(calls))
        for place in order if rounds % 2 == 0 else reversed(order):
            times[place].append(_take_turn(calls[place], plan.lead, counted, clock))
        rounds += 1
    return times


def _take_turn(call: Callable[[], object], lead: int, counted: int, clock: Callable[[], float]) -> list[float]:
    for _ in range(lead):
        call()
    taken = []
    for _ in range(counted):
        started = clock()
        call()
        taken.append(1000 * (clock() - started))
    return taken
