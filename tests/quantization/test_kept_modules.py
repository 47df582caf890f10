"""Patterns of modules to be kept in floating point: which of them keep nothing, and that it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from persopt.domain.programs import TrainingProgram
from persopt.quantization.kept_modules import list_modules, note_empty_patterns
from tests.support.quantizations import make_classifier, quantize_here


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> TrainingProgram:
    return make_classifier(tmp_path_factory.mktemp("task"))


def test_it_is_known_which_modules_hold_weights(program: TrainingProgram) -> None:
    modules = list_modules(Path(program.model))
    assert modules["classifier"]
    assert modules["bert.encoder.layer.0.attention"]  # in what it consists of
    assert modules["bert.embeddings.LayerNorm"]
    assert not modules["dropout"]
    assert not modules["bert.encoder.layer.0.intermediate.intermediate_act_fn"]


def test_only_patterns_without_any_weight_are_noted_with_what_they_match() -> None:
    modules = {"a": True, "a.dropout": False, "b.dropout": False, "c.dropout": False, "d.dropout": False, "d.out": True}
    assert note_empty_patterns(["a", "d.*", "a*"], modules) == []
    (note,) = note_empty_patterns(["a", "*.dropout"], modules)
    assert "'*.dropout' keeps no weight" in note
    assert note.endswith("without weights: a.dropout, b.dropout, c.dropout and 1 more.")


def test_a_run_says_so(tmp_path: Path, program: TrainingProgram) -> None:
    report = quantize_here(tmp_path, program.model, keep=["classifier", "*.intermediate_act_fn"])
    notes = [note for note in report.notes if "keeps no weight" in note]
    assert notes == [
        "`keep` of '*.intermediate_act_fn' keeps no weight: it matches only modules without weights: "
        "bert.encoder.layer.0.intermediate.intermediate_act_fn."
    ]
