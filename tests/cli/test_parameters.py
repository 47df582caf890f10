from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.cli.parameters import parse_parameters
from persopt.domain.errors import Fault


def parse(*words: str) -> dict[str, Any]:
    faults: list[Fault] = []
    config = parse_parameters(words, faults)
    assert not faults
    return config


def fault_of(*words: str) -> str:
    faults: list[Fault] = []
    parse_parameters(words, faults)
    assert len(faults) == 1
    return str(faults[0])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1e-5..1e-3", {"min": 1e-5, "max": 1e-3}),
        ("1e-5..1e-3:log", {"min": 1e-5, "max": 1e-3, "distribution": "log_uniform"}),
        ("1e-5..1e-3:log:5", {"min": 1e-5, "max": 1e-3, "distribution": "log_uniform", "step": 5}),
        ("1e-5..1e-3:5:log", {"min": 1e-5, "max": 1e-3, "distribution": "log_uniform", "step": 5}),
        ("0..1:uniform:float", {"min": 0, "max": 1, "distribution": "uniform", "type": "float"}),
        ("-4..-1", {"min": -4, "max": -1}),
        (".1...5", {"min": 0.1, "max": 0.5}),
        ("8,16,32", [8, 16, 32]),
        ("8, 0.5, adamw, true", [8, 0.5, "adamw", True]),
        ('"a,b",c', None),
        ("2", 2),
        ("2.0", 2.0),
        ("adamw_torch", "adamw_torch"),
        ("خطی", "خطی"),
        ('"2"', "2"),
        ('"1..2"', "1..2"),
        ('{"min": 0, "max": 9, "when": {"optim": "sgd"}}', {"min": 0, "max": 9, "when": {"optim": "sgd"}}),
        ("[1, 2]", [1, 2]),
    ],
)
def test_each_form_means_what_the_manual_says(text: str, meant: Any) -> None:
    if meant is None:
        assert "not valid JSON" in fault_of(f"x={text}")
        return
    parsed = parse(f"x={text}")["x"]
    assert parsed == meant
    assert type(parsed) is type(meant)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("learningRate", "--param: expected NAME=VALUE, got 'learningRate'"),
        ("=5", "--param: expected NAME=VALUE, got '=5'"),
        ("x=", "config.x: no value is given"),
        ("x=8,,16", "config.x: an item of the list '8,,16' is empty"),
        ("x=1..", "config.x: expected a range LOW..HIGH of two numbers, got '1..'"),
        ("x=a..b", "config.x: expected a range LOW..HIGH of two numbers, got 'a..b'"),
        ("x=1..2:lgo", "got 'lgo'; did you mean 'log'?"),
        ("x=1..2:log:log", "gives its distribution twice"),
        ("x={1}", "config.x: '{1}' is not valid JSON"),
    ],
)
def test_a_fault_names_the_field_and_what_was_given(word: str, told: str) -> None:
    assert told in fault_of(word)


def test_a_name_given_twice_is_a_fault() -> None:
    assert "'x' is given twice: '1' and '2'" in fault_of("x=1", "x=2")


def test_all_faults_come_at_once_and_the_good_ones_are_kept() -> None:
    faults: list[Fault] = []
    config = parse_parameters(["a=1..", "b=2", "c="], faults)
    assert config == {"b": 2}
    assert [fault.path for fault in faults] == ["$.config.a", "$.config.c"]


numbers = st.one_of(st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False))


@given(low=numbers, high=numbers)
def test_every_pair_of_numbers_makes_the_range_of_just_these(low: float, high: float) -> None:
    parsed = parse(f"x={low!r}..{high!r}")["x"]
    assert (parsed["min"], parsed["max"]) == (low, high)
    assert (type(parsed["min"]), type(parsed["max"])) == (type(low), type(high))


@given(st.text())
def test_no_text_makes_it_fail_otherwise_than_by_a_fault(text: str) -> None:
    faults: list[Fault] = []
    config = parse_parameters([f"x={text}"], faults)
    assert ("x" in config) != bool(faults)
