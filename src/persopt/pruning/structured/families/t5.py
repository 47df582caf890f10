"""T5 and mT5: relative positions add to the scores of each head, with one table for a whole stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from persopt.pruning.structured.families.family import Attention, Family, FeedForward, Stack

__all__ = ("FAMILY",)


def _traced(attention: Any, apart: list[Any]) -> Callable[..., Any]:
    # The table's columns are heads where the graph expects channels; they are coupled by `Attention.bias`.
    def forward(hidden_states: Any, mask: Any = None, key_value_states: Any = None, **_: Any) -> tuple[Any, None, None]:
        del mask
        source = hidden_states if key_value_states is None else key_value_states
        apart.append(attention.k(source) * attention.v(source))
        return attention.o(attention.q(hidden_states)), None, None

    return forward


def _attention(path: str, bias: bool) -> Attention:
    return Attention(
        core=path,
        query=f"{path}.q",
        output=f"{path}.o",
        key=f"{path}.k",
        bias=f"{path}.relative_attention_bias" if bias else "",
    )


_SELF = _attention("layer.0.SelfAttention", bias=True)
_CROSS = _attention("layer.1.EncDecAttention", bias=False)

FAMILY = Family(
    name="T5",
    model_types=("t5", "mt5"),
    stacks=(
        Stack(
            layers="encoder.block.*",
            count="num_layers",
            attentions=(_SELF,),
            feed_forward=FeedForward("layer.1.DenseReluDense.wo"),
            first_only=(_SELF.bias,),
        ),
        Stack(
            layers="decoder.block.*",
            count="num_decoder_layers",
            attentions=(_SELF, _CROSS),
            feed_forward=FeedForward("layer.2.DenseReluDense.wo"),
            first_only=(_SELF.bias,),
        ),
    ),
    heads="num_heads",
    hidden="d_model",
    feed_forward="d_ff",
    head_size="d_kv",
    traced=_traced,
)
