"""What a user asks for when a model is to be quantized."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from persopt.domain.programs import DataSpec, PositiveFloat, PositiveInt, TaskName

__all__ = ("AUTO_BACKEND", "QuantizeConfig", "QuantizeSpec", "QuantizeTraining")

AUTO_BACKEND = "auto"
"""In the place of a backend: the fastest installed one that can do what is asked."""


class QuantizeConfig(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How to quantize."""

    method: Annotated[
        Literal["dynamic", "static", "qat", "weight-only"],
        Meta(description="Activations quantized as they come, by calibrated ranges, trained for it, or not at all."),
    ] = "dynamic"
    bits: Annotated[Literal[32, 16, 8, 4], Meta(description="Bits of a weight; 32 only exports, 16 casts.")] = 8
    symmetric: Annotated[bool, Meta(description="Weights have no zero point.")] = True
    per_channel: Annotated[bool, Meta(description="A scale for each output channel of a weight, not one for all.")] = (
        True
    )
    group_size: Annotated[PositiveInt, Meta(description="With 4 bits: consecutive weights that share a scale.")] = 32
    rounding: Annotated[
        Literal["nearest", "gptq"], Meta(description="With 4 bits: round to the nearest, or by GPTQ (needs data).")
    ] = "nearest"
    activation_symmetric: Annotated[
        bool | None, Meta(description="Activations have no zero point; by default the backend's way.")
    ] = None
    activation_granularity: Annotated[
        Literal["tensor", "token", "channel"] | None,
        Meta(description="What of an activation shares a scale; by default the backend's way."),
    ] = None
    float_type: Annotated[Literal["bf16", "fp16"], Meta(description="The type of 16 bits.")] = "bf16"
    ranges: Annotated[
        Literal["min-max", "percentile", "entropy", "mse"],
        Meta(description="With static: how the ranges of activations are found on the calibration data."),
    ] = "min-max"
    percentile: Annotated[
        float, Meta(gt=50, le=100, description="With percentile ranges: the percentage of values that lie inside.")
    ] = 99.99
    smoothing: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(description="SmoothQuant's alpha: move outliers from activations into weights first (needs data)."),
    ] = None
    keep: Annotated[
        list[str], Meta(description="Leave operators in floating point whose module names match, such as classifier.")
    ] = []
    backend: Annotated[
        str, Meta(description="Name of the backend; auto takes the fastest here that can do what is asked.")
    ] = AUTO_BACKEND
    backend_options: Annotated[dict[str, Any], Meta(description="Options of the backend.")] = {}


class QuantizeTraining(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The quantization-aware training."""

    epochs: Annotated[PositiveFloat, Meta(description="Passes over the training rows.")] = 1.0
    learning_rate: Annotated[PositiveFloat, Meta(description="Highest learning rate; it falls linearly to 0.")] = 2e-5
    distill: Annotated[bool, Meta(description="Learn from the original model too.")] = False
    distill_temperature: Annotated[PositiveFloat, Meta(description="Temperature of both models' logits.")] = 2.0
    distill_weight: Annotated[
        float, Meta(ge=0, le=1, description="Share of the original model's logits in the loss; labels have the rest.")
    ] = 0.5
    hidden_weight: Annotated[
        float, Meta(ge=0, description="Weight of the hidden states' mean squared error, added to the loss.")
    ] = 0.0
    time_limit: Annotated[PositiveFloat | None, Meta(description="Seconds after which training ends.")] = None


class QuantizeSpec(
    Struct, frozen=True, kw_only=True, tag="quantize", tag_field="kind", rename="camel", forbid_unknown_fields=True
):
    """Write a model with fewer bits, and measure what it is worth."""

    name: Annotated[str, Meta(max_length=200, description="A name for people; need not be unique.")] = ""
    model_path: Annotated[
        str, Meta(description="The Transformers checkpoint: a folder, a name in the workspace, or a hub id.")
    ] = ""
    output_path: Annotated[str, Meta(description="Folder for the quantized model; new or empty.")] = ""
    config: Annotated[QuantizeConfig, Meta(description="How to quantize.")] = QuantizeConfig()
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1, description="Seed of the rows chosen and of the training.")] = 0
    dataset_path: Annotated[
        str, Meta(description="The data set to calibrate, train and judge on: a file, a folder, a name or a hub id.")
    ] = ""
    task: Annotated[TaskName | None, Meta(description="The task; detected from the data by default.")] = None
    data: Annotated[DataSpec, Meta(description="How to read the data set.")] = DataSpec()
    calibration_rows: Annotated[PositiveInt, Meta(description="Training rows to calibrate on, at most.")] = 256
    batch_size: Annotated[PositiveInt, Meta(description="Rows of a batch, calibrating and training.")] = 16
    device: Annotated[Literal["auto", "cpu", "cuda"], Meta(description="Where to calibrate, to train and to run.")] = (
        "auto"
    )
    threads: Annotated[PositiveInt | None, Meta(description="CPU threads of the measured runs; by default all.")] = None
    training: Annotated[QuantizeTraining, Meta(description="With qat: the training.")] = QuantizeTraining()
    measure_latency: Annotated[bool, Meta(description="Time the original and the result in turn.")] = True
    batch_sizes: Annotated[list[PositiveInt], Meta(description="Rows of a call, for the speed; by default 1, 16.")] = []
    lengths: Annotated[
        list[PositiveInt],
        Meta(
            description="Tokens of a row, for the speed; by default 32, 128 or what the model takes; images need none."
        ),
    ] = []
    measure_memory: Annotated[bool, Meta(description="Measure the memory of both, each in a fresh process.")] = True
    rank_layers: Annotated[
        bool, Meta(description="Rank the layers by the error that quantizing each alone adds (needs data).")
    ] = True
