"""From a config to a space, or to every fault in it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.errors import Fault, InputError
from persopt.domain.space import (
    CategoricalParameter,
    FloatParameter,
    IntParameter,
    ParameterConfig,
    ParameterSpec,
    Space,
)
from persopt.domain.space_building import build_space


def build(config: dict[str, Any], *, known_only: bool = True) -> Any:
    return build_space(msgspec.convert(config, dict[str, ParameterConfig]), known_only=known_only)


def faults(config: dict[str, Any], *, known_only: bool = True) -> list[str]:
    with pytest.raises(InputError) as caught:
        build(config, known_only=known_only)
    return [str(fault) for fault in caught.value.faults]


def test_the_request_of_the_product_is_understood() -> None:
    space = build(
        {
            "learningRate": {"min": 1e-5, "max": 1e-3, "distribution": "log_uniform"},
            "batchSize": [8, 16, 32],
            "epochs": {"min": 2, "max": 5},
            "warmupSteps": {"min": 0, "max": 100},
            "weightDecay": {"min": 0, "max": 0.1},
            "dropout": {"min": 0, "max": 0.3},
        }
    )
    assert space.parameters == (
        FloatParameter(name="learningRate", low=1e-5, high=1e-3, log=True),
        CategoricalParameter(name="batchSize", choices=(8, 16, 32)),
        IntParameter(name="epochs", low=2, high=5),
        IntParameter(name="warmupSteps", low=0, high=100),
        FloatParameter(name="weightDecay", low=0.0, high=0.1),
        FloatParameter(name="dropout", low=0.0, high=0.3),
    )


def test_a_value_alone_is_a_choice_of_one() -> None:
    assert build({"learningRate": 1e-4}).size == 1


def test_whole_choices_of_a_real_hyperparameter_become_real() -> None:
    (parameter,) = build({"weightDecay": [0, 0.1]}).parameters
    assert [type(value) for value in parameter.choices] == [float, float]


def test_whole_ends_of_a_real_hyperparameter_make_a_real_range() -> None:
    assert build({"weightDecay": {"min": 0, "max": 1}}).parameters[0] == FloatParameter(
        name="weightDecay", low=0.0, high=1.0
    )


def test_parameters_of_functions_may_have_any_name() -> None:
    space = build({"x": {"min": 0, "max": 1, "type": "float"}, "y": {"min": -3, "max": 3}}, known_only=False)
    assert [type(parameter) for parameter in space.parameters] == [FloatParameter, IntParameter]


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        (
            "learningRat",
            1e-4,
            "config.learningRat: is not a hyperparameter of the trainer; did you mean 'learningRate'?",
        ),
        ("epochs", {"min": 5, "max": 2}, "config.epochs: min must not exceed max, got min 5 and max 2"),
        ("epochs", {"min": 1}, "config.epochs: needs 'min' and 'max', or 'choices'; max not given"),
        ("epochs", {}, "config.epochs: needs 'min' and 'max', or 'choices'; min and max not given"),
        (
            "learningRate",
            {"min": 0, "max": 1e-3, "distribution": "log_uniform"},
            "config.learningRate.min: a log_uniform range must lie above zero, got 0 "
            "(give a small positive min, or distribution 'uniform')",
        ),
        (
            "dropout",
            {"min": 0, "max": 0.3, "step": 1},
            "config.dropout.step: is the number of grid points, 2 or more, got 1",
        ),
        ("dropout", {"min": 0, "max": 1.5}, "config.dropout.max: expected a float in [0, 1), got 1.5"),
        ("epochs", {"min": 0.5, "max": 2}, "config.epochs.min: expected an int of at least 1, got 0.5"),
        ("epochs", {"min": 1, "max": 3, "type": "float"}, "config.epochs.type: expected 'int', got 'float'"),
        ("batchSize", [], "config.batchSize: the list of choices is empty; give one value or more"),
        ("batchSize", [8, 8], "config.batchSize: a choice is given twice in [8, 8]"),
        ("batchSize", [8, 0], "config.batchSize[1]: expected an int of at least 1, got 0"),
        ("batchSize", "8", "config.batchSize: expected an int of at least 1, got '8'"),
        (
            "batchSize",
            {"choices": [8], "min": 1},
            "config.batchSize: takes either 'choices' or a range (min, max, step), not both",
        ),
        (
            "optim",
            {"min": 1, "max": 2},
            "config.optim: expected a list of choices ('adamw_torch', 'adamw_torch_fused', 'adafactor', 'sgd', "
            "'adagrad' or 'rmsprop' each), got a range",
        ),
    ],
)
def test_a_fault_names_field_value_and_what_is_accepted(name: str, written: Any, expected: str) -> None:
    assert expected in faults({name: written})


@pytest.mark.parametrize("end", [float("inf"), float("nan")])
def test_ends_must_be_finite(end: float) -> None:
    (fault,) = faults({"learningRate": {"min": 0.1, "max": end}})
    assert fault.startswith("config.learningRate: min and max must be finite numbers, got 0.1 and ")


def test_a_range_too_wide_for_whole_numbers_is_refused() -> None:
    (fault,) = faults({"n": {"min": 0, "max": 2**60}}, known_only=False)
    assert "must lie within ±2**53" in fault


def test_all_faults_come_at_once() -> None:
    found = faults({"epochs": {"min": 5, "max": 2}, "batchSize": [], "learningRat": 1, "dropout": 2.0})
    assert [fault.partition(":")[0] for fault in found] == [
        "config.epochs",
        "config.batchSize",
        "config.learningRat",
        "config.dropout",
    ]


def test_conditions_put_parameters_in_order() -> None:
    space = build(
        {"b": {"choices": [1, 2], "when": {"a": "x"}}, "c": {"choices": [1], "when": {"b": [1, 2]}}, "a": ["x", "y"]},
        known_only=False,
    )
    assert [parameter.name for parameter in space.parameters] == ["a", "b", "c"]
    assert space.size == 3


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {"a": ["x"], "b": {"choices": [1], "when": {"aa": "x"}}},
            "config.b.when.aa: no parameter of that name in config; did you mean 'a'?",
        ),
        ({"a": ["x"], "b": {"choices": [1], "when": {"a": "z"}}}, "config.b.when.a: a never has the value 'z'"),
        (
            {"a": {"min": 0.0, "max": 1.0}, "b": {"choices": [1], "when": {"a": 0.5}}},
            "config.b.when.a: a is a range of real numbers; a condition needs a list of choices or whole numbers",
        ),
        (
            {"a": {"choices": [1], "when": {"b": 1}}, "b": {"choices": [1], "when": {"a": 1}}},
            "config: the conditions of a, b depend on each other in a circle",
        ),
        (
            {"a": {"choices": [1], "when": {"a": 1}}},
            "config: the conditions of a depend on each other in a circle",
        ),
    ],
)
def test_conditions_that_cannot_hold_are_told(config: dict[str, Any], expected: str) -> None:
    assert expected in faults(config, known_only=False)


def try_to_build(config: dict[str, Any], *, known_only: bool) -> tuple[Space | None, tuple[Fault, ...]]:
    try:
        return build(config, known_only=known_only), ()
    except InputError as error:
        return None, error.faults


NUMBERS = st.one_of(
    st.integers(-(2**60), 2**60), st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0, 1, 1e-5, 0.5])
)
WRITTEN: Any = st.one_of(
    NUMBERS,
    st.booleans(),
    st.text(max_size=3),
    st.lists(st.one_of(NUMBERS, st.booleans(), st.text(max_size=2)), max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            "min": NUMBERS,
            "max": NUMBERS,
            "distribution": st.sampled_from(["uniform", "log_uniform"]),
            "step": st.integers(-2, 5),
            "type": st.sampled_from(["int", "float"]),
            "choices": st.lists(st.sampled_from(["a", 1, 2.0, True]), max_size=3),
            "when": st.dictionaries(
                st.sampled_from(["epochs", "dropout", "zz"]), st.sampled_from([1, 2, "a"]), max_size=2
            ),
        },
    ),
)


@given(
    config=st.dictionaries(
        st.sampled_from(["learningRate", "epochs", "dropout", "batchSize", "x"]), WRITTEN, max_size=4
    ),
    known_only=st.booleans(),
)
def test_any_config_is_a_sound_space_or_an_input_error(config: dict[str, Any], known_only: bool) -> None:
    space, told = try_to_build(config, known_only=known_only)
    if space is None:
        assert told
        assert all(fault.message and fault.path.startswith("$.config") for fault in told)
        return
    assert {parameter.name for parameter in space.parameters} == set(config)
    for parameter in space.parameters:
        if isinstance(parameter, CategoricalParameter):
            assert parameter.choices
        else:
            assert parameter.low <= parameter.high
            assert parameter.low > 0 or not parameter.log
    assert space.size is None or space.size > 0


def test_the_parameters_of_a_function_are_its_own_whatever_their_names() -> None:
    space = build_space({"epochs": ParameterSpec(min=0.5, max=1.5), "optim": ["mine", 3]}, known_only=False)
    assert {parameter.name for parameter in space.parameters} == {"epochs", "optim"}


def test_one_fixed_value_that_is_not_finite_has_the_path_of_its_parameter() -> None:
    assert faults({"learningRate": float("inf")}) == ["config.learningRate: must be finite, got inf"]
