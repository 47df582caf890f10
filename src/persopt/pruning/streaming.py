"""Rewriting a checkpoint tensor by tensor: memory is that of the largest tensor, whatever the checkpoint's size.

Each output shard has the header of its input, byte for byte, so names, types, order and metadata are kept; only
weights that are pruned differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from persopt.domain.prune_reports import TensorSparsity
from persopt.models.compressed import FLOAT_TYPES
from persopt.pruning.checkpoint import Shard, StoredTensor, read_chunks, read_tensor, tensor_bytes, torch_type
from persopt.pruning.selection import SelectedTensor

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("count_zeros", "describe_tensors", "iterate_selected", "rewrite_shard")


def iterate_selected(
    shards: Sequence[Shard], selected: Mapping[str, SelectedTensor], on_tensor: Callable[[], None]
) -> Iterator[tuple[SelectedTensor, Tensor]]:
    """Give the chosen tensors in the order of the files, one in memory at a time; `on_tensor` before each."""
    for shard in shards:
        with shard.file.open("rb", buffering=0) as stream:
            for stored in shard.tensors:
                if stored.header.name in selected:
                    on_tensor()
                    yield selected[stored.header.name], read_tensor(stream, stored)


def rewrite_shard(
    shard: Shard,
    target: Path,
    selected: Mapping[str, SelectedTensor],
    mask: Callable[[SelectedTensor, Tensor], Tensor],
    on_tensor: Callable[[], None],
) -> Iterator[TensorSparsity]:
    """Write a shard with its chosen tensors pruned, and tell of each tensor of floating-point numbers.

    Args:
        shard: The shard.
        target: The new file.
        selected: The chosen tensors by name.
        mask: Returns True where a weight of a chosen tensor is to be zero.
        on_tensor: Called before each tensor; may raise to end the work.
    """
    with shard.file.open("rb", buffering=0) as source, target.open("wb", buffering=0) as output:
        _write(output, shard.head)
        for stored in shard.tensors:
            on_tensor()
            chosen = selected.get(stored.header.name)
            if chosen is not None:
                yield _prune(source, output, stored, chosen, mask)
            elif stored.header.dtype in FLOAT_TYPES:
                zeros = _copy_counting(source, output, stored)
                yield _describe(stored, pruned=False, before=zeros, zeros=zeros)
            else:
                for chunk in read_chunks(source, stored):
                    _write(output, chunk)


def count_zeros(tensor: Tensor) -> int:
    """Return how many weights are zero, negative zeros included."""
    import torch

    return int(tensor.numel() - torch.count_nonzero(tensor))


def _prune(
    source: BinaryIO,
    output: BinaryIO,
    stored: StoredTensor,
    chosen: SelectedTensor,
    mask: Callable[[SelectedTensor, Tensor], Tensor],
) -> TensorSparsity:
    tensor = read_tensor(source, stored)
    before = count_zeros(tensor)
    tensor.masked_fill_(mask(chosen, tensor), 0)
    tensor.masked_fill_(tensor == 0, 0)  # a zero that was negative takes no room in a sparse encoding
    _write(output, tensor_bytes(tensor))
    return _describe(stored, pruned=True, before=before, zeros=count_zeros(tensor))


def _copy_counting(source: BinaryIO, output: BinaryIO, stored: StoredTensor) -> int:
    import torch

    zeros = 0
    for chunk in read_chunks(source, stored):
        zeros += count_zeros(torch.frombuffer(bytearray(chunk), dtype=torch_type(stored.header.dtype)))
        _write(output, chunk)
    return zeros


def _describe(stored: StoredTensor, *, pruned: bool, before: int, zeros: int) -> TensorSparsity:
    header = stored.header
    return TensorSparsity(
        name=header.name,
        shape=list(header.shape),
        pruned=pruned,
        parameters=header.count,
        zeros_before=before,
        zeros=zeros,
        sparsity=zeros / header.count if header.count else 0.0,
    )


def _write(output: BinaryIO, content: bytes | memoryview) -> None:
    """Write all of it: an unbuffered file takes at most 2 GiB at a time."""
    view = memoryview(content)
    while view:
        view = view[output.write(view) :]


def describe_tensors(
    shards: Sequence[Shard], pruned: Mapping[str, SelectedTensor], on_tensor: Callable[[], None]
) -> Iterator[TensorSparsity]:
    """Tell of each tensor of floating-point numbers as it is, some megabytes at a time.

    Args:
        shards: The checkpoint.
        pruned: By name, the tensors that count as pruned.
        on_tensor: Called before each tensor; may raise to end the work.
    """
    for shard in shards:
        with shard.file.open("rb", buffering=0) as source:
            for stored in shard.tensors:
                on_tensor()
                if stored.header.dtype in FLOAT_TYPES:
                    zeros = sum(map(count_zeros, _float_chunks(source, stored)))
                    yield _describe(stored, pruned=stored.header.name in pruned, before=zeros, zeros=zeros)


def _float_chunks(source: BinaryIO, stored: StoredTensor) -> Iterator[Tensor]:
    import torch

    for chunk in read_chunks(source, stored):
        yield torch.frombuffer(bytearray(chunk), dtype=torch_type(stored.header.dtype))
