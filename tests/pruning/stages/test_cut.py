"""What a method says of all parameters of a model, against formulas of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor

from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.models.whole import load_whole
from persopt.plugins import NoOptions, ParameterContext
from persopt.plugins.discovery import load_registry
from persopt.plugins.guard import plugin_guard
from persopt.pruning.scoring import Scorer
from persopt.pruning.stages.cut import unit_importance
from persopt.pruning.statistics import gather_gradients, gather_input_norms
from persopt.settings import Settings
from persopt.ticker import Ticker
from tests.models.tiny import save_tiny

pytestmark = pytest.mark.usefixtures("one_torch_thread")
t: Any = transformers


def make_scorer(name: str) -> Scorer:
    registry = load_registry(Settings(), BUILTIN_MODULES)
    method = registry.pruning_method(name)
    return Scorer(
        method=method, options=NoOptions(), registry=registry, guard=lambda: plugin_guard(registry, method), seed=0
    )


@pytest.fixture(scope="module", params=["bert", "gpt2"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    found, unused = load_whole(save_tiny(tmp_path_factory.mktemp("models") / request.param, request.param))
    assert not unused
    return found


def batches() -> list[dict[str, Tensor]]:
    ids = torch.tensor([[2, 7, 9, 3, 0, 0], [2, 7, 7, 5, 6, 3]])
    mask = torch.tensor([[1, 1, 1, 1, 0, 0], [1] * 6])
    return [{"input_ids": ids, "attention_mask": mask}, {"input_ids": ids[1:], "attention_mask": mask[1:]}]


def importances(model: Any, name: str, gathered: dict[str, ParameterContext] | None) -> dict[str, Tensor]:
    ticker = Ticker(lambda _: None, lambda: False)
    importance = unit_importance(model, make_scorer(name), gathered, ticker)
    found = {path: importance(path, parameter) for path, parameter in model.named_parameters()}
    assert all(found[path].shape == parameter.shape for path, parameter in model.named_parameters())
    return found


def test_a_bias_meets_a_one_and_a_row_of_an_embedding_as_many_as_look_it_up(model: Any) -> None:
    norms = gather_input_norms(model, batches())
    gathered = {name: ParameterContext(name=name, activation_norms=found) for name, found in norms.items()}
    found = importances(model, "wanda", gathered)
    tokens = 16  # 4 and 6 and 6 that are no padding
    looked_up = torch.zeros(model.get_input_embeddings().num_embeddings)
    for batch in batches():
        for index, kept in zip(batch["input_ids"].flatten(), batch["attention_mask"].flatten(), strict=True):
            looked_up[index] += kept
    inputs: dict[str, list[Tensor]] = {}
    layer = "encoder.layer.1.intermediate.dense" if model.config.model_type == "bert" else "h.1.mlp.c_fc"
    handle = model.get_submodule(layer).register_forward_pre_hook(
        lambda _, given: inputs.setdefault("x", []).append(given[0])
    )
    with torch.no_grad():
        for batch in batches():
            model(**batch)
    handle.remove()
    squares = sum(
        (x[batch["attention_mask"].bool()] ** 2).sum(0) for x, batch in zip(inputs["x"], batches(), strict=True)
    )
    norm = torch.as_tensor(squares).sqrt()
    for name, parameter in model.named_parameters():
        given = parameter.detach().abs()
        if parameter is model.get_input_embeddings().weight:
            expected = given * looked_up.sqrt()[:, None]
        elif name == f"{layer}.weight":
            expected = given * (norm[:, None] if "c_fc" in name else norm)
        elif parameter.dim() == 1:
            expected = given * tokens**0.5
        else:
            continue
        torch.testing.assert_close(found[name], expected, msg=name)
    places = next(name for name in found if name.endswith(("position_embeddings.weight", "wpe.weight")))
    counts = torch.tensor([3.0, 3, 3, 3, 2, 2] + [0] * 58)
    torch.testing.assert_close(found[places], model.get_parameter(places).detach().abs() * counts.sqrt()[:, None])


def test_what_was_not_gathered_speaks_for_no_unit(model: Any) -> None:
    name = next(name for name, parameter in model.named_parameters() if parameter.dim() == 1)
    gathered = {name: ParameterContext(name=name, activation_norms=torch.ones(1))}
    found = importances(model, "wanda", gathered)
    assert [path for path, scores in found.items() if scores.any()] == [name]


def test_movement_reaches_every_parameter_in_its_own_layout(model: Any) -> None:
    chance = torch.Generator().manual_seed(2)
    moved = {name: torch.randn(one.shape, generator=chance) for name, one in model.named_parameters()}
    gathered = {name: ParameterContext(name=name, movement=found) for name, found in moved.items()}
    for name, scores in importances(model, "movement", gathered).items():
        assert torch.equal(scores, moved[name]), name


def test_gradients_reach_every_parameter_in_its_own_layout(tmp_path: Path) -> None:
    model = t.GPT2ForSequenceClassification.from_pretrained(save_tiny(tmp_path / "gpt2", "gpt2", pad_token_id=0))
    names = [name for name, _ in model.named_parameters()]
    given = [batch | {"labels": torch.ones(len(batch["input_ids"]), dtype=torch.long)} for batch in batches()]
    gradients = gather_gradients(model, given, names)
    gathered = {name: ParameterContext(name=name, gradient=found) for name, found in gradients.items()}
    for name, scores in importances(model, "gradient", gathered).items():
        torch.testing.assert_close(scores, (model.get_parameter(name).detach() * gradients[name]).abs(), msg=name)
