from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import BertConfig, BertForSequenceClassification

from persopt.domain.prune_training import PruneTraining
from persopt.training.distillation import Distiller, hidden_loss, logit_loss


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def soften(logits: list[float], temperature: float) -> list[float]:
    raised = [math.exp(one / temperature) for one in logits]
    return [one / sum(raised) for one in raised]


@pytest.mark.parametrize("temperature", [0.7, 1.0, 4.0])
def test_logits_are_compared_by_the_formula_of_hinton(temperature: float) -> None:
    student, teacher = random(2, 3, 5), random(2, 3, 5, seed=1)
    labels = torch.tensor([[0, -100, 4], [-100, 2, 1]])
    divergences = [
        sum(
            p * math.log(p / q)
            for p, q in zip(
                soften(teacher[row, place].tolist(), temperature),
                soften(student[row, place].tolist(), temperature),
                strict=True,
            )
        )
        for row in range(2)
        for place in range(3)
        if labels[row, place] != -100
    ]
    wanted = temperature**2 * sum(divergences) / len(divergences)
    assert float(logit_loss(student, teacher, labels, temperature)) == pytest.approx(wanted, rel=1e-4)
    assert float(logit_loss(teacher, teacher, labels, temperature)) == pytest.approx(0, abs=1e-6)


def test_soft_gradients_become_those_of_matching_logits_at_a_high_temperature() -> None:
    # Hinton et al., section 2.1: for zero-mean logits, 1/classes * (student - teacher) for each row.
    student, teacher = random(1, 4).double(), random(1, 4, seed=1).double()
    student, teacher = (one - one.mean() for one in (student, teacher))
    student.requires_grad_()
    raised = 1000.0
    # log_softmax is computed in float32 by the loss; a temperature of 1000 leaves it about three digits
    (gradient,) = torch.autograd.grad(logit_loss(student, teacher, torch.tensor([0]), raised), [student])
    torch.testing.assert_close(gradient, (student.detach() - teacher) / 4, rtol=0.02, atol=0.02)


def test_hidden_states_are_compared_where_the_mask_is_at_the_same_relative_depth() -> None:
    student, teacher = (
        [random(2, 3, 4, seed=one) for one in range(3)],
        [random(2, 3, 4, seed=10 + one) for one in range(5)],
    )
    mask = torch.tensor([[1, 1, 0], [1, 0, 0]])
    errors = []
    for index, state in enumerate(student):
        wanted = teacher[2 * index]  # 3 states beside 5: the first, the middle, the last
        errors += [
            (float(state[row, place, channel]) - float(wanted[row, place, channel])) ** 2
            for row, place in ((0, 0), (0, 1), (1, 0))
            for channel in range(4)
        ]
    assert float(hidden_loss(student, teacher, mask)) == pytest.approx(sum(errors) / len(errors), rel=1e-5)


def make_bert(width: int, layers: int, seed: int) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = BertConfig(
            vocab_size=11, hidden_size=width, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=8
        )
        made: Any = BertForSequenceClassification(config)
        return made.eval()


def test_a_narrower_and_shallower_student_is_projected_and_both_learn() -> None:
    student, teacher = make_bert(4, 1, 0), make_bert(8, 3, 1)
    options = PruneTraining(distill=True, distill_weight=0.25, distill_temperature=3.0, hidden_weight=0.5)
    distiller = Distiller(teacher, student, options)
    inputs = {"input_ids": torch.tensor([[1, 2, 3], [4, 5, 0]]), "attention_mask": torch.tensor([[1, 1, 1], [1, 1, 0]])}
    labels = torch.tensor([0, 1])
    outputs = student(**inputs, **distiller.extra_inputs)
    loss = torch.nn.functional.cross_entropy(outputs.logits, labels)
    mixed = distiller.mix(loss, outputs, inputs, labels, torch.tensor(0.5))
    told = teacher(**inputs, output_hidden_states=True)
    assert distiller.projection is not None
    pairs = [(outputs.hidden_states[0], told.hidden_states[0]), (outputs.hidden_states[1], told.hidden_states[3])]
    seen = inputs["attention_mask"].bool()
    squares = [(distiller.projection(one)[seen] - other[seen]).square().mean() for one, other in pairs]
    soft = [torch.softmax(one.logits / 3, -1) for one in (told, outputs)]
    divergence = (soft[0] * (soft[0].log() - soft[1].log())).sum() / 2
    wanted = 0.75 * loss + 0.25 * 0.5 * 9 * divergence + 0.5 * 0.5 * (squares[0] + squares[1]) / 2
    torch.testing.assert_close(mixed, wanted)
    mixed.backward()  # type: ignore[no-untyped-call]
    (weight,) = distiller.projection.parameters()
    assert weight.grad is not None
    assert weight.grad.abs().sum() > 0
    assert student.bert.encoder.layer[0].output.dense.weight.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in teacher.parameters())
