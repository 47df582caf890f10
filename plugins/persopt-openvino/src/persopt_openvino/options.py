"""The options of the backend."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

__all__ = ("OpenvinoOptions", "Precision")

Precision = Literal["auto", "f32", "bf16"]


class OpenvinoOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How OpenVINO and NNCF quantize, beyond what every backend is asked."""

    smooth: Annotated[
        bool,
        Meta(
            description="With static: let NNCF move outliers of activations into weights first (SmoothQuant), by a"
            " product before each layer, which OpenVINO fuses."
        ),
    ] = True
    smooth_alpha: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(description="How far they are moved; by default 0.95, or 0.5 where a whole weight has one scale."),
    ] = None
    bias_correction: Annotated[
        bool, Meta(description="With static: let NNCF shift biases by the mean error of the calibration data.")
    ] = True
    dynamic_group_size: Annotated[
        Annotated[int, Meta(ge=16, multiple_of=16)] | None,
        Meta(
            description="With dynamic: consecutive values of a token that share a scale; by default 128, or less where"
            " 128 does not divide the layers' widths."
        ),
    ] = None
    embedding_bits: Annotated[
        Literal[8, 4], Meta(description="With 4 bits: bits of the embeddings and of the last layer.")
    ] = 8
    scale_estimation: Annotated[
        bool, Meta(description="With GPTQ: search the scales by the layers' outputs too; slower to make.")
    ] = False
    inference_precision: Annotated[
        Precision,
        Meta(
            description="What the floating-point part computes in. auto: f32, but where activations are quantized or"
            " bf16 was asked for, bf16 on CPUs that have it."
        ),
    ] = "auto"
