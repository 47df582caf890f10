"""Trying models on a text: what is asked, and what each model says of it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from persopt.domain.errors import Fault
from persopt.domain.programs import TaskName

__all__ = ("LabelProbability", "ModelPrediction", "PredictReport", "PredictSpec", "TokenLabel")


class PredictSpec(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A text, and the models that are to say something of it."""

    models: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=4096)]],
        Meta(min_length=1, max_length=4, description="Folders, names or jobs whose results they are; one to four."),
    ]
    text: Annotated[
        str,
        Meta(min_length=1, max_length=20_000, description="What is classified, tagged word by word, or written on."),
    ]
    text_pair: Annotated[
        Annotated[str, Meta(max_length=20_000)] | None,
        Meta(description="The second text, for models that classify pairs."),
    ] = None


class LabelProbability(Struct, frozen=True, kw_only=True):
    """A class and how likely the model holds it."""

    label: str
    probability: Annotated[float, Meta(ge=0, le=1)]


class TokenLabel(Struct, frozen=True, kw_only=True):
    """A word of the text and its tag."""

    token: str
    label: str


class ModelPrediction(Struct, frozen=True, kw_only=True):
    """What one model says: classes, tags or a text, whatever it is for; or why it says nothing."""

    model: Annotated[str, Meta(description="As it was named.")]
    task: Annotated[TaskName | None, Meta(description="What it does, if that can be told.")] = None
    labels: Annotated[list[LabelProbability], Meta(description="Its likeliest classes, the likeliest first.")] = []
    tokens: Annotated[
        list[TokenLabel], Meta(description="The words that it tags; those it cannot reach are left.")
    ] = []
    text: Annotated[str | None, Meta(description="What it writes, always the likeliest next token.")] = None
    fault: Annotated[Fault | None, Meta(description="Why it says nothing.")] = None


class PredictReport(Struct, frozen=True, kw_only=True):
    """What the models say."""

    predictions: Annotated[list[ModelPrediction], Meta(description="One of each model, in their order.")]
