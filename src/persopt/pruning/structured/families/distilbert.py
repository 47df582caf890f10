"""DistilBERT."""

from persopt.pruning.structured.families.family import Attention, Family, FeedForward, Stack

__all__ = ("FAMILY",)

FAMILY = Family(
    name="DistilBERT",
    model_types=("distilbert",),
    stacks=(
        Stack(
            layers="transformer.layer.*",
            count="n_layers",
            attentions=(Attention(core="attention", query="attention.q_lin", output="attention.out_lin"),),
            feed_forward=FeedForward("ffn.lin2"),
        ),
    ),
    heads="n_heads",
    hidden="dim",
    feed_forward="hidden_dim",
)
