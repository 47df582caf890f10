"""BERT, RoBERTa, XLM-RoBERTa and CamemBERT."""

from __future__ import annotations

from typing import Any

from persopt.pruning.structured.families.family import Attention, Family, FeedForward, Stack

__all__ = ("FAMILY",)


def _refuse(config: Any) -> str | None:
    if getattr(config, "add_cross_attention", False):
        return "its cross-attention cannot be cut; load it with add_cross_attention=False"
    return None


FAMILY = Family(
    name="BERT",
    model_types=("bert", "roberta", "xlm-roberta", "camembert"),
    stacks=(
        Stack(
            layers="encoder.layer.*",
            count="num_hidden_layers",
            attentions=(
                Attention(core="attention.self", query="attention.self.query", output="attention.output.dense"),
            ),
            feed_forward=FeedForward("output.dense"),
        ),
    ),
    refuse=_refuse,
)
