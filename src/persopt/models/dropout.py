"""Dropout by the three names that users write, on any architecture.

Architectures disagree on the names of the fields, and some accept a field that no layer reads. So a value
is set by name and then proved: the model is built once without weights, with a tell-tale value in the fields,
and some layer must carry it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.errors import ModelError
from persopt.domain.validation import describe_choices

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedConfig

__all__ = ("DROPOUT_FIELDS", "apply_dropout")

DROPOUT_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "dropout": (
        "hidden_dropout_prob",
        "hidden_dropout",
        "dropout",
        "dropout_rate",
        "resid_pdrop",
        "embd_pdrop",
        "mlp_dropout",
        "embedding_dropout",
        "resid_dropout",
        "embed_dropout",
        "activation_dropout",
    ),
    "attention_dropout": (
        "attention_probs_dropout_prob",
        "attention_dropout",
        "attn_pdrop",
        "attn_dropout",
    ),
    "classifier_dropout": (
        "classifier_dropout",
        "classifier_dropout_prob",
        "seq_classif_dropout",
        "cls_dropout",
        "pooler_dropout",
        "classifier_dropout_rate",
        "summary_last_dropout",
    ),
}
_TELLTALE: Final = 0.4142135623730951  # no checkpoint has it by chance


def apply_dropout(config: PreTrainedConfig, model_class: Any, overrides: Mapping[str, float]) -> None:
    """Set dropouts in a configuration, in place.

    Args:
        config: Configuration that the model will be built from.
        model_class: The `AutoModelFor...` class that will build it.
        overrides: Values in [0, 1) by `dropout` (embeddings, hidden layers), `attention_dropout`,
            `classifier_dropout`.

    Raises:
        ModelError: for a name that is not one of the three, a value outside [0, 1), or a dropout that no
            layer of the architecture has.
    """
    for name, value in overrides.items():
        if name not in DROPOUT_FIELDS:
            raise ModelError(f"not a setting of the model: {describe_choices(name, DROPOUT_FIELDS)}")
        if not 0 <= value < 1:
            raise ModelError(f"{name} is {value!r}; expected a value in [0, 1)")
        fields = _find_fields(config, model_class, name)
        if not fields:
            raise ModelError(
                f"{name} reaches no layer of {config.model_type!r} as {model_class.__name__}; "
                f"leave {_camel(name)} out of the search space"
            )
        for field in fields:
            setattr(config, field, float(value))


def _find_fields(config: PreTrainedConfig, model_class: Any, name: str) -> list[str]:
    declared = [field for field in DROPOUT_FIELDS[name] if hasattr(config, field)]
    if declared and _reaches(config, model_class, declared):
        return declared
    if name == "classifier_dropout":  # some heads read a field that their configuration does not declare
        for field in DROPOUT_FIELDS[name]:
            if field not in declared and _reaches(config, model_class, [field]):
                return [field]
    return []


def _reaches(config: PreTrainedConfig, model_class: Any, fields: list[str]) -> bool:
    import torch

    marked = copy.deepcopy(config)
    for field in fields:
        setattr(marked, field, _TELLTALE)
    # Building draws random numbers even without weights; the caller's seed must not notice.
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        model = model_class.from_config(marked)
    return _TELLTALE in _carried(model)


def _carried(model: nn.Module) -> Iterator[float]:
    """Give every number that a layer keeps as an attribute, `Dropout.p` among them."""
    for module in model.modules():
        yield from (value for value in vars(module).values() if isinstance(value, float))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
