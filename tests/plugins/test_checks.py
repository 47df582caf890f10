"""What is said of a contribution that does not keep its contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from persopt.plugins import NoOptions, PruningTraits
from persopt.plugins.checks import check_contribution
from persopt.plugins.points import find_point

METHODS = find_point("pruning-method")
STRATEGIES = find_point("sampling-strategy")
EXECUTORS = find_point("trial-executor")


class Sound:
    name = "sound"
    title = {"en": "Sound", "fa": "سالم"}
    options: Any = NoOptions
    traits: Any = PruningTraits()

    def importance(self, options: Any, parameter: Any, context: Any) -> Any: ...


def build(**members: Any) -> object:
    return type("Made", (Sound,), members)()


def test_a_sound_contribution_has_no_fault() -> None:
    assert check_contribution(Sound(), METHODS) == []


@pytest.mark.parametrize("name", ["a", "lamp", "random-search", "l1", "top-2-rows"])
def test_names_that_are_accepted(name: str) -> None:
    assert check_contribution(build(name=name), METHODS) == []


@pytest.mark.parametrize("name", ["", "Lamp", "-lamp", "lamp-", "a--b", "a_b", "2x", "لمپ", "a b", 3, None])
def test_names_that_are_not_accepted(name: object) -> None:
    expected = [f"name: expected lower-case words joined by '-', got {name!r}"]
    assert check_contribution(build(name=name), METHODS) == expected


@pytest.mark.parametrize("title", [{"en": "x"}, {"fa": "x"}, {"en": "x", "fa": " "}, {"en": "x", "fa": 3}, "x", None])
def test_titles_that_are_not_accepted(title: object) -> None:
    expected = [f"title: expected a mapping with a text for each of 'en' and 'fa', got {title!r}"]
    assert check_contribution(build(title=title), METHODS) == expected


def test_a_title_may_have_further_languages() -> None:
    assert check_contribution(build(title={"en": "a", "fa": "b", "de": "c"}), METHODS) == []


class Changing(Struct):
    power: float = 2.0


class Demanding(Struct, frozen=True, kw_only=True):
    power: float
    rows: int


class Contradictory(Struct, frozen=True):
    power: Annotated[float, Meta(gt=0)] = -1.0


class Unreadable(Struct, frozen=True):
    power: Elsewhere = 2.0  # type: ignore[name-defined]  # noqa: F821 - what is tested


EXPECTED = "options: expected a frozen msgspec Struct whose fields all have defaults, got "


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (dict, f"{EXPECTED}<class 'dict'>"),
        (NoOptions(), f"{EXPECTED}NoOptions()"),
        (Changing, f"{EXPECTED}Changing, which is not frozen (Struct, frozen=True)"),
        (Demanding, f"{EXPECTED}Demanding without a default for 'power', 'rows'"),
        (
            Contradictory,
            "options: the defaults of Contradictory must be accepted by its own constraints; "
            "power: expected a float above 0, got -1.0",
        ),
        (
            Unreadable,
            "options: the fields of Unreadable cannot be read: NameError: name 'Elsewhere' is not defined",
        ),
    ],
)
def test_options_that_are_not_accepted(options: object, fault: str) -> None:
    assert check_contribution(build(options=options), METHODS) == [fault]


def test_an_attribute_of_another_type() -> None:
    assert check_contribution(build(traits=None), METHODS) == ["traits: expected a PruningTraits, got None"]


def test_a_method_that_is_none() -> None:
    expected = ["importance: expected a method importance(options, parameter, context), got 3"]
    assert check_contribution(build(importance=3), METHODS) == expected


def swapped(self: object, parameter: Any, options: Any, context: Any) -> None: ...
def too_few(self: object, options: Any, parameter: Any) -> None: ...
def one_more(self: object, options: Any, parameter: Any, context: Any, more: Any) -> None: ...
def by_position(self: object, a: Any, b: Any, c: Any, /) -> None: ...
def renamed(self: object, weight: Any, ctx: Any) -> None: ...


@pytest.mark.parametrize(
    ("method", "got"),
    [
        (swapped, "(parameter, options, context)"),
        (too_few, "(options, parameter)"),
        (one_more, "(options, parameter, context, more)"),
        (by_position, "(a, b, c, /)"),
        (renamed, "(weight, ctx)"),
    ],
)
def test_parameters_that_are_not_accepted(method: Callable[..., object], got: str) -> None:
    expected = [f"importance: expected parameters (options, parameter, context), got {got}"]
    assert check_contribution(build(importance=method), METHODS) == expected


def with_default(self: object, options: Any, parameter: Any, context: Any, more: int = 1) -> None: ...
def anything(self: object, *args: Any, **kwargs: Any) -> None: ...
def rest(self: object, options: Any, *args: Any, **kwargs: Any) -> None: ...


@pytest.mark.parametrize("method", [with_default, anything, rest])
def test_parameters_that_are_more_than_enough(method: Callable[..., object]) -> None:
    assert check_contribution(build(importance=method), METHODS) == []


def test_an_async_method() -> None:
    async def importance(self: object, options: Any, parameter: Any, context: Any) -> Any: ...

    expected = ["importance: expected a plain method, got an async one"]
    assert check_contribution(build(importance=importance), METHODS) == expected


def test_an_attribute_that_raises_when_it_is_read() -> None:
    def broken(_: object) -> str:
        raise ZeroDivisionError("no name")

    expected = ["name: reading it raised ZeroDivisionError: no name"]
    assert check_contribution(build(name=property(broken)), METHODS) == expected


def test_an_object_that_cannot_even_be_shown() -> None:
    class Hidden:
        def __repr__(self) -> str:
            raise SystemExit(3)

    expected = ["looking at it raised SystemExit: 3"]
    assert check_contribution(build(name=Hidden()), METHODS) == expected


def test_an_interrupt_passes() -> None:
    def interrupted(_: object) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_contribution(build(name=property(interrupted)), METHODS)


def test_a_class_is_not_an_object() -> None:
    assert check_contribution(Sound, METHODS) == ["expected an object, got the class Sound; yield Sound()"]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    faults = check_contribution(object(), METHODS)
    assert [fault.partition(":")[0] for fault in faults] == ["name", "title", "options", "traits", "importance"]


def test_an_ability_is_all_or_nothing_but_never_required() -> None:
    class Strategy(Sound):
        def sampler(self, options: Any, request: Any) -> Any: ...

    class Sized(Strategy):
        def size(self) -> int:
            return 3

    assert check_contribution(Strategy(), STRATEGIES) == []
    assert check_contribution(Sized(), STRATEGIES) == ["size: expected parameters (options, request), got ()"]


def test_a_contract_of_another_point_is_another_contract() -> None:
    assert check_contribution(Sound(), EXECUTORS) == [
        "open: expected a method open(options, request), but it is missing"
    ]
