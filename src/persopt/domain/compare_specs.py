"""What a user asks for when models are to be compared."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from persopt.domain.languages import Language
from persopt.domain.programs import DataSpec, PositiveFloat, PositiveInt, TaskName

__all__ = ("CompareSpec",)


class CompareSpec(
    Struct, frozen=True, kw_only=True, tag="compare", tag_field="kind", rename="camel", forbid_unknown_fields=True
):
    """Compare models with the first of them: speed in turn, quality on the same rows, memory, size."""

    name: Annotated[str, Meta(max_length=200, description="A name for people; need not be unique.")] = ""
    model_paths: Annotated[
        list[str],
        Meta(
            description="Two models or more, the baseline first: folders of checkpoints or artifacts, names in the "
            "workspace, hub ids, or jobs whose result is a model."
        ),
    ] = []
    labels: Annotated[
        list[str], Meta(description="What the models are called, one each; by default the names of their folders.")
    ] = []
    dataset_path: Annotated[
        str,
        Meta(description="The data set to judge on: a file, a folder, a name or a hub id; without it no quality."),
    ] = ""
    task: Annotated[TaskName | None, Meta(description="The task; detected from the data by default.")] = None
    data: Annotated[DataSpec, Meta(description="How to read the data set.")] = DataSpec()
    split: Annotated[Literal["train", "validation", "test"], Meta(description="Rows of the data to judge on.")] = (
        "validation"
    )
    rows: Annotated[PositiveInt | None, Meta(description="Judge on at most so many rows, chosen by the seed.")] = None
    slice_by: Annotated[
        list[str], Meta(description="Columns of the data by whose values the rows are judged apart, too.")
    ] = []
    length_slices: Annotated[
        int,
        Meta(ge=0, le=20, description="Parts, from the shortest rows to the longest, that are judged apart; 0: none."),
    ] = 3
    batch_sizes: Annotated[list[PositiveInt], Meta(description="Rows of a call, for the speed; by default 1, 16.")] = []
    lengths: Annotated[
        list[PositiveInt],
        Meta(
            description="Tokens of a row, for the speed; by default 32, 128 or what the model takes; images need none."
        ),
    ] = []
    seconds: Annotated[PositiveFloat, Meta(description="Time the models at each shape for about so long.")] = 4.0
    threads: Annotated[PositiveInt | None, Meta(description="CPU threads, kept on as many cores; by default all.")] = (
        None
    )
    device: Annotated[Literal["cpu", "cuda"], Meta(description="Where the models run.")] = "cpu"
    confidence: Annotated[float, Meta(gt=0.5, lt=1, description="Confidence of the intervals.")] = 0.95
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1, description="Seed of the rows chosen and of the resampling.")] = 0
    speed: Annotated[bool, Meta(description="Measure the speed.")] = True
    memory: Annotated[bool, Meta(description="Measure memory and load time, in fresh processes.")] = True
    report_language: Annotated[Language, Meta(description="Language of the HTML report and of the plots.")] = "en"
