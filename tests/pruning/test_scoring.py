"""A method that breaks its contract fails the job with its plugin named."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from persopt.domain.errors import ModelError, PluginError
from persopt.domain.prune_specs import PruneConfig
from persopt.plugins import NoOptions, PruningTraits
from persopt.plugins.guard import plugin_guard
from persopt.plugins.registry import Registry
from persopt.pruning.scoring import Masker, Scorer, parameter_seed
from persopt.pruning.selection import SelectedTensor

ONE = SelectedTensor("a.weight", (2, 3), False)
WEIGHTS = torch.tensor([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])


class Odd:
    """Returns what it is told to, or raises it."""

    name = "odd"
    title = {"en": "Odd", "fa": "عجیب"}
    options = NoOptions
    traits = PruningTraits()

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def importance(self, options: Any, parameter: Any, context: Any) -> Any:  # noqa: ARG002 - the contract's
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def masker(answer: Any) -> Masker:
    method, registry = Odd(answer), Registry()
    guard = partial(plugin_guard, registry, method)
    scorer = Scorer(method=method, options=NoOptions(), registry=registry, guard=guard, seed=0)
    return Masker(PruneConfig(scope="tensor", sparsity=0.5), scorer, {"a.weight": 3})


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (ZeroDivisionError("no"), "ZeroDivisionError: no"),
        (None, r"importance must be floats of shape \(2, 3\) for a.weight"),
        (torch.ones(3, 2), "importance must be floats of shape"),
        (torch.ones(2, 3, dtype=torch.int64), "importance must be floats of shape"),
        (torch.full((2, 3), float("nan")), "importance is not finite for a.weight"),
    ],
)
def test_a_broken_method_is_named(answer: Any, told: str) -> None:
    with pytest.raises(PluginError, match=rf"plugin 'odd' of .*: {told}"):
        masker(answer).mask(ONE, WEIGHTS)


def test_weights_that_are_not_finite_are_the_models_fault() -> None:
    weights = WEIGHTS.clone()
    weights[0, 0] = float("inf")
    with pytest.raises(ModelError, match=r"a\.weight has weights that are not finite"):
        masker(weights.abs()).mask(ONE, weights)


def test_each_parameter_has_a_seed_of_its_own() -> None:
    assert len({parameter_seed(seed, name) for seed in range(3) for name in "abc"}) == 9
    assert parameter_seed(1, "a") == parameter_seed(1, "a")
