"""Every task's metrics from rows against those of tuning's judges, and of runners against their models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from persopt.domain.errors import InputError, ModelError
from persopt.domain.programs import DataSpec, TrainingProgram
from persopt.evaluation.quality import compare_quality, evaluate, order_labels
from persopt.evaluation.rows import TaskRows
from persopt.evaluation.scores import RowScores
from persopt.models.loading import load_for_task
from persopt.models.torch_runner import TorchRunner
from persopt.tuning.tasks import TUNING_TASKS, default_objective
from tests.support.tiny_models import make_sentence_program, make_text_program
from tests.support.tiny_tasks import make_image_program, make_language_program, make_pair_program

PROGRAMS: Mapping[str, Callable[[Path], TrainingProgram]] = {
    "texts": make_text_program,
    "pairs": lambda folder: make_text_program(folder, pairs=True),
    "words": make_sentence_program,
    "images": make_image_program,
    "gpt2": make_language_program,
    "llama": lambda folder: make_language_program(folder, "llama"),
    "t5": make_pair_program,
    "marian": lambda folder: make_pair_program(folder, "summarization", "marian"),
    "mbart": lambda folder: make_pair_program(
        folder,
        kind="mbart",
        data=DataSpec(
            text_columns=["fa"], label_column="en", max_length=16, source_language="fa_IR", target_language="en_XX"
        ),
        num_beams=2,
    ),
}


class Bare:
    """A runner that is known by its arrays alone, as one of another engine."""

    def __init__(self, model: Any) -> None:
        self._runner = TorchRunner(model)

    @property
    def inputs(self) -> tuple[str, ...]:
        return self._runner.inputs

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        assert all(isinstance(value, np.ndarray) for value in inputs.values())
        return self._runner.run(inputs)


def _load(rows: TaskRows, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    model: Any = load_for_task(rows.program.model, rows.task, rows.labels)
    with torch.no_grad():
        for parameter in model.parameters():  # so that a fresh model does not say the same of everything
            parameter.mul_(1 + 0.5 * torch.randn(parameter.shape))
    return model.eval()


def _judge(model: Any, rows: TaskRows) -> dict[str, float]:
    task = TUNING_TASKS[rows.task]
    task.fit_model(model, rows.request)
    judge = task.open_judge(rows.request)
    with torch.no_grad():
        for batch in rows.batches():
            task.complete_inputs(model, batch)
            judge.add(model, batch)
    return judge.compute()


@pytest.mark.parametrize("kind", PROGRAMS)
def test_the_metrics_are_those_of_tunings_judges_whatever_runs_the_model(kind: str, tmp_path: Path) -> None:
    rows = TaskRows(PROGRAMS[kind](tmp_path), batch_size=8)
    model = _load(rows)
    expected = _judge(model, rows)
    for runner in (model, Bare(model)):
        scores = evaluate(runner, rows, resamples=20)
        assert list(scores.metrics()) == list(expected)
        assert scores.metrics() == pytest.approx(expected, rel=1e-6)
        assert len(scores) == len(scores.answers) == len(rows)
    assert scores.metric == default_objective(rows.task).metric


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> tuple[TaskRows, RowScores, RowScores]:
    """Give rows of texts and what two models score on them."""
    rows = TaskRows(make_text_program(tmp_path_factory.mktemp("scored")), batch_size=8)
    before, after = (evaluate(_load(rows, seed), rows, resamples=500) for seed in (0, 3))
    return rows, before, after


def test_rows_come_in_the_order_of_the_data(scored: tuple[TaskRows, RowScores, RowScores]) -> None:
    rows, before, _ = scored
    model = _load(rows)
    dataset = rows._rows
    alone = [model(input_ids=torch.tensor([row["input_ids"]])).logits.argmax().item() for row in dataset]
    assert before.answers == alone
    assert before.right.tolist() == [one == row["labels"] for one, row in zip(alone, dataset, strict=True)]
    assert rows.order != list(range(len(rows)))


def test_two_models_on_the_same_rows_are_compared_in_pairs(scored: tuple[TaskRows, RowScores, RowScores]) -> None:
    rows, before, after = scored
    quality = compare_quality(before, after)
    assert (quality.metric, quality.rows) == ("accuracy", len(rows))
    assert list(quality.before) == list(quality.after) == list(quality.change) == list(before.metrics())
    for name, change in quality.change.items():
        assert change.value == pytest.approx(quality.after[name].value - quality.before[name].value)
        assert change.low <= change.value <= change.high
    assert quality.before["loss"].low < quality.before["loss"].value < quality.before["loss"].high


def test_models_that_were_judged_on_other_rows_are_not_compared(
    scored: tuple[TaskRows, RowScores, RowScores],
) -> None:
    few = TaskRows(scored[0].program, limit=5)
    with pytest.raises(InputError, match=r"22 rows .* and 5 of text-classification are not the same rows"):
        compare_quality(scored[1], evaluate(_load(few), few, resamples=500))


def test_classes_are_matched_by_name_and_by_order_only_where_all_names_are_others() -> None:
    assert order_labels([], ["a", "b"]) is None
    assert order_labels(["a", "b"], ["a", "b"]) is None
    assert order_labels(["POS", "NEG"], ["neg", "pos"]) == [1, 0]
    assert order_labels(["NEGATIVE", "POSITIVE"], ["0", "1"]) is None
    assert order_labels(["a", "A"], ["A", "a"]) == [1, 0]
    with pytest.raises(ModelError, match="for the classes a, b, and the data has b, c"):
        order_labels(["a", "b"], ["b", "c"])
    with pytest.raises(ModelError, match="for the classes x, y, z"):
        order_labels(["x", "y", "z"], ["1", "2"])


def test_a_model_whose_classes_stand_in_another_order_is_judged_alike(
    scored: tuple[TaskRows, RowScores, RowScores],
) -> None:
    rows, before, _ = scored
    model = _load(rows)
    turned = list(reversed(range(len(rows.labels))))
    for parameter in model.classifier.parameters():
        parameter.data = parameter.data[turned]
    names = [rows.labels[place] for place in turned]
    assert evaluate(model, rows, model_labels=names, resamples=10).answers == before.answers


class Wrong(Bare):
    """Gives something else as logits."""

    def __init__(self, model: Any, change: Callable[[Any], dict[str, Any]]) -> None:
        super().__init__(model)
        self._change = change

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return self._change(super().run(inputs)["logits"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda logits: {"last_hidden_state": logits}, "gives no logits: it has no head for text-classification"),
        (lambda logits: {"logits": logits[:, :2]}, "tells 2 classes apart, and the data has 3"),
        (lambda logits: {"logits": logits * np.nan}, "no finite numbers"),
    ],
)
def test_what_is_no_model_of_the_task_is_told_in_words(
    scored: tuple[TaskRows, RowScores, RowScores], change: Callable[[Any], dict[str, Any]], message: str
) -> None:
    rows = scored[0]
    with pytest.raises(ModelError, match=message):
        evaluate(Wrong(_load(rows), change), rows)
