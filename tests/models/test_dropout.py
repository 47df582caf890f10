from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from persopt.domain.errors import ModelError
from persopt.domain.programs import TaskName
from persopt.models.loading import load_for_task
from tests.models.tiny import ARCHITECTURES

TASKS: tuple[TaskName, ...] = ("text-classification", "token-classification")
LABELS = ["a", "b", "c"]
VALUES = {"dropout": 0.31, "attention_dropout": 0.17, "classifier_dropout": 0.43}
# Heads without a dropout of their own: GPT-2's for texts has none at all, DistilBERT's for tokens shares the body's.
WITHOUT = {("gpt2", "text-classification"), ("distilbert", "token-classification")}


def dropouts(model: Any) -> Mapping[str, float]:
    """Return the probability of each Dropout module by its name."""
    from torch import nn

    return {name: module.p for name, module in model.named_modules() if isinstance(module, nn.Dropout)}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_every_dropout_module_carries_the_value_of_its_kind(
    kind: str, task: TaskName, checkpoints: Callable[[str], Path]
) -> None:
    values = {
        name: value for name, value in VALUES.items() if name != "classifier_dropout" or (kind, task) not in WITHOUT
    }
    model = load_for_task(checkpoints(kind), task, LABELS, values)
    found = dropouts(model)
    assert set(values.values()) <= set(found.values())
    for name, value in found.items():
        if re.search(r"attn_dropout|attention_dropout|attention\.dropout|attention\.self\.dropout", name):
            assert value == VALUES["attention_dropout"], name
        elif name.removeprefix("classifier.") == "dropout" and (kind, task) not in WITHOUT:
            assert value == VALUES["classifier_dropout"], name
        else:
            assert value == VALUES["dropout"], name


@pytest.mark.parametrize(("kind", "task"), sorted(WITHOUT))
def test_a_dropout_that_reaches_nothing_is_refused(
    kind: str, task: TaskName, checkpoints: Callable[[str], Path]
) -> None:
    with pytest.raises(ModelError, match=r"classifier_dropout reaches no layer of .*leave classifierDropout out"):
        load_for_task(checkpoints(kind), task, LABELS, {"classifier_dropout": 0.2})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"droput": 0.1}, r"got .droput., accepted: .*did you mean .dropout."),
        ({"dropout": 1.0}, r"dropout is 1.0; expected a value in \[0, 1\)"),
        ({"dropout": float("nan")}, "dropout is nan"),
    ],
)
def test_wrong_names_and_values_are_refused(
    overrides: dict[str, float], message: str, checkpoints: Callable[[str], Path]
) -> None:
    with pytest.raises(ModelError, match=message):
        load_for_task(checkpoints("bert"), "text-classification", LABELS, overrides)


def test_the_dropout_changes_what_a_training_step_sees(checkpoints: Callable[[str], Path]) -> None:
    import torch

    inputs = {"input_ids": torch.tensor([[2, 5, 6, 7, 3]])}
    differs = {}
    for value in (0.0, 0.5):
        torch.manual_seed(0)
        overrides = dict.fromkeys(VALUES, value)
        model = load_for_task(checkpoints("bert"), "text-classification", LABELS, overrides).train()
        with torch.no_grad():
            differs[value] = not torch.equal(model(**inputs).logits, model(**inputs).logits)
    assert differs == {0.0: False, 0.5: True}


def test_proving_a_dropout_draws_nothing_from_the_callers_generator(checkpoints: Callable[[str], Path]) -> None:
    import torch

    heads = []
    for overrides in ({}, VALUES):
        torch.manual_seed(1)
        model: Any = load_for_task(checkpoints("bert"), "text-classification", LABELS, overrides)
        heads.append(model.classifier.weight)
    assert torch.equal(*heads)
