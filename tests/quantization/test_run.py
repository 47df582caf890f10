"""A quantization from its spec to its report: what lies in the output, what is told of it, what a failure leaves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from persopt.domain.errors import JobCancelledError, ModelError, OutputError, PluginError
from persopt.domain.jobs import Progress
from persopt.domain.programs import TrainingProgram
from persopt.domain.quantize_reports import QuantizeReport
from persopt.models.description import hash_model
from persopt.models.manifest import verify_manifest
from tests.support.quantizations import make_classifier, quantize_here
from tests.support.threads import one_torch_thread

__all__ = ("one_torch_thread",)

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> TrainingProgram:
    return make_classifier(tmp_path_factory.mktemp("task"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, program: TrainingProgram) -> QuantizeReport:
    """A static quantization with everything measured that is quick."""
    spec = {"dataset_path": program.dataset, "data": program.data, "calibration_rows": 40}
    return quantize_here(tmp_path_factory.mktemp("finished"), program.model, method="static", spec=spec)


def test_sizes_are_those_of_the_files(finished: QuantizeReport, program: TrainingProgram) -> None:
    output = Path(finished.model_path)
    assert finished.bytes_before == (Path(program.model) / "model.safetensors").stat().st_size
    assert finished.bytes_after == (output / "model.safetensors").stat().st_size < 0.6 * finished.bytes_before
    assert finished.total_bytes == sum(file.stat().st_size for file in output.rglob("*"))


def test_what_is_needed_lies_beside_the_weights_and_no_float_weights(finished: QuantizeReport) -> None:
    names = {file.name for file in Path(finished.model_path).iterdir()}
    assert names == {"config.json", "model.safetensors", "persopt.json", "tokenizer.json", "tokenizer_config.json"}


def test_the_manifest_tells_what_was_done(finished: QuantizeReport, program: TrainingProgram) -> None:
    manifest = verify_manifest(Path(finished.model_path))
    assert (manifest.backend, manifest.format, manifest.task) == ("casting", "safetensors", "text-classification")
    assert (manifest.model.path, manifest.model.hash) == (program.model, "a")
    assert manifest.dataset is not None
    assert (manifest.dataset.path, manifest.dataset.hash) == (program.dataset, "b")
    assert manifest.config == msgspec.to_builtins(finished.config)
    assert finished.config.backend_options == {"factor": 1.0}


def test_the_backend_is_given_as_many_rows_as_were_asked_for(finished: QuantizeReport) -> None:
    assert "rows: 40" in finished.notes


def test_the_error_of_the_outputs_is_that_of_the_two_models(finished: QuantizeReport, program: TrainingProgram) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    rows = [json.loads(line) for line in (Path(program.dataset) / "validation.jsonl").read_text("utf-8").splitlines()]
    tokenizer = AutoTokenizer.from_pretrained(program.model)
    logits = []
    for folder in (program.model, finished.model_path):
        model = AutoModelForSequenceClassification.from_pretrained(folder, dtype="float32").eval()
        inputs = [tokenizer(row["text"], return_tensors="pt") for row in rows]
        logits.append(np.concatenate([model(**one).logits.detach().numpy() for one in inputs]))
    assert finished.outputs is not None
    assert finished.outputs.rows == len(rows) == 22
    assert finished.outputs.largest == pytest.approx(np.abs(logits[0] - logits[1]).max(), rel=1e-2)
    assert finished.outputs.mean == pytest.approx(np.abs(logits[0] - logits[1]).mean(), rel=1e-2)
    right = [model.config.label2id[row["label"]] for row in rows]
    assert finished.quality is not None
    assert finished.quality.after["accuracy"].value == pytest.approx((logits[1].argmax(1) == right).mean())
    assert finished.quality.before["accuracy"].value == pytest.approx((logits[0].argmax(1) == right).mean())
    assert finished.quality.change["accuracy"].low <= 0 <= finished.quality.change["accuracy"].high


def test_layers_are_ranked_told_and_drawn(finished: QuantizeReport) -> None:
    assert {one.name for one in finished.layers} >= {"classifier", "bert.encoder.layer.0.output.dense"}
    errors = [one.error for one in finished.layers]
    assert errors == sorted(errors, reverse=True)
    table = Path(finished.artifacts["layers.csv"]).read_text("utf-8").splitlines()
    assert [line.split(",")[0] for line in table[1:]] == [one.name for one in finished.layers]
    assert "classifier" in Path(finished.artifacts["layers.svg"]).read_text("utf-8")


def test_the_report_is_kept_as_it_was_given(finished: QuantizeReport) -> None:
    file = Path(finished.artifacts["layers.csv"]).parents[1] / "report.json"
    assert msgspec.json.decode(file.read_bytes(), type=QuantizeReport) == finished


def test_smoothing_is_done_before_the_backend_begins(tmp_path: Path, program: TrainingProgram) -> None:
    before = hash_model(Path(program.model))
    spec = {"dataset_path": program.dataset, "data": program.data, "rank_layers": False}
    report = quantize_here(tmp_path, program.model, smoothing=0.5, spec=spec)
    assert any(note.startswith("smoothing: ") for note in report.notes)
    assert report.outputs is not None
    assert report.outputs.largest < 1e-2  # the smoothed model computes what the original does
    assert hash_model(Path(program.model)) == before


def test_speed_and_memory_are_measured_of_both(tmp_path: Path, program: TrainingProgram) -> None:
    spec = {"measure_latency": True, "batch_sizes": [1], "lengths": [8]}
    report = quantize_here(tmp_path, program.model, bits=16, spec=spec)
    (speed,) = report.speed
    assert (speed.before.batch, speed.after.length, speed.threads) == (1, 8, 1)
    assert 0 < speed.speedup.low <= speed.speedup.value <= speed.speedup.high
    assert "Without a data set the outputs were compared on random inputs." in report.notes
    assert (report.quality, report.layers) == (None, [])


def test_progress_counts_up_to_its_total(tmp_path: Path, program: TrainingProgram) -> None:
    told: list[Progress] = []
    quantize_here(tmp_path, program.model, run={"tell": told.append})
    assert (told[-1].done, told[-1].share) == (told[-1].total, 1)


class Cancelled:
    """Says so from the `after`-th look on."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("after", [0, 2, 6])
def test_a_cancelled_quantization_leaves_nothing(tmp_path: Path, program: TrainingProgram, after: int) -> None:
    spec = {"dataset_path": program.dataset, "data": program.data}
    with pytest.raises(JobCancelledError):
        quantize_here(tmp_path, program.model, method="static", spec=spec, run={"is_cancelled": Cancelled(after)})
    assert not [path for path in tmp_path.iterdir() if "quantized" in path.name]


@pytest.mark.parametrize(("value", "told"), [("nan", "NaN"), ("inf", "infinite numbers")])
def test_weights_that_are_no_numbers_are_told_whatever_the_method(
    tmp_path: Path, program: TrainingProgram, value: str, told: str
) -> None:
    from safetensors.torch import load_file, save_file

    broken = Path(shutil.copytree(program.model, tmp_path / "broken"))
    tensors = load_file(broken / "model.safetensors")
    tensors["bert.encoder.layer.0.output.dense.weight"][0, 0] = float(value)
    save_file(tensors, broken / "model.safetensors", metadata={"format": "pt"})
    expected = rf"broken has {told} in its weights, the first in 'bert.encoder.layer.0.output.dense.weight'"
    with pytest.raises(ModelError, match=expected) as caught:
        quantize_here(tmp_path, broken)
    assert caught.value.faults[0].path == "$.modelPath"
    assert not [path for path in tmp_path.iterdir() if "quantized" in path.name]


def test_outputs_that_are_no_numbers_on_the_calibration_rows_are_told(tmp_path: Path, program: TrainingProgram) -> None:
    from safetensors.torch import load_file, save_file

    broken = Path(shutil.copytree(program.model, tmp_path / "broken"))
    tensors = load_file(broken / "model.safetensors")
    tensors["bert.pooler.dense.bias"][:] = 100  # all that the classifier is given is 1
    tensors["classifier.weight"][0] = 3e38
    save_file(tensors, broken / "model.safetensors", metadata={"format": "pt"})
    spec = {"dataset_path": program.dataset, "data": program.data}
    with pytest.raises(ModelError, match=r"gives infinite numbers in 'logits' on the calibration rows .* no ranges"):
        quantize_here(tmp_path, broken, method="static", spec=spec)
    assert not [path for path in tmp_path.iterdir() if "quantized" in path.name]


def test_a_result_whose_outputs_are_no_numbers_is_not_delivered(tmp_path: Path, program: TrainingProgram) -> None:
    with pytest.raises(ModelError, match="the result gives outputs that are no finite numbers"):
        quantize_here(tmp_path, program.model, backend="overflowing")
    assert not [path for path in tmp_path.iterdir() if "quantized" in path.name]


def test_a_backend_that_raises_is_named(tmp_path: Path, program: TrainingProgram) -> None:
    with pytest.raises(PluginError, match=r"plugin 'raising' of .*: ZeroDivisionError: no luck"):
        quantize_here(tmp_path, program.model, backend="raising")


def test_auto_passes_over_what_fails_and_says_what_it_tried(tmp_path: Path, program: TrainingProgram) -> None:
    report = quantize_here(tmp_path, program.model, backend="auto", spec={"batch_sizes": [1], "lengths": [8]})
    assert report.backend == report.config.backend == "casting"
    tried = {one.backend: one for one in report.tried}
    assert list(tried) == ["casting", "raising", "overflowing", "onnxruntime", "openvino"]
    assert (tried["casting"].latency or 0) > 0
    assert "no luck" in tried["raising"].reason
    assert tried["overflowing"].reason == "its outputs are no finite numbers"
    assert tried["openvino"].reason == "is not installed: pip install persopt-openvino"


def test_an_output_that_came_into_use_is_left_alone(tmp_path: Path, program: TrainingProgram) -> None:
    def fill() -> bool:
        (tmp_path / "quantized").mkdir(exist_ok=True)
        (tmp_path / "quantized" / "mine").write_text("mine")
        return False

    with pytest.raises(OutputError, match="has come into use since the job began"):
        quantize_here(tmp_path, program.model, run={"is_cancelled": fill})
    assert [path.name for path in (tmp_path / "quantized").iterdir()] == ["mine"]
    assert not (tmp_path / ".quantized.part").exists()


def test_a_run_that_died_after_its_delivery_gives_its_report_again(tmp_path: Path, program: TrainingProgram) -> None:
    from persopt.quantization.run import run_quantization
    from persopt.settings import load_settings
    from tests.support.quantizations import registry_of, resolve_here

    settings = load_settings({}, home=str(tmp_path / "home"))
    registry = registry_of(settings)
    spec = resolve_here(tmp_path, program.model, registry=registry)
    report = quantize_here(tmp_path, program.model)
    again = run_quantization(spec, settings=settings, registry=registry, folder=tmp_path / "run", environment={})
    assert again == report
