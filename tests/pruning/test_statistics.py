"""Gradients and activation norms, held against plain torch."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from persopt.plugins import NoOptions, ParameterContext
from persopt.pruning.builtin.gradient import Gradient
from persopt.pruning.builtin.wanda import Wanda
from persopt.pruning.statistics import gather_activation_norms, gather_gradients

pytestmark = pytest.mark.usefixtures("one_torch_thread")


class Network(nn.Module):
    """Two linear layers over tokens, the second over their masked sum."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.embed = nn.Embedding(10, 4)
        self.first, self.drop, self.second = nn.Linear(4, 6), nn.Dropout(0.5), nn.Linear(6, 3)
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor | None = None) -> Any:
        hidden = self.drop(torch.tanh(self.first(self.embed(input_ids))))
        logits = self.second((hidden * attention_mask[..., None]).sum(1))
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return SimpleNamespace(loss=loss, logits=logits)


def batches() -> Iterator[dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    for rows, length in ((3, 5), (2, 4)):
        mask = torch.ones(rows, length, dtype=torch.long)
        mask[0, 2:] = 0
        ids = torch.randint(0, 10, (rows, length), generator=generator)
        yield {"input_ids": ids, "attention_mask": mask, "labels": torch.arange(rows) % 3}


def test_gradients_are_those_of_the_mean_loss_over_all_rows() -> None:
    model = Network()
    found = gather_gradients(model, batches(), ["first.weight", "second.weight"])
    assert model.training
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
    model.eval()
    losses = []
    for batch in batches():
        logits = model(**batch).logits
        losses += [-row.log_softmax(0)[label] for row, label in zip(logits, batch["labels"], strict=True)]
    torch.stack(losses).mean().backward()  # type: ignore[no-untyped-call]
    for name in found:
        expected = model.get_parameter(name).grad
        assert expected is not None
        torch.testing.assert_close(found[name], expected)
        weights = model.get_parameter(name)
        scores = Gradient().importance(NoOptions(), weights, ParameterContext(name=name, gradient=found[name]))
        torch.testing.assert_close(scores, (weights.detach() * expected).abs())


def test_taylor_scores_are_the_change_of_a_linear_loss() -> None:
    weights = torch.tensor([[1.0, -2.0], [0.5, 4.0]])
    gradient = torch.tensor([[3.0, 1.0], [-2.0, 0.0]])
    scores = Gradient().importance(NoOptions(), weights, ParameterContext(name="w", gradient=gradient))
    base = (weights * gradient).sum()
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        without = weights.clone()
        without[row, column] = 0
        assert scores[row, column] == ((without * gradient).sum() - base).abs()


def test_activation_norms_leave_padding_out_and_wanda_is_its_formula() -> None:
    model = Network()
    found = gather_activation_norms(model, batches(), ["first.weight", "second.weight"])
    model.eval()
    tokens, sums = [], []
    with torch.no_grad():
        for batch in batches():
            embedded = model.embed(batch["input_ids"])
            for row, mask in zip(embedded, batch["attention_mask"], strict=True):
                kept = row[: int(mask.sum())]
                tokens += list(kept)
                sums.append(torch.tanh(model.first(kept)).sum(0))
    expected = torch.stack(tokens).norm(dim=0)
    torch.testing.assert_close(found["first.weight"], expected)
    torch.testing.assert_close(found["second.weight"], torch.stack(sums).norm(dim=0))
    context = ParameterContext(name="first.weight", activation_norms=found["first.weight"])
    scores = Wanda().importance(NoOptions(), model.first.weight, context)
    rows = model.first.weight.detach().tolist()
    by_hand = [[abs(weight) * norm for weight, norm in zip(row, expected.tolist(), strict=True)] for row in rows]
    torch.testing.assert_close(scores, torch.tensor(by_hand))


def test_norms_of_a_convolution_are_those_of_its_channels() -> None:
    model = nn.Sequential(nn.Conv2d(3, 2, 2))
    images = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    found = gather_activation_norms(model, [{"input": images}], ["0.weight"])
    torch.testing.assert_close(found["0.weight"], images.transpose(0, 1).reshape(3, -1).norm(dim=1))


def test_names_that_the_model_does_not_have_are_told() -> None:
    with pytest.raises(LookupError, match=r"the model has no third.weight"):
        gather_gradients(Network(), batches(), ["third.weight"])
    with pytest.raises(LookupError, match=r"the model has no third"):
        gather_activation_norms(Network(), batches(), ["third.weight"])
