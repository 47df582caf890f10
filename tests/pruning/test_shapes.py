"""Whole prunings that change a model's shape, held against the files and against plain Transformers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from persopt.domain.errors import JobCancelledError
from persopt.domain.jobs import Progress
from persopt.domain.structured import StructuredRatios
from persopt.domain.vocabularies import VocabularyOptions
from persopt.models.quiet import quiet_transformers
from tests.models.tiny import save_tiny
from tests.support.prunings import prune_here, read_tensors

pytestmark = pytest.mark.usefixtures("one_torch_thread")

TEXTS = ["good film", "bad film", "the man saw the good dog"]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("data") / "texts.txt"
    file.write_text("\n".join(TEXTS) + "\n", "utf-8")
    return file


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("data") / "reviews.csv"
    rows = [f"{text},{('bad', 'good')[number % 2]}" for number, text in enumerate(TEXTS * 6)]
    file.write_text("\n".join(["text,label", *rows]) + "\n", "utf-8")
    return file


def hidden_of(folder: Path) -> torch.Tensor:
    with quiet_transformers():
        model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        hidden: torch.Tensor = model(**tokenizer(TEXTS, return_tensors="pt", padding=True)).last_hidden_state
    return hidden


def test_a_structured_pruning_is_smaller_in_the_files_and_says_so(tmp_path: Path, bert: Path) -> None:
    told: list[Progress] = []
    report = prune_here(tmp_path, bert, structured=True, run={"tell": told.append}, spec={"measure_latency": None})
    pruned, before = read_tensors(tmp_path / "pruned"), read_tensors(bert)
    assert report.after.bytes == (tmp_path / "pruned" / "model.safetensors").stat().st_size < report.before.bytes
    assert report.after.parameters == sum(one.numel() for one in pruned.values())
    assert report.after.nonzero == sum(int(one.count_nonzero()) for one in pruned.values())
    assert report.before.parameters == sum(one.numel() for one in before.values())
    assert report.before.nonzero == sum(int(one.count_nonzero()) for one in before.values())
    linear = [name for name, one in before.items() if "encoder" in name and one.dim() == 2]
    counts = [sum(tensors[name].numel() for name in linear) for tensors in (before, pruned)]
    assert report.sparsity == pytest.approx(1 - counts[1] / counts[0])
    assert (report.asked, report.scope, report.method) == (0.5, "units", "magnitude")
    assert report.structured is not None
    assert report.structured.changed == {"hidden_size": 16, "num_attention_heads": 1}
    assert hidden_of(tmp_path / "pruned").shape[-1] == 16
    assert report.latency is not None
    assert report.latency.inputs == (8, 64)
    assert report.latency.low <= report.latency.speedup <= report.latency.high
    assert told[-1].share == 1
    assert "sparsity.svg" not in report.artifacts


@pytest.mark.parametrize("method", ["wanda", "gradient", "random"])
def test_the_methods_choose_units_each_in_its_way(tmp_path: Path, bert: Path, reviews: Path, method: str) -> None:
    from transformers import AutoModelForSequenceClassification

    with quiet_transformers(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        labels: dict[str, Any] = {"id2label": {0: "bad", 1: "good"}, "label2id": {"bad": 0, "good": 1}}
        AutoModelForSequenceClassification.from_pretrained(bert, **labels).save_pretrained(tmp_path / "head")
        AutoTokenizer.from_pretrained(bert).save_pretrained(tmp_path / "head")
    data = {} if method == "random" else {"dataset_path": str(reviews), "calibration_rows": 8, "device": "cpu"}
    ratios = StructuredRatios(feed_forward=0.5)
    kept = {}
    for name, given in (("magnitude", {}), (method, data)):
        report = prune_here(tmp_path / name, tmp_path / "head", method=name, structured=True, ratios=ratios, spec=given)
        assert report.structured is not None
        kept[name] = report.structured.feed_forward
        assert all(len(neurons) == 16 for neurons in kept[name].values())
    assert kept["magnitude"] != kept[method]
    assert any("Wanda-sp" in note for note in report.notes) == (method == "wanda")
    assert report.asked == report.sparsity == pytest.approx(1 / 6)
    tensors, before = read_tensors(tmp_path / method / "pruned"), read_tensors(tmp_path / "head")
    (path, neurons), *_ = kept[method].items()
    name = "bert.encoder.layer.0.intermediate.dense.weight"
    assert path.startswith("bert.encoder.layer.0")
    assert torch.equal(tensors[name], before[name][list(neurons)])
    assert torch.equal(tensors["classifier.weight"], before["classifier.weight"])


def test_a_vocabulary_alone_leaves_the_hidden_states_as_they_were(tmp_path: Path, bert: Path, texts: Path) -> None:
    report = prune_here(tmp_path, bert, vocabulary=VocabularyOptions(), spec={"dataset_path": str(texts)})
    assert torch.equal(hidden_of(tmp_path / "pruned"), hidden_of(bert))
    assert report.vocabulary is not None
    assert report.vocabulary.output_path == report.model_path == str(tmp_path / "pruned")
    rows = report.vocabulary.rows_before - report.vocabulary.rows_after
    assert rows > 0
    assert report.before.parameters - report.after.parameters == 32 * rows
    assert report.after.bytes == (tmp_path / "pruned" / "model.safetensors").stat().st_size
    assert (report.method, report.scope, report.sparsity) == ("none", "none", 0)


def test_weights_are_pruned_of_the_trimmed_model(tmp_path: Path, bert: Path, texts: Path) -> None:
    options: dict[str, Any] = {"vocabulary": VocabularyOptions(), "spec": {"dataset_path": str(texts)}}
    prune_here(tmp_path / "both", bert, sparsity=0.5, scope="global", **options)
    prune_here(tmp_path / "one", bert, sparsity=0.5, scope="global")
    both, one = read_tensors(tmp_path / "both" / "pruned"), read_tensors(tmp_path / "one" / "pruned")
    smaller = {name for name in one if both[name].shape != one[name].shape}
    assert smaller == {"embeddings.word_embeddings.weight"}
    assert all(torch.equal(both[name], one[name]) for name in one.keys() - smaller)
    assert sorted(item.name for item in (tmp_path / "both" / "pruned").iterdir()) == sorted(
        item.name for item in bert.iterdir()
    )


def test_shards_of_a_model_before_are_not_those_after(tmp_path: Path, bert: Path) -> None:
    from tests.support.prunings import save_sharded

    sharded = save_sharded(bert, tmp_path / "sharded", "bfloat16")
    (sharded / "1_Pooling").mkdir()
    (sharded / "1_Pooling" / "config.json").write_text('{"word_embedding_dimension": 32, "pooling_mode": "mean"}')
    prune_here(tmp_path, sharded, structured=True, ratios=StructuredRatios(hidden=0.5))
    assert {file.name for file in (tmp_path / "pruned").glob("*.safetensors*")} == {"model.safetensors"}
    assert {one.dtype for one in read_tensors(tmp_path / "pruned").values()} == {torch.bfloat16}
    pooling = json.loads((tmp_path / "pruned" / "1_Pooling" / "config.json").read_text())
    assert pooling == {"word_embedding_dimension": 16, "pooling_mode": "mean"}


DIES: Final = """
import os, signal, sys
from pathlib import Path
from persopt.domain.vocabularies import VocabularyOptions
from tests.support.prunings import prune_here
looks = 0
def die():
    global looks
    looks += 1
    if looks == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return False
given = {"dataset_path": sys.argv[3]}
prune_here(Path(sys.argv[1]), Path(sys.argv[2]), vocabulary=VocabularyOptions(), spec=given, run={"is_cancelled": die})
"""


def test_a_kill_while_trimming_leaves_one_folder_that_the_next_run_clears(
    tmp_path: Path, bert: Path, texts: Path
) -> None:
    command = [sys.executable, "-c", DIES, str(tmp_path), str(bert), str(texts)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert [item.name for item in tmp_path.iterdir() if "pruned" in item.name] == [".pruned.part"]
    prune_here(tmp_path, bert, vocabulary=VocabularyOptions(), spec={"dataset_path": str(texts)})
    assert [item.name for item in tmp_path.iterdir() if "pruned" in item.name] == ["pruned"]
    assert not [item.name for item in (tmp_path / "pruned").iterdir() if item.name.startswith(".")]


@pytest.mark.parametrize("after", [1, 3, 20, 45])
def test_a_cancelled_pruning_leaves_nothing(tmp_path: Path, bert: Path, texts: Path, after: int) -> None:
    looks = 0

    def is_cancelled() -> bool:
        nonlocal looks
        looks += 1
        return looks > after

    given = {"dataset_path": str(texts), "measure_latency": True}
    with pytest.raises(JobCancelledError):
        prune_here(
            tmp_path,
            bert,
            structured=True,
            vocabulary=VocabularyOptions(),
            spec=given,
            run={"is_cancelled": is_cancelled},
        )
    assert not [path for path in tmp_path.iterdir() if "pruned" in path.name]


def test_an_export_gives_what_the_result_gives(tmp_path: Path, bert: Path) -> None:
    import onnxruntime

    ratios = StructuredRatios(feed_forward=0.5)
    report = prune_here(tmp_path, bert, structured=True, ratios=ratios, spec={"export": "onnx"})
    assert report.onnx is not None
    assert Path(report.onnx.file) == tmp_path / "pruned" / "onnx" / "model.onnx"
    session = onnxruntime.InferenceSession(report.onnx.file, providers=["CPUExecutionProvider"])
    inputs = AutoTokenizer.from_pretrained(tmp_path / "pruned")(TEXTS, return_tensors="np", padding=True)
    found = session.run(["last_hidden_state"], {one.name: inputs[one.name] for one in session.get_inputs()})[0]
    np.testing.assert_allclose(found, hidden_of(tmp_path / "pruned").numpy(), atol=1e-4)


def test_the_configuration_given_is_not_changed() -> None:
    from persopt.pruning.structured.prune import prune_structured
    from tests.pruning.structured.architectures import build

    model = build("bert")
    given, before = model.config, model.config.to_dict()
    prune_structured(model, lambda _, weight: weight.abs(), StructuredRatios(hidden=0.5))
    assert given.to_dict() == before
    assert {id(one.config) for one in model.modules() if hasattr(one, "config")} == {id(model.config)}
    assert (model.config.hidden_size, given.hidden_size) == (12, 24)
