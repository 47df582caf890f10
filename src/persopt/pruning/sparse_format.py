"""Sparse encoding of pruned checkpoints: a bit a weight says where it is, and the non-zero weights follow.

The layout is that of the format `sparse-bitmask` of compressed-tensors 0.9 to 0.14 (later ones have no sparse encoding
any more), in safetensors files: for a tensor `NAME.weight` of any shape, `NAME.bitmask` (a bit a weight, packed
little-endian along the last dimension), `NAME.compressed` (the non-zero weights in order), `NAME.shape`, and
`NAME.row_offsets` (int64, of the shape without its last dimension: the running sum along the first dimension of how
many non-zero weights come before; of a matrix, where a row begins in `compressed`). Tensors of other names, and those
that would not get smaller, stay as they are. The header of the dense file is kept in the metadata, so that reading
gives it back byte for byte.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec
from msgspec import Struct

from persopt.domain.errors import ModelError, OutputError
from persopt.domain.names import list_choices
from persopt.models.compressed import FLOAT_TYPES
from persopt.models.headers import TensorHeader
from persopt.pruning.checkpoint import (
    Shard,
    StoredTensor,
    open_shard,
    read_chunks,
    read_tensor,
    tensor_bytes,
    torch_type,
)

if TYPE_CHECKING:
    import numpy as np

__all__ = ("SUFFIX", "expand_sparse", "measure_sparse", "write_sparse_shard")

SUFFIX: Final = ".sparse"
_DENSE: Final = "persopt.dense_header"
_PARTS: Final = ("bitmask", "compressed", "shape")  # that decoding needs
_WEIGHT: Final = ".weight"
_INT64_BYTES: Final = 8
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

    Files of compressed-tensors (0.6 to 0.14) are read too, if each holds all parts of its tensors; of those the tensors
    are equal, not the headers.

    Args:
        folder: Holds `*.sparse.safetensors`, or else `*.safetensors` with such tensors.
        output: Folder for the dense shards; made where there is none. Files of the same names are replaced, each
            when it is whole.

    Raises:
        ModelError: if there are no sparse files, or one is broken.
        OutputError: if a shard cannot be written.
    """
    files = sorted(folder.glob(f"*{SUFFIX}.safetensors")) or sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(f"{folder} holds no *{SUFFIX}.safetensors; expected the folder that a sparse copy was put in")
    written = []
    try:
        output.mkdir(parents=True, exist_ok=True)
        for file in files:
            target = output / f"{file.name.removesuffix('.safetensors').removesuffix(SUFFIX)}.safetensors"
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
        if header.name in nonzero and header.name.endswith(_WEIGHT) and header.count:
            sparse = _sparse_entries(header, nonzero[header.name])
            if sum(entry.bytes for entry in sparse) < header.bytes:
                plain = sparse
        planned.append((stored, plain))
    return planned


def _sparse_entries(header: TensorHeader, nonzero: int) -> list[_Entry]:
    prefix, *rows, last = header.name.removesuffix(_WEIGHT), *header.shape
    size = header.bytes // header.count
    bitmask = [*rows, -(-last // 8)]
    return [
        _Entry(f"{prefix}.bitmask", "U8", bitmask, math.prod(bitmask)),
        _Entry(f"{prefix}.compressed", header.dtype, [nonzero], nonzero * size),
        _Entry(f"{prefix}.shape", "I64", [len(header.shape)], len(header.shape) * _INT64_BYTES),
        _Entry(f"{prefix}.row_offsets", "I64", rows, math.prod(rows) * _INT64_BYTES),
    ]


def _head(shard: Shard, planned: Sequence[tuple[StoredTensor, Sequence[_Entry]]]) -> bytes:
    dense = shard.head[8:].decode()
    metadata = {**msgspec.json.decode(dense).get("__metadata__", {}), _DENSE: dense}
    return _make_head(metadata, [entry for _, group in planned for entry in group])


def _make_head(metadata: Mapping[str, str], entries: Sequence[_Entry]) -> bytes:
    """Return the length and the header of a safetensors file."""
    header: dict[str, Any] = {"__metadata__": metadata}
    start = 0
    for entry in entries:
        header[entry.name] = {"dtype": entry.dtype, "shape": entry.shape, "data_offsets": [start, start + entry.bytes]}
        start += entry.bytes
    text = msgspec.json.encode(header)
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def _encode(tensor: Any, output: BinaryIO) -> None:
    import numpy as np
    import torch

    kept = tensor != 0
    output.write(np.packbits(kept.numpy(), axis=-1, bitorder="little").tobytes())
    output.write(tensor_bytes(tensor[kept]))
    output.write(tensor_bytes(torch.tensor(list(tensor.shape), dtype=torch.int64)))
    counts = kept.sum(-1)
    output.write(tensor_bytes((counts.cumsum(0) if counts.dim() else counts) - counts))


def _expand(shard: Shard, target: Path) -> None:
    metadata = msgspec.json.decode(shard.head[8:]).get("__metadata__", {})
    stored = {one.header.name: one for one in shard.tensors}
    sparse = _find_sparse(stored)
    if _DENSE not in metadata and not sparse:
        raise ModelError(f"{shard.file} is no sparse file: it has no tensor called *.bitmask")
    with shard.file.open("rb", buffering=0) as source, target.open("wb") as output:
        if _DENSE in metadata:
            text = metadata[_DENSE].encode()
            head = len(text).to_bytes(8, "little") + text
        else:
            head = _make_head(metadata, _list_dense(source, stored, sparse))
        declared: dict[str, Any] = msgspec.json.decode(head[8:])
        declared.pop("__metadata__", None)
        output.write(head)
        for name in sorted(declared, key=lambda one: declared[one]["data_offsets"]):
            if name in sparse:
                parts = [_find(stored, f"{sparse[name]}.{part}") for part in _PARTS]
                output.write(tensor_bytes(_decode(name, source, parts)))
            else:
                for chunk in read_chunks(source, _find(stored, name)):
                    output.write(chunk)
        output.flush()
        os.fsync(output.fileno())


def _find_sparse(stored: Mapping[str, StoredTensor]) -> dict[str, str]:
    """Return by the name of each encoded tensor what its parts' names begin with.

    Before 0.9 that was the whole name, and not weights alone were encoded.
    """
    prefixes = [name.removesuffix(".bitmask") for name in stored if name.endswith(".bitmask")]
    ending = "" if any(prefix.endswith(_WEIGHT) for prefix in prefixes) else _WEIGHT
    return {prefix + ending: prefix for prefix in prefixes}


def _list_dense(source: BinaryIO, stored: Mapping[str, StoredTensor], sparse: Mapping[str, str]) -> list[_Entry]:
    """Return the tensors that a file of compressed-tensors stands for, the widest type first: so all are aligned."""
    parts = {f"{prefix}.{part}" for prefix in sparse.values() for part in (*_PARTS, "row_offsets")}
    plain = [one.header for name, one in stored.items() if name not in parts]
    entries = [_Entry(one.name, one.dtype, list(one.shape), one.bytes) for one in plain]
    for name, prefix in sparse.items():
        dtype = _check_type(name, _find(stored, f"{prefix}.compressed").header.dtype)
        shape = _read_shape(source, _find(stored, f"{prefix}.shape"))
        entries.append(_Entry(name, dtype, shape, math.prod(shape) * torch_type(dtype).itemsize))
    return sorted(entries, key=lambda one: (-(one.bytes // max(math.prod(one.shape), 1)), one.name))


def _find(stored: Mapping[str, StoredTensor], name: str) -> StoredTensor:
    if name not in stored:
        raise ModelError(f"the sparse file lacks {name}")
    return stored[name]


def _check_type(name: str, dtype: str) -> str:
    if dtype not in FLOAT_TYPES:
        raise ModelError(f"{name} is of type {dtype}; expected {list_choices(list(FLOAT_TYPES))}")
    return dtype


def _read_shape(source: BinaryIO, stored: StoredTensor) -> list[int]:
    import numpy as np

    shape: list[int] = np.frombuffer(b"".join(read_chunks(source, stored)), dtype="<i8").tolist()
    return shape


def _decode(name: str, source: BinaryIO, parts: Sequence[StoredTensor]) -> Any:
    import numpy as np
    import torch

    bitmask, compressed, shape = parts
    _check_type(name, compressed.header.dtype)
    sizes = _read_shape(source, shape)
    packed: np.ndarray[Any, Any] = np.frombuffer(b"".join(read_chunks(source, bitmask)), dtype=np.uint8)
    if list(bitmask.header.shape) != [*sizes[:-1], -(-sizes[-1] // 8)]:
        raise ModelError(f"{name} of shape {sizes} cannot have a bitmask of shape {list(bitmask.header.shape)}")
    kept = np.unpackbits(packed.reshape(bitmask.header.shape), axis=-1, count=sizes[-1], bitorder="little")
    if int(kept.sum()) != compressed.header.count:
        raise ModelError(f"{name} has {compressed.header.count} weights, and its bitmask {int(kept.sum())}")
    dense = torch.zeros(sizes, dtype=torch_type(compressed.header.dtype))
    dense[torch.from_numpy(kept).bool()] = read_tensor(source, compressed)
    return dense
