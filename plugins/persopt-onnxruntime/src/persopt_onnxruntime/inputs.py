"""Inputs of a graph that follow from the others: positions, and the empty cache that a decoder begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ("PAST", "PRESENT", "complete_inputs")

PAST: Final = "past_key_values."
PRESENT: Final = "present."


def complete_inputs(takes: Iterable[Any], given: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """Return the inputs given, and those that can be told from them.

    Positions are counted as Transformers' `generate` counts them: padding has none. Keys and values of earlier tokens
    that are not given are none, (batch, heads, 0, width).

    Args:
        takes: What a session of ONNX Runtime says of the inputs.
        given: Arrays by name.
    """
    found = dict(given)
    tokens = given.get("input_ids")
    for item in takes:
        if item.name in found or tokens is None:
            continue
        if item.name.startswith(PAST):
            _, heads, _, width = item.shape
            found[item.name] = np.zeros((len(tokens), heads, 0, width), np.float32)
        elif item.name == "position_ids" and "attention_mask" in given:
            counted = np.cumsum(given["attention_mask"], axis=1) - 1
            found[item.name] = np.maximum(counted, 0)[:, -tokens.shape[1] :]
    return found
