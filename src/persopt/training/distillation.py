"""Learning from another model: its logits (Hinton et al., 2015, arXiv:1503.02531) and its hidden states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import kl_div, log_softmax

from persopt.data.tokenization import IGNORED
from persopt.training.optimizer_state import slice_state
from persopt.training.options import DistillationOptions

__all__ = ("Distiller", "hidden_loss", "logit_loss")

# What the outputs of Transformers call hidden states, and which mask says what of them counts.
_STATES = {
    "hidden_states": "attention_mask",
    "encoder_hidden_states": "attention_mask",
    "decoder_hidden_states": "decoder_attention_mask",
}


def logit_loss(student: Tensor, teacher: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Return T² KL(teacher || student) of the softened predictions, the mean over the judged places.

    Args:
        student: Logits, shape (..., classes).
        teacher: Logits of the same shape.
        labels: Shape (...), -100 where a place is not judged.
        temperature: T, which divides the logits; T² makes gradients as large as those of the labels.
    """
    judged = labels.reshape(-1) != IGNORED
    softened = [
        log_softmax(logits.reshape(-1, logits.shape[-1])[judged].float() / temperature, dim=-1)
        for logits in (student, teacher)
    ]
    total = kl_div(softened[0], softened[1], reduction="sum", log_target=True)
    return total * temperature**2 / judged.sum().clamp(min=1)


def hidden_loss(
    student: Sequence[Tensor], teacher: Sequence[Tensor], mask: Tensor | None, projection: nn.Module | None = None
) -> Tensor:
    """Return the mean squared error of hidden states over layers, places and channels.

    Of a student with fewer layers, each state has its counterpart at the same relative depth, the first and the last
    theirs.

    Args:
        student: States of each layer, shape (batch, places, width).
        teacher: The same; perhaps more layers, and wider.
        mask: Places that count, shape (batch, places); None if all do.
        projection: From the student's width to the teacher's.
    """
    deepest = max(len(student) - 1, 1)
    losses = []
    for index, state in enumerate(student):
        wanted = teacher[round(index * (len(teacher) - 1) / deepest)]
        errors = ((state if projection is None else projection(state)) - wanted).square().mean(-1)
        losses.append(errors.mean() if mask is None else (errors * mask).sum() / mask.sum().clamp(min=1))
    return torch.stack(losses).mean()


class Distiller:
    """Adds what the teacher knows to a loss.

    Args:
        teacher: The model that knows; in evaluation mode from here on, on the student's device.
        student: The model that learns.
        options: Weights and temperature.
        narrows: Whether the student is as wide as the teacher now, and its width will be cut while it trains.

    Attributes:
        projection: From the student's width to the teacher's, where they differ; trains with the student.
    """

    def __init__(self, teacher: Any, student: Any, options: DistillationOptions, *, narrows: bool = False) -> None:
        self._options = options
        self._teacher = teacher.to(student.device).eval().requires_grad_(False)
        widths = student.config.hidden_size, teacher.config.hidden_size
        self.projection: nn.Module | None = None
        if options.hidden_weight and (narrows or widths[0] != widths[1]):
            projection = nn.Linear(*widths, bias=False)
            if widths[0] == widths[1]:
                nn.init.eye_(projection.weight)  # as if there were none, until the first cut
            self.projection = projection.to(student.device)

    def narrow(self, channels: Sequence[int], optimizer: torch.optim.Optimizer | None = None) -> None:
        """Go on with these channels of the student's hidden states; its moments in the optimizer follow."""
        if self.projection is None:
            return
        weight: Any = self.projection.weight
        kept = torch.tensor(channels, device=weight.device)
        if optimizer is not None:
            slice_state(optimizer, weight, weight.shape, kept)
        weight.data = weight.data.index_select(1, kept)
        weight.grad = None

    @property
    def extra_inputs(self) -> dict[str, Any]:
        """What the student must be asked for besides its logits."""
        return {"output_hidden_states": True} if self._options.hidden_weight else {}

    def mix(
        self, loss: Tensor, outputs: Mapping[str, Any], inputs: Mapping[str, Any], labels: Tensor, share: Tensor
    ) -> Tensor:
        """Return the loss with what the teacher says of the same batch.

        Args:
            loss: That of the labels, the batch's part of the step's mean.
            outputs: The student's.
            inputs: The batch, without labels.
            labels: -100 where a place is not judged.
            share: The batch's share of the judged places of the step.
        """
        options = self._options
        with torch.no_grad():
            told = self._teacher(**inputs, **self.extra_inputs)
        softened = logit_loss(outputs["logits"], told["logits"], labels, options.distill_temperature)
        mixed = (1 - options.distill_weight) * loss + options.distill_weight * share * softened
        if options.hidden_weight:
            errors = [
                hidden_loss(states, told[name], inputs.get(mask), self.projection)
                for name, mask, states in _find_states(outputs)
            ]
            mixed = mixed + options.hidden_weight * share * torch.stack(errors).mean()
        return mixed


def _find_states(outputs: Mapping[str, Any]) -> Iterator[tuple[str, str, Sequence[Tensor]]]:
    for name, mask in _STATES.items():
        if outputs.get(name) is not None:
            yield name, mask, outputs[name]
