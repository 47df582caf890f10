"""Options of the backend."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

__all__ = ("OnnxRuntimeOptions",)


class OnnxRuntimeOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of quantization with ONNX Runtime."""

    fuse: Annotated[bool, Meta(description="Make each attention one operator before anything is quantized.")] = True
    embeddings: Annotated[
        Literal[32, 8, 4],
        Meta(description="With 8 and 4 bits: bits of the embeddings' tables, by block; 32 leaves them alone."),
    ] = 8
    reduce_range: Annotated[
        bool | None,
        Meta(
            description="With 8 bits: weights of 7 bits, whose products cannot overflow on an x86 without VNNI; "
            "by default on such a machine only."
        ),
    ] = None
