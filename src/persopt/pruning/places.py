"""Which places of what a layer is given stand for something in the batch, and which are padding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ("Places", "flatten_features")


class Places:
    """The masks of the batch that a model is run on.

    What runs within the encoder of an encoder-decoder has the places of the source. What runs after it has those of
    the target, except layers that are given the encoder's output itself: keys and values of cross-attention.

    Args:
        model: The model.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model: Any = model
        self._source: Tensor | None = None
        self._target: Tensor | None = None
        self._encoded: Tensor | None = None

    @property
    def is_decoding(self) -> bool:
        """Whether the encoder of an encoder-decoder is done with the batch."""
        return self._encoded is not None

    def begin(self, batch: Mapping[str, Any]) -> None:
        """Take the masks of the next batch: `attention_mask`, and `decoder_attention_mask` of the target."""
        self._source = batch.get("attention_mask")
        self._target = batch.get("decoder_attention_mask", self._source)
        self._encoded = None

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Follow where the model is, as long as the context is open."""
        if not getattr(getattr(self._model, "config", None), "is_encoder_decoder", False):
            yield
            return
        handle = self._model.get_encoder().register_forward_hook(self._keep_encoded)
        try:
            yield
        finally:
            handle.remove()
            self._encoded = None

    def mask_of(self, given: Tensor) -> Tensor | None:
        """Return the mask of a layer's input, shape (rows, places); None if every place counts."""
        encoded = self._encoded
        if encoded is None or (given.data_ptr() == encoded.data_ptr() and given.shape == encoded.shape):
            return self._source
        return self._target

    def _keep_encoded(self, _module: nn.Module, _inputs: tuple[Any, ...], output: Any) -> None:
        self._encoded = output[0]


def flatten_features(module: nn.Module, values: Tensor, mask: Tensor | None) -> Tensor:
    """Return what a layer is given or gives, shape (places, features), without the places that a mask leaves out.

    Of a convolution the features are channels, and the mask plays no part.
    """
    import torch

    convolution = isinstance(module, torch.nn.Conv1d | torch.nn.Conv2d | torch.nn.Conv3d)
    moved = values.movedim(1, -1) if convolution else values
    flat = moved.reshape(-1, moved.shape[-1])
    if mask is not None and flat.shape[0] == mask.numel() and moved.shape[0] in (mask.shape[0], mask.numel()):
        flat = flat[mask.reshape(-1).bool()]
    return flat
