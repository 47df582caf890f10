"""What a user asks for when a model is to be pruned."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct

from persopt.domain.programs import DataSpec, PositiveInt, TaskName
from persopt.domain.prune_training import PruneTraining
from persopt.domain.structured import LayerRule, StructuredRatios
from persopt.domain.vocabularies import VocabularyOptions

__all__ = ("NO_METHOD", "PruneConfig", "PruneScope", "PruneSpec")

NO_METHOD = "none"
"""In the place of a method: nothing but the vocabulary is trimmed."""

PruneScope: TypeAlias = Literal["tensor", "row", "global"]


class PruneConfig(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How to prune."""

    method: Annotated[str, Meta(description="Name of the pruning method, or none.")] = "magnitude"
    method_options: Annotated[dict[str, Any], Meta(description="Options of the method.")] = {}
    sparsity: Annotated[
        Annotated[float, Meta(ge=0, lt=1)] | None,
        Meta(
            description="Share of the chosen weights that become zero, or with structured are taken out; by default "
            "0.5, or what the pattern or the ratios say, or 0 beside a vocabulary."
        ),
    ] = None
    scope: Annotated[
        PruneScope | None,
        Meta(description="Among which weights the least important are found; by default the method's own."),
    ] = None
    pattern: Annotated[
        Annotated[str, Meta(pattern=r"^[1-9][0-9]*:[1-9][0-9]*$")] | None,
        Meta(description="Keep N of every M consecutive inputs of an output, such as 2:4 or 4:8."),
    ] = None
    structured: Annotated[bool, Meta(description="Remove whole heads and neurons instead of single weights.")] = False
    ratios: Annotated[
        StructuredRatios | None,
        Meta(description="With structured: what part of each kind is cut; by default found from the sparsity."),
    ] = None
    keep_layers: Annotated[
        list[Annotated[int, Meta(ge=0)]] | None,
        Meta(description="With structured: numbers of the layers to keep, from 0, instead of a ratio of layers."),
    ] = None
    layer_rule: Annotated[LayerRule, Meta(description="With structured: which layers a ratio of layers keeps.")] = (
        "importance"
    )
    multiple_of: Annotated[
        PositiveInt, Meta(description="With structured: neurons and hidden width that are left are multiples of it.")
    ] = 1
    vocabulary: Annotated[
        VocabularyOptions | None,
        Meta(description="First trim the vocabulary to the tokens that the texts of the data set use."),
    ] = None
    gradual: Annotated[bool, Meta(description="Reach the sparsity in steps, trained on the data set between them.")] = (
        False
    )
    include: Annotated[
        list[str], Meta(description="Prune only weights whose names match, such as encoder.layer.0.*.")
    ] = []
    exclude: Annotated[list[str], Meta(description="Leave out weights whose names match.")] = []
    sparse_copy: Annotated[
        bool, Meta(description="Also write the weights in a sparse encoding, in the output's folder `sparse`.")
    ] = False


class PruneSpec(
    Struct, frozen=True, kw_only=True, tag="prune", tag_field="kind", rename="camel", forbid_unknown_fields=True
):
    """Make weights of a model zero, and save the model where it is wanted."""

    name: Annotated[str, Meta(max_length=200, description="A name for people; need not be unique.")] = ""
    model_path: Annotated[
        str, Meta(description="The Transformers checkpoint: a folder, a name in the workspace, or a hub id.")
    ] = ""
    output_path: Annotated[str, Meta(description="Folder for the pruned model; new or empty.")] = ""
    config: Annotated[PruneConfig, Meta(description="How to prune.")] = PruneConfig()
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1, description="Seed of random methods and of the rows chosen.")] = 0
    dataset_path: Annotated[
        str, Meta(description="The data set to measure and train on, if any: a file, a folder, a name or a hub id.")
    ] = ""
    task: Annotated[TaskName | None, Meta(description="The task; detected from the data by default.")] = None
    data: Annotated[DataSpec, Meta(description="How to read the data set.")] = DataSpec()
    calibration_rows: Annotated[
        PositiveInt, Meta(description="Training rows from which gradients or activations are gathered, at most.")
    ] = 256
    batch_size: Annotated[PositiveInt, Meta(description="Rows of a batch, gathering and training.")] = 16
    device: Annotated[Literal["auto", "cpu", "cuda", "mps"], Meta(description="Where to gather and to train.")] = "auto"
    training: Annotated[PruneTraining, Meta(description="Training while the model is pruned and after.")] = (
        PruneTraining()
    )
    export: Annotated[
        Literal["onnx"] | None, Meta(description="Also write the result in this form, in the output's folder `onnx`.")
    ] = None
    measure_latency: Annotated[
        bool | None,
        Meta(
            description="Time the model given and the result in turn; by default yes, unless single weights of a "
            "checkpoint of more than 1 GB are pruned, which is never whole in memory."
        ),
    ] = None
