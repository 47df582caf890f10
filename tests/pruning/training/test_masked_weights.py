"""Masks through a training, held against torch's own pruning and against the papers' loops."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from persopt.pruning.training.masked_weights import MaskedWeights


def make_layer() -> tuple[nn.Linear, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    layer = nn.Linear(6, 4)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(4, 6, generator=generator))
        layer.bias.zero_()
    return layer, torch.randn(5, 8, 6, generator=generator), torch.rand(4, 6, generator=generator) < 0.5


def weights_of(layer: nn.Linear) -> dict[str, nn.Parameter]:
    return {"w": dict(layer.named_parameters())["weight"]}


def loss_of(output: Tensor) -> Tensor:
    return (output.square() - output).mean()


def test_pruned_weights_are_zero_at_every_step_whatever_the_optimizer_carries_along() -> None:
    layer, batches, mask = make_layer()
    optimizer = torch.optim.AdamW(layer.parameters(), lr=0.1, weight_decay=0.5)
    weights = MaskedWeights(weights_of(layer))
    for turn, batch in enumerate(batches):
        if turn == 2:  # by now the optimizer has momentum for weights that are pruned here
            weights.put({"w": mask})
        loss_of(layer(batch)).backward()  # type: ignore[no-untyped-call]
        weights.begin_update()
        optimizer.step()
        weights.end_update()
        optimizer.zero_grad()
        if turn >= 2:
            assert torch.equal(layer.weight == 0, mask)


def test_what_is_left_trains_as_under_the_masks_of_torch() -> None:
    layer, batches, mask = make_layer()
    plain, _, _ = make_layer()
    prune.custom_from_mask(plain, "weight", ~mask)  # type: ignore[no-untyped-call]
    weights = MaskedWeights(weights_of(layer))
    weights.put({"w": mask})
    for trained, masked in ((layer, weights), (plain, None)):
        optimizer = torch.optim.Adam(trained.parameters(), lr=0.05)
        for batch in batches:
            loss_of(trained(batch)).backward()  # type: ignore[no-untyped-call]
            if masked:
                masked.begin_update()
            optimizer.step()
            if masked:
                masked.end_update()
            optimizer.zero_grad()
    plain(batches[0])  # torch renews the masked weight when it computes
    torch.testing.assert_close(layer.weight.detach(), plain.weight.detach())


def test_movement_is_what_its_paper_sums_up_and_hidden_weights_come_back() -> None:
    layer, batches, first = make_layer()
    weights = MaskedWeights(weights_of(layer), movement=True)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    dense, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    scores, mask = torch.zeros_like(dense), torch.zeros_like(first)
    for turn, batch in enumerate(batches):
        if turn in (1, 3):
            mask = first if turn == 1 else ~first
            weights.put({"w": mask})
        used = dense.masked_fill(mask, 0).requires_grad_()
        torch.testing.assert_close(layer.weight.detach(), used.detach())
        moved = bias.clone().requires_grad_()
        gradient, bias_gradient = torch.autograd.grad(loss_of(batch @ used.T + moved), [used, moved])
        scores -= gradient * dense
        dense = dense - 0.1 * gradient.masked_fill(mask, 0)
        bias = bias - 0.1 * bias_gradient

        loss_of(layer(batch)).backward()  # type: ignore[no-untyped-call]
        weights.begin_update()
        optimizer.step()
        weights.end_update()
        optimizer.zero_grad()
        torch.testing.assert_close(weights.movement["w"], scores)
        torch.testing.assert_close(weights.values()["w"], dense)
    assert torch.equal(layer.weight == 0, ~first)
