"""ALBERT: all layers share the weights of one."""

from __future__ import annotations

from typing import Any

from persopt.pruning.structured.families.family import Attention, Family, FeedForward, Stack

__all__ = ("FAMILY",)


def _refuse(config: Any) -> str | None:
    if config.num_hidden_groups != 1:
        return f"it has num_hidden_groups={config.num_hidden_groups}; only ALBERT with one group can be cut"
    return None


FAMILY = Family(
    name="ALBERT",
    model_types=("albert",),
    stacks=(
        Stack(
            layers="encoder.albert_layer_groups.*.albert_layers.*",
            count="num_hidden_layers",
            attentions=(Attention(core="attention", query="attention.query", output="attention.dense"),),
            feed_forward=FeedForward("ffn_output"),
            shared=True,
        ),
    ),
    refuse=_refuse,
)
