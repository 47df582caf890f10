"""Judging a model on the rows of its task, whatever runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.errors import ModelError
from persopt.domain.quantize_reports import QuantizeQuality
from persopt.evaluation.batches import as_arrays
from persopt.evaluation.decoder_inputs import shift_labels
from persopt.evaluation.rows import TaskRows
from persopt.evaluation.scores import RowScores, ScoreChange
from persopt.evaluation.tallies import TalliedRows, open_tally
from persopt.evaluation.writing import make_writer
from persopt.measure.bootstrap import RESAMPLES
from persopt.models.description import describe_model
from persopt.models.heads import HEADS
from persopt.models.torch_runner import TorchRunner
from persopt.tuning.tasks import TUNING_TASKS

if TYPE_CHECKING:
    from torch import nn

    from persopt.plugins.contracts.quantization import Runner

__all__ = ("compare_quality", "evaluate", "order_labels")

_CONFIDENCE: Final = 0.95


def evaluate(
    model: Runner | nn.Module,
    rows: TaskRows,
    *,
    model_labels: Sequence[str] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
    on_batch: Callable[[], None] = lambda: None,
) -> RowScores:
    """Judge a model on rows as a tuning's evaluation would, and keep what is known of each.

    Args:
        model: A runner, or a model of Transformers in PyTorch (in evaluation mode).
        rows: The rows.
        model_labels: The model's names of its classes in the order of its outputs; by default those of the
            configuration beside the rows' tokenizer.
        seed: Of the resampling.
        resamples: How often rows are drawn anew for the intervals.
        on_batch: Called before each batch; may raise to end the work.

    Raises:
        ModelError: if the model has no head for the task, or one for other classes, or gives no finite numbers.
    """
    import torch

    known: Any = model
    runner: Any = known if hasattr(model, "run") else TorchRunner(known)
    head = HEADS[rows.task]
    order = order_labels(_known_labels(rows, model_labels), rows.labels) if head.classifies else None
    writer = _open_writer(runner, rows) if head.generates == "target" else None
    tally = open_tally(rows.request)
    for batch in rows.batches():
        on_batch()
        inputs = dict(batch)
        if writer is not None:
            inputs["decoder_input_ids"] = shift_labels(rows.program.model, batch["labels"])
        logits = torch.from_numpy(_read_logits(runner.run(as_arrays(_without_labels(inputs))), rows))
        tally.add(logits if order is None else logits[..., order], batch, writer)
    tallied = tally.compute()
    return RowScores(rows.task, tally, _arrange(tallied, rows.order), seed, resamples)


def compare_quality(before: RowScores, after: RowScores, confidence: float = _CONFIDENCE) -> QuantizeQuality:
    """Return the metrics of two models on the same rows, and their change.

    Raises:
        InputError: if they were not judged on the same rows.
    """
    return QuantizeQuality(
        metric=before.metric,
        before=before.estimate(confidence),
        after=after.estimate(confidence),
        change=ScoreChange(before, after).estimate(confidence),
        rows=len(before),
    )


def order_labels(model_labels: Sequence[str], labels: Sequence[str]) -> list[int] | None:
    """Return the place of each of the data's classes among a model's outputs; None if they are the same ones.

    Classes are matched by their names, whatever their case, and by their order if those are other ones altogether.

    Args:
        model_labels: The model's; empty if it names none.
        labels: The data's.

    Raises:
        ModelError: if some names are the same and others not, or there are not as many.
    """
    if not model_labels:
        return None
    for same in (str, str.casefold):
        places = {same(name): place for place, name in enumerate(model_labels)}
        if len(places) == len(labels) and all(same(label) in places for label in labels):
            order = [places[same(label)] for label in labels]
            return None if order == sorted(order) else order
    shared = {name.casefold() for name in model_labels} & {label.casefold() for label in labels}
    if shared or len(model_labels) != len(labels):
        raise ModelError(
            f"the model is for the classes {', '.join(model_labels)}, and the data has {', '.join(labels)}",
            path="$.modelPath",
        )
    return None


def _known_labels(rows: TaskRows, given: Sequence[str] | None) -> Sequence[str]:
    return describe_model(Path(rows.program.model)).labels if given is None else given


def _open_writer(runner: Any, rows: TaskRows) -> Any:
    """Return what writes: the model itself where it is one of PyTorch, which has a cache."""
    inner = getattr(runner, "runner", runner)
    writer = inner.model if isinstance(inner, TorchRunner) else make_writer(rows.program.model, runner)
    TUNING_TASKS[rows.task].fit_model(writer, rows.request)
    return writer


def _without_labels(batch: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in batch.items() if name not in ("labels", "references")}


def _read_logits(outputs: Any, rows: TaskRows) -> Any:
    import numpy as np

    logits = outputs.get("logits")
    if logits is None:
        raise ModelError(f"the model gives no logits: it has no head for {rows.task}", path="$.modelPath")
    if rows.labels and logits.shape[-1] != len(rows.labels):
        raise ModelError(
            f"the model tells {logits.shape[-1]} classes apart, and the data has {len(rows.labels)}", path="$.modelPath"
        )
    if not np.isfinite(logits).all():
        raise ModelError("the model gives logits that are no finite numbers", path="$.modelPath")
    return np.ascontiguousarray(logits, dtype=np.float32)


def _arrange(tallied: TalliedRows, order: Sequence[int]) -> TalliedRows:
    """Return the rows in the order of the data; they were judged from the longest to the shortest."""
    import numpy as np

    places = np.argsort(np.asarray(order), kind="stable")
    return TalliedRows(
        tallied.sums[places],
        None if tallied.right is None else tallied.right[places],
        [tallied.answers[place] for place in places],
    )
