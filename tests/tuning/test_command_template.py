from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.errors import InputError
from persopt.domain.space import Scalar
from persopt.plugins import TrialRequest
from persopt.tuning.command_template import (
    OWN_PLACEHOLDERS,
    fill_command,
    find_template_faults,
    list_placeholders,
    own_values,
    split_command,
    trial_environment,
)

REQUEST = TrialRequest(number=7, attempt=2, params={"lr": 1e-05, "a=b": True, "n": 3}, seed=11, folder="/t/0007")


@given(value=st.text(), other=st.text())
def test_a_value_is_always_one_word_as_it_is(value: str, other: str) -> None:
    words = split_command("python train.py --name {name} 'x={name};{other}' end")
    filled = fill_command(words, {"name": value, "other": other})
    assert filled == ["python", "train.py", "--name", value, f"x={value};{other}", "end"]


@pytest.mark.parametrize(
    ("command", "filled"),
    [
        ("p {lr} {flag} {n}", ["p", "1e-05", "true", "3"]),
        ("p '{{\"a\": {n}}}'", ["p", '{"a": 3}']),
        ("p --momentum {absent} --n={n}", ["p", "--n=3"]),
        ("p --momentum={absent} x", ["p", "x"]),
        ("p -v a{absent}b x", ["p", "-v", "x"]),
        ("p --on {n} {absent}", ["p", "--on", "3"]),
    ],
)
def test_a_trial_has_its_own_words(command: str, filled: list[str]) -> None:
    assert fill_command(split_command(command), {"lr": 1e-5, "flag": True, "n": 3}) == filled


@given(value=st.floats(allow_nan=False))
def test_a_number_is_written_so_that_it_reads_back_the_same(value: float) -> None:
    (_, word) = fill_command(["p", "{x}"], {"x": value})
    assert float(word) == value


@pytest.mark.parametrize("command", ["", "  ", "''", "a 'b"])
def test_what_is_no_command_is_refused(command: str) -> None:
    with pytest.raises(InputError, match="command: "):
        split_command(command)


def test_every_fault_of_a_template_is_told() -> None:
    faults = list(find_template_faults(["p", "{learningrate}", "{", "x}", "{outputDir}"], ["learningRate"]))
    assert [fault.path for fault in faults] == ["$.command"] * 3
    assert "did you mean 'learningRate'?" in faults[0].message
    assert "write '{{'" in faults[1].message
    assert "write '}}'" in faults[2].message


def test_placeholders_are_listed_and_doubled_braces_are_none() -> None:
    assert list(list_placeholders(["{a}{{b}}", "{c} {a}"])) == ["a", "c", "a"]


def test_a_trial_is_told_of_itself() -> None:
    values: dict[str, Scalar] = own_values(REQUEST, "/out", "/python")
    assert set(values) == set(OWN_PLACEHOLDERS)
    assert (values["outputDir"], values["seed"], values["trial"], values["attempt"]) == ("/out", 11, 7, 2)
    variables = trial_environment(REQUEST, "/out")
    assert msgspec.json.decode(variables.pop("PERSOPT_PARAMS")) == REQUEST.params
    assert variables == {
        "PERSOPT_PARAM_lr": "1e-05",
        "PERSOPT_PARAM_a_b": "true",
        "PERSOPT_PARAM_n": "3",
        "PERSOPT_TRIAL": "7",
        "PERSOPT_ATTEMPT": "2",
        "PERSOPT_SEED": "11",
        "PERSOPT_TRIAL_FOLDER": "/t/0007",
        "PERSOPT_OUTPUT_DIR": "/out",
    }
