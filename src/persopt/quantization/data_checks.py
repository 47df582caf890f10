"""Whether the data set of a quantization is there where it is needed, fits the model, and is large enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from persopt.data.inspection import DatasetSummary
from persopt.domain.errors import Fault
from persopt.domain.names import list_choices
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.models.description import ModelDescription
from persopt.models.trained_heads import has_trained_head
from persopt.quantization.config_checks import explain_data_need

__all__ = ("LEAST_ROWS", "check_rows", "check_without_data")

LEAST_ROWS: Final = 32
"""Training rows below which nothing is calibrated: the ranges would be those of a few accidental rows."""


def check_without_data(spec: QuantizeSpec) -> Iterator[Fault]:
    """Say what cannot be without a data set."""
    need = explain_data_need(spec.config)
    if need is not None:
        message = f"is missing: {need}; at least {LEAST_ROWS} training rows are wanted"
        hint = (
            "name a data set, or choose method 'dynamic' or 'weight-only' without smoothing and GPTQ, which need none"
        )
        yield Fault(path="$.datasetPath", message=message, hint=hint)


def check_rows(spec: QuantizeSpec, description: ModelDescription | None, summary: DatasetSummary) -> Iterator[Fault]:
    """Give the faults of a data set that can be read: too few rows, no trained head to learn from.

    Args:
        spec: What is asked for.
        description: The model, if it could be read.
        summary: The data set.
    """
    need = explain_data_need(spec.config)
    if need is None:
        return
    rows = summary.rows["train"]
    if rows < LEAST_ROWS:
        message = f"has {rows} training rows; at least {LEAST_ROWS} are wanted: {need}"
        yield Fault(path="$.datasetPath", message=message, hint="give more rows", code="bad-data")
    if spec.calibration_rows < LEAST_ROWS:
        message = f"at least {LEAST_ROWS} are wanted: {need}; got {spec.calibration_rows}"
        yield Fault(path="$.calibrationRows", message=message)
    if description is not None and spec.config.method == "qat":
        yield from _check_head(spec, description, summary)


def _check_head(spec: QuantizeSpec, description: ModelDescription, summary: DatasetSummary) -> Iterator[Fault]:
    """Refuse a model whose outputs could not be compared with the trained one's, or not be learnt from."""
    if has_trained_head(description, summary.task, summary.labels):
        return
    has_head = has_trained_head(description, summary.task, description.labels)
    if has_head and len(description.labels) == len(summary.labels) and not spec.training.distill:
        return
    message = f"{spec.model_path} has no trained head for {summary.task}"
    if has_head:
        message += f" of the data's classes {list_choices(summary.labels)}; it knows {list_choices(description.labels)}"
    hint = "fine-tune it first: quantization-aware training goes on from a model that knows its task"
    yield Fault(path="$.modelPath", message=message, hint=hint, code="bad-model")
