"""GPT-2: queries, keys and values come from one projection."""

from __future__ import annotations

from typing import Any

from persopt.pruning.structured.families.family import Attention, Family, FeedForward, Stack

__all__ = ("FAMILY",)


def _refuse(config: Any) -> str | None:
    if getattr(config, "add_cross_attention", False):
        return "its cross-attention cannot be cut; load it with add_cross_attention=False"
    return None


FAMILY = Family(
    name="GPT-2",
    model_types=("gpt2",),
    stacks=(
        Stack(
            layers="h.*",
            count="n_layer",
            attentions=(Attention(core="attn", query="attn.c_attn", output="attn.c_proj", parts=3),),
            feed_forward=FeedForward("mlp.c_proj"),
        ),
    ),
    heads="n_head",
    hidden="n_embd",
    feed_forward="n_inner",
    refuse=_refuse,
    causal=True,
)
