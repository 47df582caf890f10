"""ViT: its attention reads `head_dim`, a field that its configuration does not name but keeps."""

from persopt.pruning.structured.families.family import Attention, Family, FeedForward, Stack

__all__ = ("FAMILY",)

FAMILY = Family(
    name="ViT",
    model_types=("vit",),
    stacks=(
        Stack(
            layers="layers.*",
            count="num_hidden_layers",
            attentions=(Attention(core="attention", query="attention.q_proj", output="attention.o_proj"),),
            feed_forward=FeedForward("mlp.fc2"),
        ),
    ),
    head_size="head_dim",
)
