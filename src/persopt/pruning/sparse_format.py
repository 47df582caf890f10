"""Sparse encoding of pruned checkpoints: a bit a weight says where it is, and the non-zero weights follow.

The layout is that of the format `sparse-bitmask` of compressed-tensors up to 0.14 (later ones have no sparse
encoding any more), in safetensors files: for a tensor NAME, `NAME.bitmask` (the rows of bits, packed little-endian),
`NAME.compressed` (the non-zero weights in order), `NAME.shape`. Tensors that would not get smaller stay as they are.
The header of the dense file is kept in the metadata, so that reading gives it back byte for byte.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec
from msgspec import Struct

from persopt.domain.errors import ModelError, OutputError
from persopt.models.headers import TensorHeader
from persopt.pruning.checkpoint import Shard, StoredTensor, open_shard, read_chunks, read_tensor, tensor_bytes

if TYPE_CHECKING:
    import numpy as np

__all__ = ("SUFFIX", "expand_sparse", "measure_sparse", "write_sparse_shard")

SUFFIX: Final = ".sparse"
_DENSE: Final = "persopt.dense_header"
_PARTS: Final = ("bitmask", "compressed", "shape")
_SHAPE_BYTES: Final = 8  # an int64 a dimension
_ALIGNMENT: Final = 8


class _Entry(Struct, frozen=True):
    """A tensor of the sparse file: name, safetensors type, shape, bytes."""

    name: str
    dtype: str
    shape: list[int]
    bytes: int


def measure_sparse(shards: Sequence[Shard], nonzero: Mapping[str, int]) -> int:
    """Return the size in bytes of the sparse files of some shards, without writing them.

    Args:
        shards: Of the dense checkpoint.
        nonzero: For each tensor that may be encoded, its number of weights that are not zero.
    """
    total = 0
    for shard in shards:
        entries = _plan(shard, nonzero)
        total += len(_head(shard, entries)) + sum(entry.bytes for _, group in entries for entry in group)
    return total


def write_sparse_shard(
    shard: Shard, folder: Path, nonzero: Mapping[str, int], on_tensor: Callable[[], None] = lambda: None
) -> Path:
    """Write the sparse form of a dense shard, tensor by tensor, and return the file.

    Args:
        shard: Of the pruned checkpoint.
        folder: Where to; exists.
        nonzero: As for `measure_sparse`.
        on_tensor: Called before each tensor; may raise to end the work.
    """
    target = folder / f"{shard.file.stem}{SUFFIX}.safetensors"
    entries = _plan(shard, nonzero)
    with shard.file.open("rb", buffering=0) as source, target.open("wb") as output:
        output.write(_head(shard, entries))
        for stored, group in entries:
            on_tensor()
            if len(group) == 1:
                for chunk in read_chunks(source, stored):
                    output.write(chunk)
            else:
                _encode(read_tensor(source, stored), output)
    return target


def expand_sparse(folder: Path, output: Path) -> list[Path]:
    """Write the dense shards that sparse files stand for, equal byte for byte to those that they were made of.

    Args:
        folder: Holds `*.sparse.safetensors`.
        output: Folder for the dense shards; made where there is none. Files of the same names are replaced, each
            when it is whole.

    Raises:
        ModelError: if there are no sparse files, or one is broken.
        OutputError: if a shard cannot be written.
    """
    files = sorted(folder.glob(f"*{SUFFIX}.safetensors"))
    if not files:
        raise ModelError(f"{folder} holds no *{SUFFIX}.safetensors; expected the folder that a sparse copy was put in")
    written = []
    try:
        output.mkdir(parents=True, exist_ok=True)
        for file in files:
            target = output / f"{file.name.removesuffix(f'{SUFFIX}.safetensors')}.safetensors"
            part = target.with_name(f".{target.name}.part")
            try:
                _expand(open_shard(file), part)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
            written.append(target)
    except OSError as error:
        raise OutputError(f"the dense weights cannot be written to {output}: {error}") from error
    return written


def _plan(shard: Shard, nonzero: Mapping[str, int]) -> list[tuple[StoredTensor, list[_Entry]]]:
    """Return what stands for each tensor of a dense shard: itself, or the parts of its sparse form."""
    planned = []
    for stored in shard.tensors:
        header = stored.header
        plain = [_Entry(header.name, header.dtype, list(header.shape), header.bytes)]
        if header.name in nonzero and header.count:
            sparse = _sparse_entries(header, nonzero[header.name])
            if sum(entry.bytes for entry in sparse) < header.bytes:
                plain = sparse
        planned.append((stored, plain))
    return planned


def _sparse_entries(header: TensorHeader, nonzero: int) -> list[_Entry]:
    rows = header.shape[0]
    width = -(-(header.count // rows) // 8)
    size = header.bytes // header.count
    return [
        _Entry(f"{header.name}.bitmask", "U8", [rows, width], rows * width),
        _Entry(f"{header.name}.compressed", header.dtype, [nonzero], nonzero * size),
        _Entry(f"{header.name}.shape", "I64", [len(header.shape)], len(header.shape) * _SHAPE_BYTES),
    ]


def _head(shard: Shard, planned: Sequence[tuple[StoredTensor, Sequence[_Entry]]]) -> bytes:
    dense = shard.head[8:].decode()
    metadata = {**msgspec.json.decode(dense).get("__metadata__", {}), _DENSE: dense}
    header: dict[str, Any] = {"__metadata__": metadata}
    start = 0
    for _, group in planned:
        for entry in group:
            header[entry.name] = {
                "dtype": entry.dtype,
                "shape": entry.shape,
                "data_offsets": [start, start + entry.bytes],
            }
            start += entry.bytes
    text = msgspec.json.encode(header)
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def _encode(tensor: Any, output: BinaryIO) -> None:
    import numpy as np
    import torch

    rows = tensor.shape[0]
    flat = tensor.reshape(rows, -1)
    kept = flat != 0
    output.write(np.packbits(kept.numpy(), axis=-1, bitorder="little").tobytes())
    output.write(tensor_bytes(flat[kept]))
    output.write(tensor_bytes(torch.tensor(list(tensor.shape), dtype=torch.int64)))


def _expand(shard: Shard, target: Path) -> None:
    metadata = msgspec.json.decode(shard.head[8:]).get("__metadata__", {})
    if _DENSE not in metadata:
        raise ModelError(f"{shard.file} is no sparse file of persopt: its metadata have no {_DENSE}")
    head = metadata[_DENSE].encode()
    declared: dict[str, Any] = msgspec.json.decode(head)
    declared.pop("__metadata__", None)
    stored = {one.header.name: one for one in shard.tensors}
    with shard.file.open("rb", buffering=0) as source, target.open("wb") as output:
        output.write(len(head).to_bytes(8, "little") + head)
        for name in sorted(declared, key=lambda one: declared[one]["data_offsets"]):
            if name in stored:
                for chunk in read_chunks(source, stored[name]):
                    output.write(chunk)
            else:
                output.write(tensor_bytes(_decode(source, [_find(stored, f"{name}.{part}") for part in _PARTS])))
        output.flush()
        os.fsync(output.fileno())


def _find(stored: Mapping[str, StoredTensor], name: str) -> StoredTensor:
    if name not in stored:
        raise ModelError(f"the sparse file lacks {name}")
    return stored[name]


def _decode(source: BinaryIO, parts: Sequence[StoredTensor]) -> Any:
    import numpy as np
    import torch

    bitmask, compressed, shape = parts
    sizes = np.frombuffer(b"".join(read_chunks(source, shape)), dtype="<i8").tolist()
    packed: np.ndarray[Any, Any] = np.frombuffer(b"".join(read_chunks(source, bitmask)), dtype=np.uint8)
    columns = int(np.prod(sizes[1:], dtype=np.int64))
    kept = np.unpackbits(packed.reshape(bitmask.header.shape), axis=-1, count=columns, bitorder="little")
    values = read_tensor(source, compressed)
    dense = torch.zeros(sizes, dtype=values.dtype)
    dense.reshape(kept.shape)[torch.from_numpy(kept).bool()] = values
    return dense
