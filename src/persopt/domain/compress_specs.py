"""What a user asks for when a model is to be compressed to a target."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from persopt.domain.programs import DataSpec, PositiveFloat, PositiveInt, TaskName

__all__ = ("CompressSpec", "Minimized", "Technique")

Minimized: TypeAlias = Literal["latency", "size"]
Technique: TypeAlias = Literal["vocabulary", "pruning", "quantization"]

_ALL: Final[tuple[Technique, ...]] = ("vocabulary", "pruning", "quantization")


class CompressSpec(
    Struct, frozen=True, kw_only=True, tag="compress", tag_field="kind", rename="camel", forbid_unknown_fields=True
):
    """Search how to trim, prune, train and quantize a model so that it is as fast or as small as a target allows."""

    name: Annotated[str, Meta(max_length=200, description="A name for people; need not be unique.")] = ""
    model_path: Annotated[
        str,
        Meta(description="The fine-tuned Transformers checkpoint: a folder, a name in the workspace, or a hub id."),
    ] = ""
    output_path: Annotated[
        str, Meta(description="Folder for the chosen model; new or empty. By default it stays with the job.")
    ] = ""
    dataset_path: Annotated[
        str, Meta(description="The labelled data set to train and judge on: a file, a folder, a name or a hub id.")
    ] = ""
    task: Annotated[TaskName | None, Meta(description="The task; detected from the data by default.")] = None
    data: Annotated[DataSpec, Meta(description="How to read the data set.")] = DataSpec()
    max_accuracy_drop: Annotated[
        float,
        Meta(ge=0, description="Most points of the task's metric that may be lost; of a perplexity, most percent."),
    ] = 1.0
    confidence: Annotated[
        float,
        Meta(
            ge=0.5,
            lt=1,
            description="How sure to be, by the validation rows, that no more is lost; 0.5 takes the estimate.",
        ),
    ] = 0.8
    minimize: Annotated[Minimized, Meta(description="What is to be as small as possible within the limits.")] = (
        "latency"
    )
    max_size: Annotated[
        float | str | None, Meta(description="Most bytes of the model's weights and graphs, such as 20MB.")
    ] = None
    max_latency: Annotated[float | str | None, Meta(description="Longest time of a call, such as 5ms.")] = None
    budget: Annotated[
        float | str | None, Meta(description="Time for the whole search, such as 30m; by default there is no limit.")
    ] = None
    max_candidates: Annotated[PositiveInt, Meta(description="Recipes that are looked at, at most.")] = 40
    techniques: Annotated[
        list[Technique], Meta(min_length=1, description="What recipes may be made of; by default all that fit.")
    ] = msgspec.field(default_factory=lambda: list(_ALL))
    methods: Annotated[
        list[str],
        Meta(description="Pruning methods to choose from; by default all that cut in one go, but random."),
    ] = []
    backends: Annotated[
        list[str], Meta(description="Quantization backends to choose from; by default all installed ones.")
    ] = []
    strategy: Annotated[str, Meta(description="Name of the sampling strategy.")] = "bayesian"
    strategy_options: Annotated[dict[str, Any], Meta(description="Options of the strategy.")] = {}
    max_epochs: Annotated[
        PositiveInt, Meta(description="Most passes over the training rows in which a cut model is trained.")
    ] = 4
    calibration_rows: Annotated[
        PositiveInt, Meta(description="Training rows to calibrate on and to rank layers by, at most.")
    ] = 256
    slice_rows: Annotated[
        PositiveInt, Meta(description="Validation rows on which a recipe is judged before it is trained, at most.")
    ] = 256
    batch_size: Annotated[PositiveInt, Meta(description="Rows of a batch, calibrating and training.")] = 16
    latency_batch_size: Annotated[PositiveInt, Meta(description="Rows of a call whose time is measured.")] = 1
    latency_length: Annotated[
        PositiveInt | None,
        Meta(description="Tokens of a row of such a call; by default 128, or what the model takes."),
    ] = None
    seconds: Annotated[
        PositiveFloat, Meta(description="Time each candidate and the original in turn for about so long.")
    ] = 2.0
    measure_memory: Annotated[
        bool, Meta(description="Measure the memory of the chosen model and the original, each in a fresh process.")
    ] = True
    threads: Annotated[PositiveInt | None, Meta(description="CPU threads of the measured runs; by default all.")] = None
    device: Annotated[
        Literal["auto", "cpu", "cuda"], Meta(description="Where to train; models are timed on the CPU unless cuda.")
    ] = "auto"
    seed: Annotated[
        int, Meta(ge=0, le=2**32 - 1, description="Seed of the sampling, the splits, the rows and the training.")
    ] = 0
