"""Made-up studies: reports of several trials in one order, replayed into a rule and into Optuna's pruners."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import optuna
from hypothesis import strategies as st

from persopt.domain.objectives import Direction, Objective
from persopt.tuning.stopping.rule import Evaluation, StoppingRule

Event = tuple[int, int, float]
"""Trial, step, value; a trial's steps rise, trials are interleaved."""

_VALUES = [0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9, math.nan]


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Draw the reports of up to 14 trials, up to 3 of which run at the same time; values repeat, some are NaN."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    parallel, longest, stride = draw(st.integers(1, 3)), draw(st.integers(1, 12)), draw(st.integers(1, 3))
    waiting = list(range(draw(st.integers(2, 14))))
    running: dict[int, int] = {}
    events: list[Event] = []
    while waiting or running:
        while waiting and len(running) < parallel:
            running[waiting.pop(0)] = chance.randint(0, 1)
        number = chance.choice(sorted(running))
        events.append((number, running[number], chance.choice(_VALUES)))
        running[number] += chance.randint(1, stride)
        if running[number] > longest:
            del running[number]
    return events


def replay(rule: StoppingRule, events: Sequence[Event], *, metric: str = "value") -> list[bool]:
    """Return for each report whether the rule ended its trial there; a trial that was ended reports no more."""
    last = {number: index for index, (number, _, _) in enumerate(events)}
    ended: set[int] = set()
    decisions = []
    for index, (number, step, value) in enumerate(events):
        if number in ended:
            continue
        reason = rule.judge(number, Evaluation(step, {metric: value}))
        decisions.append(reason is not None)
        if reason is not None:
            ended.add(number)
            rule.end(number, completed=False)
        elif last[number] == index:
            rule.end(number, completed=True)
    return decisions


def replay_optuna(
    pruner: optuna.pruners.BasePruner, events: Sequence[Event], direction: Direction, name: str = "study"
) -> list[bool]:
    """Return what an Optuna study with a pruner decides at the same reports."""
    study = optuna.create_study(
        direction=direction, pruner=pruner, study_name=name, sampler=optuna.samplers.RandomSampler(seed=0)
    )
    last = {number: index for index, (number, _, _) in enumerate(events)}
    trials: dict[int, optuna.Trial] = {}
    ended: set[int] = set()
    decisions = []
    for index, (number, step, value) in enumerate(events):
        while len(trials) <= number:
            trials[len(trials)] = study.ask()
        if number in ended:
            continue
        trials[number].report(value, step)
        stopped = trials[number].should_prune()
        decisions.append(stopped)
        if stopped:
            ended.add(number)
            study.tell(trials[number], state=optuna.trial.TrialState.PRUNED)
        elif last[number] == index:
            study.tell(trials[number], 1.0)
    return decisions


def goals(*names: str, direction: Direction = "maximize") -> tuple[Objective, ...]:
    return tuple(Objective(name, direction) for name in names)
