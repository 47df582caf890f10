"""Headers of safetensors files: which tensors a checkpoint holds, without reading one of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from persopt.domain.errors import ModelError

__all__ = ("TensorHeader", "find_weights", "read_header")

_INDEX: Final = "model.safetensors.index.json"
_SINGLE: Final = "model.safetensors"
_LONGEST: Final = 100_000_000  # bytes; the format's own limit of a header
_PREFIX: Final = 8  # bytes of the header's length at the start of the file
_POINTER: Final = b"version https://git-lfs"


_NAME: Final = 200  # characters of a name that a message shows
_WIDTHS: Final = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    "F4": 4,
}
"""Bits of a number of each type of the format that is known here."""


class _Entry(Struct, frozen=True):
    """A tensor as the header tells of it."""

    dtype: Annotated[str, Meta(max_length=32)]
    shape: list[Annotated[int, Meta(ge=0)]]
    data_offsets: tuple[Annotated[int, Meta(ge=0)], Annotated[int, Meta(ge=0)]]


class TensorHeader(Struct, frozen=True):
    """One tensor of a file: name, safetensors name of its type (`F32`), shape, size in bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int

    @property
    def count(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


def find_weights(folder: Path, path: str = "") -> list[Path]:
    """Return the safetensors files of a checkpoint, sorted; empty if it has none.

    Raises:
        ModelError: if the index of a sharded checkpoint cannot be read, or names a file that is not there.
    """
    index = folder / _INDEX
    if not index.is_file():
        return [folder / _SINGLE] if (folder / _SINGLE).is_file() else []
    try:
        names = sorted(set(msgspec.json.decode(index.read_bytes())["weight_map"].values()))
        files = [folder / str(name) for name in names]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError, AttributeError):
        raise ModelError(f"{index} is not a valid index of a sharded checkpoint", path=path) from None
    missing = [file.name for file in files if file.parent != folder or not file.is_file()]
    if missing:
        raise ModelError(f"{index} names {missing[0]}, which is not in the folder; copy all the shards", path=path)
    return files


def read_header(file: Path, path: str = "") -> list[TensorHeader]:
    """Return the tensors that a safetensors file declares, in order of their place in the file.

    Raises:
        ModelError: if the file is not safetensors, or is not as long as its header says.
    """
    try:
        size, stream = file.stat().st_size, file.open("rb")
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}", path=path) from error
    with stream:
        start = stream.read(len(_POINTER))
        if start == _POINTER:
            raise ModelError(f"{file} is a Git LFS pointer, not the weights; run `git lfs pull` there", path=path)
        length = int.from_bytes(start[:_PREFIX], "little")
        if not 0 < length <= min(_LONGEST, size - _PREFIX):
            raise ModelError(f"{file} is not a whole safetensors file; copy or download it again", path=path)
        stream.seek(_PREFIX)
        text = stream.read(length)
    tensors = _decode(text, file, path)
    expected = _PREFIX + length + sum(tensor.bytes for tensor in tensors)
    if size != expected:
        raise ModelError(
            f"{file} has {size:,} bytes where its header tells of {expected:,}: it is truncated or "
            "corrupted; copy or download it again",
            path=path,
        )
    return tensors


def _decode(text: bytes, file: Path, path: str) -> list[TensorHeader]:
    try:
        parts = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        parts.pop("__metadata__", None)
        declared = {name: msgspec.json.decode(part, type=_Entry) for name, part in parts.items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ModelError(f"the header of {file} is corrupted; copy or download it again", path=path) from None
    tensors = []
    end = 0
    # The format allows neither holes nor overlaps, and a tensor takes the bytes that its type and shape tell.
    for name, entry in sorted(declared.items(), key=lambda item: item[1].data_offsets):
        start, stop = entry.data_offsets
        tensor = TensorHeader(name=name, dtype=entry.dtype, shape=tuple(entry.shape), bytes=stop - start)
        width = _WIDTHS.get(entry.dtype)
        if start != end or stop < start or (width is not None and tensor.count * width != 8 * tensor.bytes):
            raise ModelError(f"the header of {file} is corrupted at {name[:_NAME]}; copy it again", path=path)
        tensors.append(tensor)
        end = stop
    return tensors
