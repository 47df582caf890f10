"""The table of hyperparameters, held against the installed Transformers."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from persopt.domain.hyperparameters import HYPERPARAMETERS, Hyperparameter, find_hyperparameter

OPTIMIZERS = "expected 'adamw_torch', 'adamw_torch_fused', 'adafactor', 'sgd', 'adagrad' or 'rmsprop'"


def test_names_are_found_and_unknown_ones_are_not() -> None:
    assert find_hyperparameter("learningRate") is not None
    assert find_hyperparameter("learning_rate") is None
    assert len(set(Hyperparameter.names())) == len(HYPERPARAMETERS)


def test_every_training_argument_exists_in_transformers_and_takes_such_values() -> None:
    from transformers import TrainingArguments

    types = {field.name: str(field.type) for field in dataclasses.fields(TrainingArguments)}
    words = {"int": ("int", "float"), "float": ("float",), "str": ("str", "Scheduler"), "bool": ("bool",)}
    for item in HYPERPARAMETERS:
        if item.target == "arguments":
            assert item.field in types, item.name
            assert any(word in types[item.field] for word in words[item.kind]), (item.name, types[item.field])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("learningRate", 0, "expected a float in (0, 10], got 0"),
        ("learningRate", True, "expected a float in (0, 10], got True"),
        ("learningRate", "1e-3", "expected a float in (0, 10], got '1e-3'"),
        ("dropout", 1, "expected a float in [0, 1), got 1"),
        ("epochs", 1.5, "expected an int of at least 1, got 1.5"),
        ("maxLength", 1, "expected an int of at least 2, got 1"),
        ("bf16", 1, "expected a bool, got 1"),
        ("optim", 3, f"{OPTIMIZERS}, got 3"),
        ("optim", "adamm_torch", f"{OPTIMIZERS}, got 'adamm_torch'; did you mean 'adamw_torch'?"),
        ("adamEpsilon", 0.0, "expected a float above 0, got 0.0"),
    ],
)
def test_values_that_are_refused(name: str, value: Any, message: str) -> None:
    known = find_hyperparameter(name)
    assert known is not None
    assert [fault.message for fault in known.check_value(value, "$.config.x")] == [message]


@pytest.mark.parametrize(
    ("name", "value"), [("learningRate", 1), ("dropout", 0), ("epochs", 3), ("bf16", False), ("optim", "adafactor")]
)
def test_values_that_are_taken(name: str, value: Any) -> None:
    known = find_hyperparameter(name)
    assert known is not None
    assert list(known.check_value(value, "$.config.x")) == []
