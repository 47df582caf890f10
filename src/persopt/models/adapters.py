"""LoRA adapters (Hu et al. 2021) by PEFT: low-rank updates beside frozen weights."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct

from persopt.domain.errors import ModelError

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

__all__ = ("AdapterSettings", "add_adapter", "merge_adapter")

_ATTENTION: Final = ("attn", "attention")


class AdapterSettings(Struct, frozen=True, kw_only=True):
    """What an adapter is to be.

    Attributes:
        rank: Rank of the updates; at least 1.
        alpha: An update counts alpha / rank times; twice the rank by default.
        dropout: Of the updates' inputs.
        targets: Which linear layers of the body get one: `all-linear`, or those of the `attention`.
    """

    rank: int
    alpha: float | None = None
    dropout: float = 0.0
    targets: Literal["all-linear", "attention"] = "all-linear"


def add_adapter(model: PreTrainedModel, settings: AdapterSettings, *, classifies: bool) -> Any:
    """Freeze a model, put an adapter into it, and return PEFT's model around it.

    The updates begin at zero: at first it gives what the model gives.

    Args:
        model: The model; changed in place.
        settings: What the adapter is to be.
        classifies: The head is new: it trains whole and is saved with the adapter, and so is a pooler, which many
            checkpoints lack.

    Raises:
        ModelError: if there is no layer to put it into.
    """
    from peft import LoraConfig, get_peft_model

    whole = _find_whole(model) if classifies else []
    targets = _find_targets(model, settings, whole)
    if not targets:
        raise ModelError(
            f"{model.config.model_type!r} has no linear layers among {settings.targets!r}; leave loraRank out of the "
            "search space, or use other loraTargets"
        )
    from transformers.pytorch_utils import Conv1D

    alpha: Any = settings.alpha if settings.alpha is not None else 2 * settings.rank  # PEFT takes fractions too
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=alpha,
        lora_dropout=settings.dropout,
        target_modules=sorted(targets),
        modules_to_save=whole or None,
        fan_in_fan_out=all(isinstance(layer, Conv1D) for layer in targets.values()),
    )
    with _no_warnings():
        return get_peft_model(model, config)


def merge_adapter(model: Any) -> PreTrainedModel:
    """Add the updates to the weights and return the plain model, which gives what the two gave; in place."""
    with _no_warnings():
        return model.merge_and_unload()  # type: ignore[no-any-return]


def _find_whole(model: PreTrainedModel) -> list[str]:
    """Return the names of the modules outside the body that have weights, and of the body's pooler."""
    body = model.base_model_prefix
    heads = [name for name, part in model.named_children() if name != body and any(True for _ in part.parameters())]
    poolers = [name for name, _ in model.named_modules() if name == f"{body}.pooler"]
    return [*heads, *poolers]


def _find_targets(model: PreTrainedModel, settings: AdapterSettings, whole: list[str]) -> dict[str, nn.Module]:
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    output = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    found: dict[str, nn.Module] = {}
    for name, layer in model.named_modules():
        inside = any(name == part or name.startswith(f"{part}.") for part in whole)
        if not isinstance(layer, nn.Linear | Conv1D) or layer is output or inside:
            continue
        if settings.targets == "all-linear" or any(word in name.lower() for word in _ATTENTION):
            found[name] = layer
    return found


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Silence what PEFT says of what was chosen on purpose, and of names that Transformers is about to change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
