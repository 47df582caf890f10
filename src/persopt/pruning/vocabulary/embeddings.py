"""The tensors of a checkpoint that have a row for each token, and copying it with fewer of them.

Which tensors these are is found by building the architecture twice without weights, for vocabularies of two sizes:
what differs in shape is of the vocabulary, whatever its name, and a hidden size that happens to equal the
vocabulary's is not mistaken for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec

from persopt.domain.errors import ModelError
from persopt.models.headers import TensorHeader, find_weights, read_header
from persopt.models.quiet import quiet_transformers
from persopt.pruning.vocabulary.configurations import resize_config

if TYPE_CHECKING:
    import numpy as np

__all__ = ("copy_index", "copy_tensors", "find_shapes", "find_token_axes", "fixes_padding")

_CHUNK: Final = 1 << 24  # bytes in memory at a time
_PREFIX: Final = 8  # bytes of the header's length
_MORE: Final = 8  # by how much the second vocabulary is larger
_POINTERS: Final = "model.safetensors.index.json"


def find_token_axes(folder: Path, config: Any, rows: int) -> dict[str, int]:
    """Return, for each tensor of a checkpoint that has a place for each token, the axis of these places.

    Args:
        folder: The checkpoint.
        config: Its configuration.
        rows: Size of its vocabulary.

    Raises:
        ModelError: if a tensor is not of the shape that the configuration tells, or it cannot be told whether it
            is of the vocabulary.
    """
    effective = config.to_dict()
    model = _build(config)
    shapes = find_shapes(model)
    larger = find_shapes(_build(type(config).from_dict(resize_config(effective, (rows, rows + _MORE)))))
    axes = {name: _differing(shape, larger[name]) for name, shape in shapes.items()}
    fixed_sizes = {size for name, shape in shapes.items() for axis, size in enumerate(shape) if axis not in axes[name]}
    found: dict[str, int] = {}
    for tensor in _read_headers(folder):
        name = _find_name(tensor.name, shapes, model.base_model_prefix)
        if name is not None:
            places = axes[name]
            if places and tensor.shape != shapes[name]:
                raise ModelError(
                    f"{tensor.name} has the shape {tensor.shape} where config.json asks for {shapes[name]}; "
                    "save model and configuration together with `save_pretrained`"
                )
        else:  # the architecture has no such tensor, and ignores it
            places = [axis for axis, size in enumerate(tensor.shape) if size == rows]
            if places and rows in fixed_sizes:
                raise ModelError(f"{tensor.name} is not of the architecture; what its {rows} places are is not known")
        if len(places) > 1:
            raise ModelError(f"{tensor.name} has the vocabulary on several axes, which cannot be trimmed")
        if places:
            found[tensor.name] = places[0]
    if not found:
        raise ModelError(f"no tensor in {folder} has a row for each of {rows} tokens")
    return found


def fixes_padding(config: Any) -> bool:
    """Whether the architecture counts positions from the padding token's id, so that the id has to stay."""
    return any(
        "position" in name and getattr(module, "padding_idx", None) is not None
        for name, module in _build(config).named_modules()
    )


def find_shapes(model: Any) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a model's tensors by name, tied ones under each of their names."""
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def copy_tensors(source: Path, target: Path, axes: Mapping[str, int], rows: Sequence[int]) -> None:
    """Copy a safetensors file with only some rows of some tensors; order, types and metadata stay.

    A few megabytes are in memory at a time.

    Args:
        source: The file.
        target: The new file.
        axes: The axis of the rows, by name of the tensors that have them.
        rows: The rows that stay, in the order that they get.
    """
    import numpy as np

    tensors = read_header(source)
    length, metadata = _read_metadata(source)
    declared: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    end = 0
    for tensor in tensors:
        shape = list(tensor.shape)
        size = tensor.bytes
        if tensor.name in axes:
            axis = axes[tensor.name]
            size = size // shape[axis] * len(rows)
            shape[axis] = len(rows)
        declared[tensor.name] = {"dtype": tensor.dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = msgspec.json.encode(declared)
    text += b" " * (-len(text) % _PREFIX)
    chosen = np.asarray(rows, dtype=np.int64)
    start = _PREFIX + length
    with source.open("rb") as reader, target.open("wb") as writer:
        writer.write(len(text).to_bytes(_PREFIX, "little") + text)
        for tensor in tensors:
            if tensor.name in axes:
                _copy_rows(source, writer, tensor, start, axes[tensor.name], chosen)
            else:
                _copy_bytes(reader, writer, start, tensor.bytes)
            start += tensor.bytes


def copy_index(source: Path, target: Path) -> None:
    """Write the index of a sharded checkpoint for its trimmed shards, if there is one."""
    file = source / _POINTERS
    if not file.is_file():
        return
    index: dict[str, Any] = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    tensors = [tensor for shard in find_weights(source) for tensor in read_header(target / shard.name)]
    metadata = index.setdefault("metadata", {})
    metadata["total_size"] = sum(tensor.bytes for tensor in tensors)
    if "total_parameters" in metadata:
        metadata["total_parameters"] = sum(tensor.count for tensor in tensors)
    (target / _POINTERS).write_bytes(msgspec.json.format(msgspec.json.encode(index)))


def _build(config: Any) -> Any:
    """Build the architecture that a configuration names, without weights."""
    import torch
    import transformers

    names = config.architectures or [""]
    model_class: Any = getattr(transformers, names[0], None)
    try:
        with quiet_transformers(), torch.device("meta"):
            if model_class is None:
                return transformers.AutoModel.from_config(config)  # type: ignore[no-untyped-call]
            return model_class(config)
    except Exception as error:  # whatever a constructor makes of a configuration that does not fit it
        raise ModelError(f"no {names[0] or config.model_type} can be built from config.json: {error}") from error


def _differing(one: tuple[int, ...], other: tuple[int, ...]) -> list[int]:
    return [axis for axis, (size, more) in enumerate(zip(one, other, strict=True)) if size != more]


def _read_headers(folder: Path) -> list[TensorHeader]:
    return [tensor for file in find_weights(folder) for tensor in read_header(file)]


def _find_name(name: str, shapes: Mapping[str, Any], prefix: str) -> str | None:
    """Return the model's name of a tensor; a checkpoint of a body loads into a model with a head, and the reverse."""
    candidates = (name, f"{prefix}.{name}", name.removeprefix(f"{prefix}."))
    return next((candidate for candidate in candidates if candidate in shapes), None)


def _read_metadata(file: Path) -> tuple[int, dict[str, str] | None]:
    """Return the length of a safetensors file's header, and its metadata."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(_PREFIX), "little")
        return length, msgspec.json.decode(stream.read(length)).get("__metadata__")


def _copy_rows(
    source: Path, writer: BinaryIO, tensor: TensorHeader, start: int, axis: int, rows: np.ndarray[Any, Any]
) -> None:
    import numpy as np

    outer = math.prod(tensor.shape[:axis])
    row_bytes = tensor.bytes // (outer * tensor.shape[axis])
    shape = (outer, tensor.shape[axis], row_bytes)
    mapped: Any = np.memmap(source, dtype=np.uint8, mode="r", offset=start, shape=shape)
    step = max(1, _CHUNK // row_bytes)
    for block in mapped:
        for first in range(0, len(rows), step):
            writer.write(block[rows[first : first + step]].tobytes())


def _copy_bytes(reader: BinaryIO, writer: BinaryIO, start: int, size: int) -> None:
    reader.seek(start)
    while size:
        block = reader.read(min(size, _CHUNK))
        writer.write(block)
        size -= len(block)
