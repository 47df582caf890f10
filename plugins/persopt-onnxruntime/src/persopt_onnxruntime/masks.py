"""Whether a mask that is added to the scores says no more than which tokens are padding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from persopt_onnxruntime.graphs import open_part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onnx import ModelProto

__all__ = ("find_padding_masks",)

_MASK: Final = "attention_mask"
_HIDDEN: Final = -1e30
_SHAPES: Final = ((1, 1), (1, 5), (3, 4), (2, 9), (2, 16))


def find_padding_masks(model: ModelProto, names: Iterable[str]) -> dict[str, str]:
    """Return those of the named values that only hide padding, with the name of the input that tells it.

    Such a value is, for each row, 0 at the tokens of the row and -infinity or next to it at its padding, the same
    for every head and every token that looks. It is tried out: the part of the graph that makes the value is run on
    random masks of several shapes, padded on the left, on the right and in between.
    """
    inputs = [item.name for item in model.graph.input]
    if _MASK not in inputs or "input_ids" not in inputs:
        return {}
    return {name: _MASK for name in sorted(names) if _only_hides_padding(open_part(model, [name]), inputs)}


def _only_hides_padding(session: Any, inputs: list[str]) -> bool:
    chance = np.random.default_rng(0)
    for batch, length in _SHAPES:
        mask = chance.integers(0, 2, (batch, length))
        mask[np.arange(batch), chance.integers(0, length, batch)] = 1  # no row is all padding
        given = {name: np.zeros((batch, length), np.int64) for name in inputs} | {_MASK: mask}
        try:
            (added,) = session.run(None, {item.name: given[item.name] for item in session.get_inputs()})
        except Exception:  # noqa: BLE001 - ONNX Runtime raises classes of its own: such a mask is another thing
            return False
        if not _hides(added, mask):
            return False
    return True


def _hides(added: np.ndarray[Any, Any], mask: np.ndarray[Any, Any]) -> bool:
    batch, length = mask.shape
    if added.ndim != 4 or added.shape[1] != 1 or added.shape[-1] != length or added.dtype != np.float32:  # noqa: PLR2004
        return False
    seen, expected = np.broadcast_arrays(added, mask[:, None, None, :])
    if len(seen) != batch:
        return False
    return bool((seen[expected == 1] == 0).all() and (seen[expected == 0] < _HIDDEN).all())
