"""Images of a data set: opened from their files or bytes, or an error that says which cannot be."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.errors import DataError

if TYPE_CHECKING:
    from datasets import Dataset
    from PIL.Image import Image

__all__ = ("check_image", "open_image", "read_cells")

_MOST_PIXELS: Final = 1 << 26  # 192 MiB in RGB
_ROWS: Final = 100  # that are read at a time
_PATH: Final = "$.data.textColumns"


def read_cells(split: Dataset, column: str) -> Iterator[Any]:
    """Give the cells of a column of images as they are stored: bytes, or a mapping of `bytes` and `path`."""
    stored = split.with_format("arrow").select_columns([column])
    for start in range(0, stored.num_rows, _ROWS):
        yield from stored[start : start + _ROWS][column].to_pylist()


def check_image(cell: Any, where: str) -> None:
    """Make sure that a cell begins like an image; its pixels are not looked at.

    Raises:
        DataError: names the row and, where there is one, the file.
    """
    from PIL import Image

    try:
        with Image.open(_source(cell, where)) as image:
            _check_size(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _unreadable(cell, where, error) from None


def open_image(cell: Any, where: str) -> Image:
    """Return the image of a cell in RGB, turned as its camera says.

    Raises:
        DataError: if it is damaged; names the row and, where there is one, the file.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(_source(cell, where)) as image:
            _check_size(image)
            turned = ImageOps.exif_transpose(image)
            return turned.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _unreadable(cell, where, error) from None


def _check_size(image: Image) -> None:
    """Refuse an image that is small as a file and huge as pixels; only its header has been read."""
    width, height = image.size
    if width * height > _MOST_PIXELS:
        raise ValueError(f"it has {width:,} times {height:,} pixels, and at most {_MOST_PIXELS:,} are taken")


def _source(cell: Any, where: str) -> io.BytesIO | Path:
    content = cell.get("bytes") if isinstance(cell, dict) else cell
    if content is not None:
        return io.BytesIO(content)
    path = cell.get("path") if isinstance(cell, dict) else None
    if path is None:
        raise DataError(f"{where} has no image", path=_PATH, hint="take the row out")
    return Path(path)


def _unreadable(cell: Any, where: str, error: Exception) -> DataError:
    path = cell.get("path") if isinstance(cell, dict) else None
    name = f" ({path})" if path else ""
    reason = "it is no image of a known format" if "cannot identify" in str(error) else str(error)
    return DataError(f"the image of {where}{name} cannot be read: {reason}", path=_PATH, hint="mend it or take it out")
