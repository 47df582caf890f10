"""Training beside the other stages of a pruning: units that are cut, a vocabulary that is trimmed, the sparse copy."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from persopt.domain.programs import TrainingProgram
from persopt.domain.prune_training import PruneTraining
from persopt.domain.structured import StructuredRatios
from persopt.domain.vocabularies import VocabularyOptions
from persopt.pruning.sparse_format import expand_sparse
from tests.pruning.training.trainings import accuracy_of, fields, run
from tests.support.prunings import prune_here

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_a_model_that_was_cut_learns_from_the_whole_one(tmp_path: Path, program: TrainingProgram) -> None:
    ratios = StructuredRatios(hidden=0.5, feed_forward=0.5)
    report = run(tmp_path, program, {"distill": True}, structured=True, ratios=ratios)
    model = AutoModelForSequenceClassification.from_pretrained(report.model_path)
    whole = AutoModelForSequenceClassification.from_pretrained(program.model)
    assert model.config.hidden_size == whole.config.hidden_size // 2
    assert report.after.parameters == sum(one.numel() for one in model.parameters()) < report.before.parameters
    assert report.quality is not None
    assert report.quality.after is not None
    assert report.quality.recovered is not None
    assert report.quality.recovered["accuracy"] == pytest.approx(accuracy_of(Path(report.model_path), program))
    assert not any("was not measured" in note for note in report.notes)


def test_a_trimmed_model_is_pruned_in_training_with_its_own_tokens(tmp_path: Path, program: TrainingProgram) -> None:
    report = run(
        tmp_path,
        program,
        {"distill": True, "pruning_steps": 2},
        vocabulary=VocabularyOptions(keep_single_characters=False),
        sparsity=0.5,
        gradual=True,
        sparse_copy=True,
    )
    assert report.vocabulary is not None
    tokenizer = AutoTokenizer.from_pretrained(report.model_path)
    model = AutoModelForSequenceClassification.from_pretrained(report.model_path)
    assert len(tokenizer) == report.vocabulary.tokens_after == model.get_input_embeddings().num_embeddings
    assert report.quality is not None
    assert report.quality.recovered is not None
    assert report.quality.recovered["accuracy"] == pytest.approx(accuracy_of(Path(report.model_path), program))
    chosen = [one for one in report.tensors if one.pruned]
    assert sum(one.zeros for one in chosen) == round(0.5 * sum(one.parameters for one in chosen))
    (dense,) = expand_sparse(Path(report.model_path) / "sparse", tmp_path / "dense")
    assert dense.read_bytes() == (Path(report.model_path) / "model.safetensors").read_bytes()


def test_data_of_a_vocabulary_are_not_trained_on_unless_asked(tmp_path: Path, program: TrainingProgram) -> None:
    given = fields(program) | {"training": PruneTraining()}
    report = prune_here(tmp_path, Path(program.model), vocabulary=VocabularyOptions(), sparsity=0.5, spec=given)
    assert report.quality is None
    after = AutoModelForSequenceClassification.from_pretrained(report.model_path)
    before = AutoModelForSequenceClassification.from_pretrained(program.model)
    assert torch.equal(after.classifier.weight, before.classifier.weight)
