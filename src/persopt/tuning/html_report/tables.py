"""The tables of the report: trials, failures, the space."""

from __future__ import annotations

from markupsafe import Markup
from msgspec import Struct

from persopt.domain.reports import TuneReport
from persopt.domain.space import CategoricalParameter, Parameter
from persopt.domain.space_building import build_space
from persopt.reporting.locale import Locale

__all__ = ("FailureRow", "SpaceRow", "TrialRow", "list_failures", "list_space", "list_trials")


class TrialRow(Struct, frozen=True, kw_only=True):
    """A trial: cells as they are shown, in the order of the heads."""

    number: str
    state: str
    state_text: str
    params: list[str]
    values: list[str]
    time: str
    reason: str
    is_best: bool


class FailureRow(Struct, frozen=True):
    """Trials that ended for the same reason."""

    state: str
    state_text: str
    reason: str
    hint: str
    count: str
    numbers: str


class SpaceRow(Struct, frozen=True, kw_only=True):
    """A parameter of the space."""

    name: str
    values: Markup
    scale: str
    when: Markup
    importance: str
    best: str


def list_trials(report: TuneReport, locale: Locale) -> tuple[list[str], list[TrialRow]]:
    """Return the names of the parameters, and a row for every trial."""
    names = list(dict.fromkeys(name for trial in report.trials for name in trial.params))
    best = None if report.best is None else report.best.number
    rows = [
        TrialRow(
            number=locale.number(trial.number),
            state=trial.state,
            state_text=locale.text(f"state.{trial.state}"),
            params=[locale.value(trial.params.get(name)) for name in names],
            values=[locale.number(value) for value in trial.values] or [""] * len(report.objectives),
            time="" if trial.seconds is None else locale.duration(trial.seconds),
            reason="" if trial.fault is None else trial.fault.message,
            is_best=trial.number == best,
        )
        for trial in report.trials
    ]
    return names, rows


def list_failures(report: TuneReport, locale: Locale) -> list[FailureRow]:
    """Return what went wrong, each reason once, the most frequent first."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for trial in report.trials:
        if trial.fault is not None:
            key = (trial.state, trial.fault.message, trial.fault.hint)
            groups.setdefault(key, []).append(trial.number)
    return [
        FailureRow(
            state,
            locale.text(f"state.{state}"),
            reason,
            hint,
            locale.number(len(numbers)),
            locale.enumerate([locale.number(number) for number in numbers[:_MOST]]) + (" …" if numbers[_MOST:] else ""),
        )
        for (state, reason, hint), numbers in sorted(groups.items(), key=lambda item: -len(item[1]))
    ]


_MOST = 20


def list_space(report: TuneReport, locale: Locale) -> list[SpaceRow]:
    """Return the parameters in the order of the space; none where the report does not know its spec."""
    if report.spec is None:
        return []
    space = build_space(report.spec.config, known_only=report.spec.trains_model)
    shares = report.importances.get(report.objectives[0].metric, {}) if report.objectives else {}
    best = {} if report.best is None else report.best.params
    return [
        SpaceRow(
            name=parameter.name,
            values=_values(parameter, locale),
            scale=_scale(parameter, locale),
            when=_condition(parameter, locale),
            importance=locale.percent(shares[parameter.name]) if parameter.name in shares else "",
            best=locale.value(best.get(parameter.name)),
        )
        for parameter in space.parameters
    ]


def _values(parameter: Parameter, locale: Locale) -> Markup:
    if isinstance(parameter, CategoricalParameter):
        return locale.isolated(parameter.choices)
    if parameter.low == parameter.high:
        return locale.isolated([parameter.low])
    if parameter.points is not None:
        return locale.html("space.grid", low=parameter.low, high=parameter.high, points=parameter.points)
    return locale.html("space.range", low=parameter.low, high=parameter.high)


def _scale(parameter: Parameter, locale: Locale) -> str:
    if isinstance(parameter, CategoricalParameter):
        return locale.text("space.fixed" if len(parameter.choices) == 1 else "space.choice")
    if parameter.low == parameter.high:
        return locale.text("space.fixed")
    kind = "int" if isinstance(parameter.low, int) else "float"
    return locale.enumerate(
        [locale.text(f"space.{kind}"), locale.text("space.log" if parameter.log else "space.linear")]
    )


def _condition(parameter: Parameter, locale: Locale) -> Markup:
    found = [
        locale.html("space.when", parameter=condition.parameter, values=locale.isolated(condition.values))
        for condition in parameter.when
    ]
    return Markup(locale.enumerate(found))  # noqa: S704 - each is escaped
