"""Llama and those built like it, with grouped-query attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from persopt.pruning.structured.families.family import Attention, Family, FeedForward, Stack

__all__ = ("FAMILY",)


def _traced(attention: Any, apart: list[Any]) -> Callable[..., Any]:
    # Rotary embeddings halve and join each head, which the graph takes for channels and follows without end.
    def forward(hidden_states: Any, *_: Any, **__: Any) -> tuple[Any, None]:
        apart.append(attention.k_proj(hidden_states) * attention.v_proj(hidden_states))
        return attention.o_proj(attention.q_proj(hidden_states)), None

    return forward


FAMILY = Family(
    name="Llama",
    model_types=("llama", "mistral", "qwen2", "qwen3"),
    stacks=(
        Stack(
            layers="layers.*",
            count="num_hidden_layers",
            attentions=(
                Attention(
                    core="self_attn", query="self_attn.q_proj", output="self_attn.o_proj", key="self_attn.k_proj"
                ),
            ),
            feed_forward=FeedForward("mlp.down_proj"),
        ),
    ),
    key_value_heads="num_key_value_heads",
    head_size="head_dim",
    whole_heads=("llama",),
    traced=_traced,
    causal=True,
)
