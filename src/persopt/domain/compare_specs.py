"""What a user asks for when models are to be compared."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from persopt.domain.languages import Language
from persopt.domain.measure_specs import MeasuringSpec

__all__ = ("CompareSpec",)


class CompareSpec(
    MeasuringSpec,
    frozen=True,
    kw_only=True,
    tag="compare",
    tag_field="kind",
    rename="camel",
    forbid_unknown_fields=True,
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
    slice_by: Annotated[
        list[str], Meta(description="Columns of the data by whose values the rows are judged apart, too.")
    ] = []
    length_slices: Annotated[
        int,
        Meta(ge=0, le=20, description="Parts, from the shortest rows to the longest, that are judged apart; 0: none."),
    ] = 3
    report_language: Annotated[Language, Meta(description="Language of the HTML report and of the plots.")] = "en"
