"""Whether models can be compared: of one task, one kind of input and one set of classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from persopt.domain.errors import Fault, ModelError
from persopt.domain.programs import TaskName
from persopt.evaluation.quality import order_labels
from persopt.models.description import ModelDescription, describe_model, read_config
from persopt.models.heads import explain_misfit
from persopt.models.runners import find_task

__all__ = ("FoundModel", "check_against_data", "check_models", "look_at_model")


class FoundModel(Struct, frozen=True, kw_only=True):
    """A model before it is opened.

    Attributes:
        index: Its place among the models.
        given: What the user wrote.
        folder: Where it lies.
        description: What it is.
        task: What it does, as far as can be told.
    """

    index: int
    given: str
    folder: Path
    description: ModelDescription
    task: TaskName | None

    @property
    def path(self) -> str:
        """JSON path of the field."""
        return f"$.modelPaths[{self.index}]"


def look_at_model(index: int, given: str, folder: Path) -> FoundModel:
    """Read what a model is from its small files.

    Raises:
        ModelError: if they cannot be read.
    """
    description = describe_model(folder, f"$.modelPaths[{index}]")
    return FoundModel(index=index, given=given, folder=folder, description=description, task=find_task(folder))


def check_models(models: Sequence[FoundModel]) -> Iterator[Fault]:
    """Give a fault for each model that cannot be compared with the first, naming both.

    Tokenizers may differ.
    """
    for other in models[1:]:
        reason = _explain_difference(models[0], other)
        if reason:
            yield Fault(path=other.path, message=reason, code="bad-model")


def check_against_data(
    models: Sequence[FoundModel], task: TaskName, labels: Sequence[str], column: str | None = None
) -> Iterator[Fault]:
    """Give a fault for each model that is for another task than the data, or for other classes.

    Args:
        models: The models.
        task: Of the data.
        labels: Names of its classes; empty where there are none, or they are not known.
        column: The one that was taken for the labels, if nobody named it.
    """
    for model in models:
        if model.task is not None and not _are_alike(model.task, task):
            message = f"{model.given} is for {model.task}, and the data is for {task}"
            yield Fault(path=model.path, message=message, hint="name the task with --task", code="bad-model")
            continue
        misfit = explain_misfit(read_config(model.folder), task)
        if misfit:
            yield Fault(path=model.path, message=misfit, code="bad-model")
        elif labels:
            try:
                order_labels(model.description.labels, labels)
            except ModelError as error:
                message = f"{model.given}: {error.faults[0].message}"
                hint = (
                    ""
                    if column is None
                    else (
                        f"column {column!r} was taken for the labels: name another one as labelColumn "
                        "(--label-column), or give an empty one if the rows have none"
                    )
                )
                yield Fault(path=model.path, message=message, hint=hint, code="bad-model")


def _explain_difference(first: FoundModel, other: FoundModel) -> str:
    one, two = first.description, other.description
    if first.task is not None and other.task is not None and not _are_alike(first.task, other.task):
        return f"{other.given} is for {other.task}, and {first.given} is for {first.task}; they cannot be compared"
    if _reads_images(one) != _reads_images(two):
        kinds = [f"{model.given} takes {_name_inputs(model.description)}" for model in (other, first)]
        return f"{kinds[0]}, and {kinds[1]}; they cannot be compared"
    if not one.labels or not two.labels:
        return ""
    if {name.casefold() for name in one.labels} != {name.casefold() for name in two.labels}:
        return (
            f"{other.given} tells the classes {', '.join(two.labels)} apart, and {first.given} "
            f"{', '.join(one.labels)}; they cannot be compared"
        )
    return ""


def _are_alike(one: TaskName, other: TaskName) -> bool:
    """Return whether models of both tasks can do the same: a writer translates as it sums up."""
    writers = ("translation", "summarization")
    return one == other or (one in writers and other in writers)


def _reads_images(description: ModelDescription) -> bool:
    return description.has_image_processor and not description.has_tokenizer


def _name_inputs(description: ModelDescription) -> str:
    return "images" if _reads_images(description) else "texts"
