"""Searches over the tasks beyond classification of texts, each with a tiny model of its kind, to a delivered model."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

import persopt
from persopt.domain.compress_reports import CompressReport
from persopt.domain.errors import InputError
from persopt.domain.programs import TrainingProgram
from persopt.models.runners import open_runner
from tests.support.compressions import compress_here, registry_of, resolve_here
from tests.support.task_searches import LAYERS, SearchKind, make_searchable
from tests.support.threads import one_torch_thread
from tests.support.tiny_models import WORDS
from tests.support.tiny_tasks import DICTIONARY

__all__ = ("one_torch_thread",)

pytestmark = pytest.mark.usefixtures("one_torch_thread")

KINDS = get_args(SearchKind)
METRICS = {"tagger": "accuracy", "vit": "accuracy", "gpt2": "perplexity", "llama": "perplexity"}
LEFT_OUT = {
    "t5": {"vocabulary": "has a model of type 'WordLevel'"},
    "marian": {"vocabulary": "has a model of type 'WordLevel'", "pruning": "architecture 'marian' cannot be cut"},
    "gpt2": {"vocabulary": "a model that writes on may need tokens that no text of the data has"},
    "llama": {"vocabulary": "a model that writes on may need tokens that no text of the data has"},
    "vit": {"vocabulary": "a model of images has no vocabulary"},
    "tagger": {},
}
_CUT, _CANDIDATES = 1, 4


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[[SearchKind], TrainingProgram]:
    """Return what makes the model and the data of a kind, once for all tests of this module."""
    made: dict[str, TrainingProgram] = {}

    def find(kind: SearchKind) -> TrainingProgram:
        if kind not in made:
            made[kind] = make_searchable(tmp_path_factory.mktemp(kind), kind)
        return made[kind]

    return find


def _fields(program: TrainingProgram) -> dict[str, Any]:
    length = None if program.task == "image-classification" else 8
    return {
        "task": program.task,
        "data": program.data,
        "latency_length": length,
        "minimize": "size",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_search_cuts_trains_and_quantizes_what_fits_and_says_what_does_not(
    tmp_path: Path, make: Callable[[SearchKind], TrainingProgram], kind: SearchKind
) -> None:
    program = make(kind)
    model, data = Path(program.model), Path(program.dataset)
    report = compress_here(
        tmp_path, model, data, **_fields(program), methods=["gradient"], max_candidates=_CANDIDATES, max_epochs=1
    )
    assert not [one for one in report.candidates if one.state == "failed"]
    assert {name: report.left_out[name] for name in ("vocabulary", "pruning") if name in report.left_out}.keys() == (
        LEFT_OUT[kind].keys()
    )
    assert all(told in report.left_out[name] for name, told in LEFT_OUT[kind].items())
    cuts = [one for one in report.candidates if one.recipe.cut is not None]
    if kind != "marian":
        assert len(cuts) == _CUT
        assert any(one.state == "judged" and one.recipe.train is not None for one in cuts)
        assert sum(report.sensitivity.parts.values()) == pytest.approx(1)
    assert len(report.sensitivity.layers) == (0 if kind in ("t5", "marian") else LAYERS)
    _assert_confirmed(report, METRICS.get(kind, "bleu"))
    with open_runner(report.model_path, registry_of(tmp_path), threads=1) as opened:
        assert opened.size == report.chosen.metrics["size"] < report.original.size
        assert (opened.task, opened.processor is not None) == (program.task, True)


def _assert_confirmed(report: CompressReport, metric: str) -> None:
    """Assert that both models were judged on the rows set apart, and that points are those of the task."""
    confirmed = report.confirmation
    assert report.metric == metric
    assert confirmed.rows > 0
    before, after = confirmed.original[metric].value, confirmed.model[metric].value
    points = {"accuracy": 100 * (before - after), "bleu": before - after, "perplexity": 100 * (after / before - 1)}
    assert confirmed.drop.value == pytest.approx(points[metric], abs=1e-6)
    assert report.comparison is not None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.skipif(importlib.util.find_spec("persopt_onnxruntime") is None, reason="persopt-onnxruntime is missing")
def test_the_result_in_onnx_is_opened_and_answers(
    tmp_path: Path, make: Callable[[SearchKind], TrainingProgram], kind: SearchKind
) -> None:
    program = make(kind)
    report = compress_here(
        tmp_path,
        Path(program.model),
        Path(program.dataset),
        registry=registry_of(tmp_path, "persopt_onnxruntime"),
        **_fields(program),
        techniques=["quantization"],
        backends=["onnxruntime"],
        max_candidates=2,
    )
    assert report.format == "onnx"
    _assert_confirmed(report, METRICS.get(kind, "bleu"))
    with persopt.load(report.model_path, home=tmp_path / "home") as loaded:
        assert loaded.task == program.task
        if kind == "tagger":
            assert loaded.tag([[WORDS["animal"][0], WORDS["number"][0]]]) == [["animal", "number"]]
        elif kind == "vit":
            image = next((Path(program.dataset) / "validation" / "red").iterdir())
            assert loaded([image]).labels == ["red"]
        else:
            text = "w1 w2" if kind in ("gpt2", "llama") else next(iter(DICTIONARY))
            assert len(loaded.generate([text], max_new_tokens=4)) == 1


@pytest.mark.parametrize(
    ("kind", "technique", "told"),
    [
        ("gpt2", "vocabulary", "vocabulary: a model that writes on may need tokens"),
        ("vit", "vocabulary", "vocabulary: a model of images has no vocabulary"),
        ("marian", "pruning", "pruning: architecture 'marian' cannot be cut"),
    ],
)
def test_a_technique_that_cannot_be_used_on_a_model_is_refused_before_the_job_exists(
    tmp_path: Path, make: Callable[[SearchKind], TrainingProgram], kind: SearchKind, technique: str, told: str
) -> None:
    program = make(kind)
    with pytest.raises(InputError, match="nothing that is installed can do this to the model") as caught:
        resolve_here(
            tmp_path,
            Path(program.model),
            Path(program.dataset),
            **_fields(program),
            techniques=[technique],
            backends=[],
        )
    (fault,) = caught.value.faults
    assert fault.path == "$.techniques"
    assert told in fault.message
