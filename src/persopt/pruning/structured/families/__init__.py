"""The architectures that can be cut: tables of names, a file each."""

from __future__ import annotations

from typing import Any, Final

from persopt.domain.errors import ModelError
from persopt.pruning.structured.families import albert, bert, distilbert, gpt2, llama, t5, vit
from persopt.pruning.structured.families.family import Attention, Family, FeedForward, Stack

__all__ = ("FAMILIES", "Attention", "Family", "FeedForward", "Stack", "find_family")

FAMILIES: Final[tuple[Family, ...]] = (
    bert.FAMILY,
    distilbert.FAMILY,
    albert.FAMILY,
    gpt2.FAMILY,
    llama.FAMILY,
    t5.FAMILY,
    vit.FAMILY,
)


def find_family(config: Any) -> Family:
    """Return the family of a Transformers configuration.

    Raises:
        ModelError: if its architecture cannot be cut, with what can be done instead.
    """
    for family in FAMILIES:
        if config.model_type in family.model_types:
            reason = family.refuse(config)
            if reason:
                raise ModelError(f"this {family.name} model cannot be cut: {reason}", hint=_INSTEAD)
            return family
    known = ", ".join(sorted(name for family in FAMILIES for name in family.model_types))
    raise ModelError(f"architecture {config.model_type!r} cannot be cut; those that can: {known}", hint=_INSTEAD)


_INSTEAD: Final = "unstructured or N:M pruning sets weights of any architecture to zero; quantization makes it smaller"
