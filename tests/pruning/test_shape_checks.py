"""What is refused of cuts, trimming and exports before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from persopt.domain.errors import InputError
from persopt.domain.prune_training import PruneTraining
from persopt.domain.structured import StructuredRatios
from persopt.domain.validation import decode_struct
from persopt.domain.vocabularies import VocabularyOptions
from tests.models.tiny import save_tiny
from tests.support.prunings import resolve_here


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("data") / "texts.txt"
    file.write_text("good film\nbad film\n", "utf-8")
    return file


def test_a_sparsity_becomes_ratios(tmp_path: Path, model: Path) -> None:
    config = resolve_here(tmp_path, model, structured=True).config
    assert config.sparsity == 0.5
    assert config.ratios == StructuredRatios(heads=0.5, hidden=0.5)
    given = StructuredRatios(feed_forward=0.25)
    config = resolve_here(tmp_path, model, structured=True, ratios=given).config
    assert (config.ratios, config.sparsity) == (given, None)
    config = resolve_here(tmp_path, model, structured=True, keep_layers=[1]).config
    assert (config.ratios, config.sparsity) == (StructuredRatios(), None)


def test_a_vocabulary_alone_means_that_no_weight_is_pruned(tmp_path: Path, model: Path, texts: Path) -> None:
    data = {"dataset_path": str(texts)}
    for config in ({}, {"sparsity": 0.0}, {"method": "none"}, {"method": "random", "sparsity": 0.0}):
        spec = resolve_here(tmp_path, model, vocabulary=VocabularyOptions(), spec=data, **config)
        assert (spec.config.method, spec.config.sparsity) == ("none", 0.0)
        assert spec.dataset_path == str(texts)
    spec = resolve_here(tmp_path, model, vocabulary=VocabularyOptions(), spec=data, sparsity=0.3)
    assert (spec.config.method, spec.config.sparsity) == ("magnitude", 0.3)


ONE = StructuredRatios(heads=0.5)
HALF: dict[str, Any] = {"structured": True, "ratios": ONE}


def test_training_beside_a_vocabulary_alone_is_refused(tmp_path: Path, model: Path, texts: Path) -> None:
    data = {"dataset_path": str(texts), "training": PruneTraining(recovery_epochs=1.0)}
    with pytest.raises(InputError, match="training: nothing is trained where only the vocabulary is trimmed"):
        resolve_here(tmp_path, model, vocabulary=VocabularyOptions(), spec=data)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"ratios": ONE}, "config.ratios: is for whole units"),
        ({"keep_layers": [0]}, "config.keepLayers: is for whole units, got [0] without structured"),
        ({"multiple_of": 8}, "config.multipleOf: is for whole units, got 8"),
        ({"layer_rule": "first"}, "config.layerRule: is for whole units, got 'first'"),
        ({"structured": True, "pattern": "2:4"}, "config.pattern: is for single weights, not with structured"),
        ({"structured": True, "sparse_copy": True}, "config.sparseCopy: is for single weights, not with structured"),
        ({"structured": True, "include": ["x"]}, "config.include: is for single weights, not with structured"),
        (HALF | {"sparsity": 0.5}, "config.sparsity: both a sparsity and ratios say how much is cut, got 0.5"),
        (HALF, "config.ratios.heads: heads=0.5 and hidden=0: a BERT configuration has no field"),
        ({"structured": True, "keep_layers": [0, 7]}, "config.keepLayers: keepLayers has [7]"),
        ({"structured": True, "sparsity": 0.0}, "config.sparsity: 0 cuts nothing"),
        ({"structured": True, "sparsity": 1e-6}, "config.sparsity: 1e-06 of the heads and neurons"),
        ({"method": "none"}, "config.method: with 'none' nothing is to be done"),
        ({"method": "none", "sparsity": 0.5}, "config.sparsity: with the method 'none' only the vocabulary"),
        ({"vocabulary": VocabularyOptions()}, "datasetPath: is missing: the texts of a data set say which tokens"),
        (
            {"vocabulary": VocabularyOptions(keep_tokens=["zzz"])},
            "config.vocabulary.keepTokens: 'zzz' is not a token of the model",
        ),
        ({"vocabulary": VocabularyOptions(), "method": "wanda"}, "config.sparsity: is missing: 'wanda' is given"),
    ],
)
def test_each_fault_names_field_and_remedy(tmp_path: Path, model: Path, more: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve_here(tmp_path, model, **more)
    assert any(str(fault).startswith(told) for fault in caught.value.faults), caught.value


def test_all_faults_come_at_once(tmp_path: Path, model: Path) -> None:
    numbers = tmp_path / "numbers.jsonl"
    numbers.write_text('{"a": 1}\n{"a": 2}\n', "utf-8")
    with pytest.raises(InputError) as caught:
        resolve_here(
            tmp_path,
            model,
            structured=True,
            ratios=StructuredRatios(heads=0.5, layers=0.9),
            vocabulary=VocabularyOptions(keep_tokens=["zzz"]),
            spec={"dataset_path": str(numbers), "output_path": str(model)},
        )
    paths = [fault.path for fault in caught.value.faults]
    wanted = {"$.config.ratios.heads", "$.config.ratios.layers", "$.config.vocabulary.keepTokens", "$.outputPath"}
    assert wanted | {"$.datasetPath"} == set(paths)
    assert len(paths) == 5


def test_models_that_cannot_be_cut_or_exported_are_told(tmp_path: Path) -> None:
    from transformers import T5Config, T5Model, XLNetConfig, XLNetModel

    small: dict[str, Any] = {"vocab_size": 20, "d_model": 16, "d_ff": 16, "d_kv": 4, "num_layers": 1, "num_heads": 4}
    T5Model(T5Config(**small)).save_pretrained(tmp_path / "t5")
    with pytest.raises(InputError, match="export: T5Model is an encoder-decoder"):
        resolve_here(tmp_path, tmp_path / "t5", spec={"export": "onnx"})
    XLNetModel(XLNetConfig(vocab_size=20, d_model=16, n_layer=1, n_head=2, d_inner=16)).save_pretrained(tmp_path / "x")
    with pytest.raises(InputError, match="modelPath: architecture 'xlnet' cannot be cut"):
        resolve_here(tmp_path, tmp_path / "x", structured=True)


def test_wrong_types_are_told_at_any_depth() -> None:
    from persopt.domain.prune_specs import PruneSpec

    body = {"config": {"ratios": {"heads": 1}, "vocabulary": {"minCount": 0}, "keepLayers": [-1]}, "export": "tflite"}
    with pytest.raises(InputError) as caught:
        decode_struct(body, PruneSpec)
    assert {fault.path for fault in caught.value.faults} == {
        "$.config.ratios.heads",
        "$.config.vocabulary.minCount",
        "$.config.keepLayers[0]",
        "$.export",
    }
