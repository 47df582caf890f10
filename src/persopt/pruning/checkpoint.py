"""A checkpoint as what lies on the disk: shards, headers, tensors that are read one at a time and rewritten in place.

Plain reads, no memory mapping: mapped pages count as this process's memory, and of a large checkpoint all would.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from msgspec import Struct

from persopt.models.headers import TensorHeader, find_weights, read_header

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = (
    "Shard",
    "StoredTensor",
    "open_shard",
    "open_shards",
    "read_chunks",
    "read_tensor",
    "tensor_bytes",
    "torch_type",
)

_PREFIX: Final = 8
_CHUNK: Final = 1 << 22  # bytes


class StoredTensor(Struct, frozen=True):
    """A tensor of a shard: its header and where its bytes begin in the file."""

    header: TensorHeader
    start: int


class Shard(Struct, frozen=True):
    """One safetensors file.

    Attributes:
        file: Its path.
        head: The bytes before the first tensor: length and header, metadata included.
        tensors: In the order of their bytes.
    """

    file: Path
    head: bytes
    tensors: list[StoredTensor]


def open_shards(folder: Path) -> list[Shard]:
    """Return the shards of a checkpoint, sorted by name; only their headers are read.

    Raises:
        ModelError: if a file is not whole.
    """
    return [open_shard(file) for file in find_weights(folder)]


def open_shard(file: Path) -> Shard:
    """Return one safetensors file; only its header is read.

    Raises:
        ModelError: if it is not whole.
    """
    headers = read_header(file)
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(_PREFIX), "little")
        stream.seek(0)
        head = stream.read(_PREFIX + length)
    tensors, start = [], len(head)
    for header in headers:
        tensors.append(StoredTensor(header, start))
        start += header.bytes
    return Shard(file, head, tensors)


def torch_type(name: str) -> torch.dtype:
    """Return the torch type of a safetensors name of a floating-point type."""
    import torch

    return {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}[name]


def read_tensor(stream: BinaryIO, tensor: StoredTensor) -> Tensor:
    """Read a floating-point tensor into memory of its own.

    Raises:
        OSError: if the file has become shorter.
    """
    import torch

    raw = torch.empty(tensor.header.bytes, dtype=torch.uint8)
    stream.seek(tensor.start)
    if tensor.header.bytes and stream.readinto(raw.numpy()) != tensor.header.bytes:  # type: ignore[attr-defined]
        raise OSError(f"{tensor.header.name} could not be read: the file has become shorter")
    return raw.view(torch_type(tensor.header.dtype)).reshape(tensor.header.shape)


def read_chunks(stream: BinaryIO, tensor: StoredTensor) -> Iterator[bytes]:
    """Give the bytes of a tensor, some megabytes at a time."""
    stream.seek(tensor.start)
    left = tensor.header.bytes
    while left:
        chunk = stream.read(min(_CHUNK, left))
        if not chunk:
            raise OSError(f"{tensor.header.name} could not be read: the file has become shorter")
        left -= len(chunk)
        yield chunk


def tensor_bytes(tensor: Tensor) -> memoryview:
    """Return the bytes of a contiguous tensor without copying them."""
    import torch

    return tensor.reshape(-1).view(torch.uint8).numpy().data
