"""From images to stored pixels, and from those to batches.

An image processor resizes and crops to whole numbers, then scales and normalizes to floats. Where doing the two
halves apart gives the very same floats, the whole numbers are stored: a quarter of the size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from persopt.domain.errors import DataError, ModelError

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image
    from torch import Tensor

__all__ = ("PixelCollator", "can_be_halved", "make_pixels")


def can_be_halved(processor: Any, image: Image) -> bool:
    """Return whether a processor's two halves, one after the other, give what it gives at once."""
    import numpy as np

    try:
        half = _process(processor, [image], do_rescale=False, do_normalize=False)[0]
        return half.dtype == np.uint8 and np.array_equal(_finish(processor, [half]), _process(processor, [image]))
    except (TypeError, ValueError):
        return False


def make_pixels(processor: Any, image: Image, where: str, *, halved: bool) -> np.ndarray[Any, Any]:
    """Return the pixels of an image to store, shape (channels, height, width): uint8 if `halved`, else float32.

    Raises:
        DataError: if the processor cannot take the image.
    """
    import numpy as np

    try:
        if halved:
            pixels = _process(processor, [image], do_rescale=False, do_normalize=False)
        else:
            pixels = _process(processor, [image]).astype(np.float32)
    except (TypeError, ValueError) as error:
        raise DataError(f"the image of {where} is refused by the image processor: {error}") from error
    return pixels.reshape(pixels.shape[1:])


class PixelCollator:
    """Makes a batch of tensors from rows of stored pixels.

    Args:
        processor: The model's image processor, for the half that was left.
    """

    def __init__(self, processor: Any) -> None:
        self._processor = processor

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
        """Return `pixel_values`, float32 of shape (rows, channels, height, width), and `labels`, shape (rows,)."""
        import numpy as np
        import torch

        arrays = [np.frombuffer(row["pixels"], dtype=row["dtype"]).reshape(row["shape"]) for row in rows]
        halved = [array.dtype == np.uint8 for array in arrays]
        values = _finish(self._processor, arrays) if all(halved) else np.stack(arrays)
        return {
            "pixel_values": torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)),
            "labels": torch.tensor([row["labels"] for row in rows]),
        }


def _process(processor: Any, images: Sequence[Any], **changes: Any) -> np.ndarray[Any, Any]:
    values = processor(images=list(images), return_tensors="np", **changes).get("pixel_values")
    if values is None:
        raise ModelError("the image processor gives no pixel_values", path="$.baseModelPath")
    return values  # type: ignore[no-any-return]


def _finish(processor: Any, arrays: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    skipped = {
        name: False for name in ("do_resize", "do_center_crop", "do_pad", "do_convert_rgb") if hasattr(processor, name)
    }
    return _process(processor, arrays, input_data_format="channels_first", **skipped)
