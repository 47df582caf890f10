"""What a finished pruning gives back."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from persopt.domain.exports import OnnxExport
from persopt.domain.latencies import LatencyComparison
from persopt.domain.saved_reports import SavedReport
from persopt.domain.structured import StructuredReport
from persopt.domain.vocabularies import VocabularyReport

__all__ = ("ModelSize", "PruneQuality", "PruneReport", "TensorSparsity")


class ModelSize(Struct, frozen=True, kw_only=True, rename="camel"):
    """How large a model is.

    Attributes:
        bytes: Size of the weights' files on disk.
        parameters: Number of weights, zeros included.
        nonzero: Weights that are not zero.
    """

    bytes: int
    parameters: int
    nonzero: int


class TensorSparsity(Struct, frozen=True, kw_only=True, rename="camel"):
    """One tensor of the pruned model.

    Attributes:
        name: Its name in the checkpoint.
        shape: As it is stored.
        pruned: Whether it was among the chosen ones; the others are as they were.
        parameters: Number of weights.
        zeros_before: Weights that were zero already.
        zeros: Weights that are zero now.
        sparsity: `zeros` by `parameters`.
    """

    name: str
    shape: list[int]
    pruned: bool
    parameters: int
    zeros_before: int
    zeros: int
    sparsity: float


class PruneQuality(Struct, frozen=True, kw_only=True, rename="camel"):
    """Metrics on the validation rows, of the files: the same names as in a tuning.

    Attributes:
        metric: The one that the task is about.
        before: Of the model given; None if it has no trained head for the task.
        after: Of the pruned model before the recovery; None likewise.
        recovered: After the recovery; None if there was none.
        steps: Optimizer steps that were taken, in the pruning and in the recovery.
    """

    metric: str
    before: dict[str, float] | None
    after: dict[str, float] | None
    recovered: dict[str, float] | None = None
    steps: tuple[int, int] = (0, 0)


class PruneReport(SavedReport, frozen=True, kw_only=True, rename="camel"):
    """Result of a pruning.

    Attributes:
        method: Name of the method; `none` if only the vocabulary was trimmed.
        scope: Among which weights the least important were found; `pattern` for an N:M pattern, `units` where whole
            units were cut, `none` where no weight was looked at.
        pattern: The N:M pattern, if there was one.
        asked: The sparsity that was asked for, or that the ratios asked for amount to.
        sparsity: What it is over the chosen tensors; where whole units were cut, the share of the weights of the
            body's linear layers that is gone.
        model_sparsity: What it is over all weights of the model.
        before: Size of the model given.
        after: Size of the pruned model in the dense form, in which `from_pretrained` reads it.
        sparse_bytes: Size of the weights' files in the sparse encoding (a bit a weight and the non-zero weights);
            computed to the byte, whether or not they were written.
        sparse_path: Folder of the sparse copy, if one was written.
        tensors: Every tensor with at least one weight, in the order of the files.
        model_path: Folder of the pruned model.
        artifacts: Absolute paths of the files made, by name: `sparsity.csv`, `sparsity.svg`.
        notes: What to know about the result, in plain words.
        seconds: Time that it took.
        environment: Versions, hardware, threads, hashes of model and data.
        job_id: The job, when it was one.
        structured: What is left of heads, neurons, hidden width and layers, if whole units were cut.
        vocabulary: What trimming the vocabulary changed, if it was trimmed.
        latency: How long the model given and the result take, if it was measured.
        onnx: The result as ONNX, if it was exported.
        quality: Before and after, where a data set was given to measure on.
    """

    method: str
    scope: str
    pattern: str | None
    asked: float
    sparsity: float
    model_sparsity: float
    before: ModelSize
    after: ModelSize
    sparse_bytes: int
    sparse_path: str | None
    tensors: list[TensorSparsity]
    model_path: str
    artifacts: dict[str, str]
    notes: list[str]
    seconds: float
    environment: dict[str, Any]
    job_id: str | None = None
    structured: StructuredReport | None = None
    vocabulary: VocabularyReport | None = None
    latency: LatencyComparison | None = None
    onnx: OnnxExport | None = None
    quality: PruneQuality | None = None

    def shorten(self) -> PruneReport:
        """Return the report without what it tells of each tensor and unit."""
        structured = self.structured
        if structured is not None:
            structured = msgspec.structs.replace(structured, layers={}, heads={}, feed_forward={}, hidden=())
        return msgspec.structs.replace(self, tensors=[], structured=structured)

    def _repr_html_(self) -> str:
        """Return a table of the pruned tensors for notebooks."""
        heads = "".join(f"<th>{name}</th>" for name in ("tensor", "weights", "zeros", "sparsity"))
        rows = [
            f"<tr><td>{_escape(one.name)}</td><td>{one.parameters:,}</td><td>{one.zeros:,}</td>"
            f"<td>{one.sparsity:.4f}</td></tr>"
            for one in self.tensors
            if one.pruned
        ]
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
