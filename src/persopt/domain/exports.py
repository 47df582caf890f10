"""A model written in the form of another program."""

from __future__ import annotations

from msgspec import Struct

__all__ = ("OnnxExport",)


class OnnxExport(Struct, frozen=True, kw_only=True, rename="camel"):
    """An exported model.

    Attributes:
        file: The model, or of an encoder-decoder the encoder; `config.json` lies beside it, and the weights too if
            there are more than 1.8 GB.
        inputs: Names of its inputs, in order.
        outputs: Names of its outputs, in order.
        size: Bytes of all its files.
        shapes: Shapes of the first input that it was checked with.
        largest_difference: The greatest of all |ONNX - PyTorch|.
        files: All the models: that one, and of an encoder-decoder its decoders for the first and for later tokens.
        exporter: PyTorch's exporter that wrote them: `dynamo` or `torchscript`.
    """

    file: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    size: int
    shapes: tuple[tuple[int, ...], ...]
    largest_difference: float
    files: tuple[str, ...] = ()
    exporter: str = "dynamo"
