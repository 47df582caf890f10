"""A model written in the form of another program."""

from __future__ import annotations

from msgspec import Struct

__all__ = ("OnnxExport",)


class OnnxExport(Struct, frozen=True, kw_only=True, rename="camel"):
    """An exported model.

    Attributes:
        file: The model; `config.json` lies beside it, and the weights too if there are more than 1.8 GB.
        inputs: Names of its inputs, in order.
        outputs: Names of its outputs, in order.
        size: Bytes of all its files.
        shapes: Shapes of the first input that it was checked with.
        largest_difference: The greatest of all |ONNX - PyTorch|.
    """

    file: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    size: int
    shapes: tuple[tuple[int, ...], ...]
    largest_difference: float
