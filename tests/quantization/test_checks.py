"""What is refused before anything runs, all of it at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from persopt.domain.errors import InputError
from persopt.domain.programs import DataSpec, TrainingProgram
from persopt.domain.quantize_specs import QuantizeSpec, QuantizeTraining
from persopt.domain.specs import JobSpec
from persopt.domain.validation import decode_struct
from persopt.plugins.registry import PluginRecord, Registry
from tests.support.quantizations import make_classifier, quantize_here, resolve_here


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> TrainingProgram:
    return make_classifier(tmp_path_factory.mktemp("task"))


def faults(folder: Path, model: Path | str, **more: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        resolve_here(folder, model, **more)
    assert not (folder / "quantized").exists()
    return [str(fault) for fault in caught.value.faults]


def test_the_fixed_body_is_a_spec() -> None:
    body = (
        b'{"modelPath": "models/bert_fa_base", "outputPath": "models/quantized/bert_fa_base",'
        b' "config": {"method": "dynamic", "bits": 8, "symmetric": true}}'
    )
    spec = decode_struct(body, QuantizeSpec)
    assert (spec.config.method, spec.config.bits, spec.config.symmetric, spec.config.backend) == (
        *("dynamic", 8, True),
        "auto",
    )
    tagged = body.replace(b"{", b'{"kind": "quantize", ', 1)
    assert msgspec.json.decode(tagged, type=JobSpec) == spec
    assert msgspec.json.decode(msgspec.json.encode(spec), type=JobSpec) == spec


def test_what_is_left_open_is_filled_in(tmp_path: Path, program: TrainingProgram) -> None:
    spec = resolve_here(tmp_path, program.model, spec={"dataset_path": program.dataset})
    assert (spec.task, spec.data.text_columns, spec.data.label_column) == ("text-classification", ["text"], "label")
    assert (spec.batch_sizes, spec.lengths) == ([1, 16], [32, 64])  # the model takes 64 tokens
    assert Path(spec.output_path).is_absolute()


def test_all_faults_come_at_once(tmp_path: Path, program: TrainingProgram) -> None:
    told = faults(
        tmp_path,
        program.model,
        method="static",
        bits=4,
        percentile=99.0,
        keep=["nothing.*"],
        spec={"output_path": program.model, "lengths": [65]},
    )
    begun = [
        "config.bits: 4 bits are for weights only: no engine here calculates with activations of 4 bits",
        "config.percentile: is for percentile ranges, and ranges is 'min-max', got 99.0",
        "config.keep[0]: 'nothing.*' matches no module of the model",
        "datasetPath: is missing: the ranges of static quantization are found on its rows; at least 32",
        "lengths[0]: the model takes at most 64 tokens, got 65",
        "outputPath: lies inside",
    ]
    assert [start for start in begun if not any(line.startswith(start) for line in told)] == []
    assert any("the nearest: bits=8 with method 'static'" in line for line in told)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            {"backend": "onnxruntime"},
            "config.backend: the backend 'onnxruntime' is not installed (pip install persopt-",
        ),
        ({"backend": "openvino"}, "config.backend: the backend 'openvino' is not installed (pip install persopt-open"),
        (
            {"backend": "castin"},
            "config.backend: no quantization backend of that name, got 'castin', accepted: 'auto',",
        ),
        ({"bits": 4, "method": "weight-only"}, "config.backend: casting cannot do this: it has no 4 bits (the nearest"),
        ({"backend_options": {"facto": 1}}, "config.backendOptions.facto: 'casting' has no such option, got 'facto'"),
        ({"backend": "auto", "backend_options": {"factor": 1}}, "config.backendOptions: are options of one backend"),
        ({"bits": 16, "method": "qat"}, "config.bits: 16 bits only casts: there are no ranges to find"),
        ({"method": "weight-only", "smoothing": 0.5}, "config.smoothing: is for quantized activations"),
        ({"smoothing": 0.5}, "datasetPath: is missing: smoothing looks for outliers"),
        ({"method": "qat"}, "datasetPath: is missing: quantization-aware training needs the task's own rows"),
        ({"rounding": "gptq", "bits": 4}, "datasetPath: is missing: GPTQ rounds by what the layers are given"),
        ({"rounding": "gptq"}, "config.rounding: is for 4 bits, and bits is 8"),
        ({"float_type": "fp16"}, "config.floatType: is for 16 bits, and bits is 8"),
        ({"ranges": "mse"}, "config.ranges: is for ranges found beforehand"),
        ({"spec": {"training": QuantizeTraining(epochs=2)}}, "training: was given, and nothing is trained with method"),
        ({"spec": {"output_path": " "}}, "outputPath: is empty"),
        ({"spec": {"model_path": "none/such"}}, "modelPath: no model 'none/such'"),
    ],
)
def test_each_fault_names_field_and_remedy(
    tmp_path: Path, program: TrainingProgram, more: dict[str, Any], told: str
) -> None:
    found = faults(tmp_path, program.model, **more)
    assert any(line.startswith(told) for line in found), found


def test_without_any_backend_the_packages_are_named(tmp_path: Path, program: TrainingProgram) -> None:
    (told,) = faults(tmp_path, program.model, backend="auto", registry=Registry())
    assert told.startswith(
        "config.backend: no backend can do this: onnxruntime: is not installed: pip install persopt-"
    )
    assert "pip install persopt-openvino" in told


@pytest.mark.parametrize("distill", [False, True])
def test_qat_wants_a_model_that_knows_the_classes(tmp_path: Path, program: TrainingProgram, distill: bool) -> None:
    rows = [{"text": "سرخ", "label": label} for label in ("a", "b", "c", "d") for _ in range(20)]
    (tmp_path / "other.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    training = QuantizeTraining(distill=distill)
    spec = {"dataset_path": str(tmp_path / "other.jsonl"), "training": training}
    (told,) = faults(tmp_path, program.model, method="qat", spec=spec)
    assert "no trained head for text-classification of the data's classes 'a', 'b', 'c' or 'd'; it knows 'a" in told
    headless = Path(program.model).with_name("model")
    spec = {"dataset_path": program.dataset, "data": program.data, "training": training}
    (told,) = faults(tmp_path, headless, method="qat", spec=spec)
    assert "has no trained head for text-classification (fine-tune it first" in told
    assert resolve_here(tmp_path, program.model, method="qat", spec=spec).task == "text-classification"


def test_a_blocked_backend_is_not_said_to_be_missing(tmp_path: Path, program: TrainingProgram) -> None:
    blocked = Registry([PluginRecord(name="openvino", module="x", distribution="persopt-openvino", blocked=True)])
    (told,) = faults(tmp_path, program.model, backend="openvino", registry=blocked)
    assert told.startswith("config.backend: the plugin of 'openvino' is installed, but blocked by the settings")
    assert "PERSOPT_BLOCK_PLUGINS" in told
    (told,) = faults(tmp_path, program.model, backend="auto", registry=blocked)
    assert "openvino: is installed, but blocked by the settings" in told
    assert "pip install persopt-openvino" not in told


def test_a_calibration_set_that_is_too_small_says_how_many_rows_are_wanted(
    tmp_path: Path, program: TrainingProgram
) -> None:
    lines = (Path(program.dataset) / "train.jsonl").read_text("utf-8").splitlines()
    (tmp_path / "few.jsonl").write_text("\n".join(lines[:20]), "utf-8")
    data = DataSpec(validation_fraction=0.5)
    spec = {"dataset_path": str(tmp_path / "few.jsonl"), "data": data}
    told = faults(tmp_path, program.model, method="static", spec=spec)
    assert told[0].startswith("datasetPath: has 10 training rows; at least 32 are wanted")
    assert resolve_here(tmp_path, program.model, spec=spec).config.method == "dynamic"  # which needs no rows


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "few.csv is empty"),
        ("a,b\n1,2\n", "'text'"),
    ],
)
def test_data_that_are_empty_or_have_other_columns_are_told(
    tmp_path: Path, program: TrainingProgram, content: str, told: str
) -> None:
    (tmp_path / "few.csv").write_text(content, "utf-8")
    spec = {"dataset_path": str(tmp_path / "few.csv"), "data": program.data}
    found = faults(tmp_path, program.model, method="static", spec=spec)
    assert any(told in line for line in found), found


def test_quantized_models_are_refused(tmp_path: Path, program: TrainingProgram) -> None:
    broken = Path(shutil.copytree(program.model, tmp_path / "broken"))
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps(config | {"quantization_config": {"bits": 8}}))
    (told,) = faults(tmp_path, broken)
    assert "is quantized or compressed: its config.json has `quantization_config`; quantizing needs" in told
    artifact = tmp_path / "artifact"
    artifact.mkdir()
    (artifact / "config.json").write_text(json.dumps(config))
    (artifact / "persopt.json").write_text(json.dumps({"backend": "openvino", "format": "openvino"}))
    (told,) = faults(tmp_path, artifact)
    assert "is quantized: backend 'openvino' wrote it in the form 'openvino' (begin with the model" in told


def test_a_model_in_half_precision_may_be_quantized_again(tmp_path: Path, program: TrainingProgram) -> None:
    report = quantize_here(tmp_path / "first", program.model)
    again = quantize_here(tmp_path / "again", report.model_path)
    assert "The weights were made float32 before they were quantized." in again.notes
    assert again.bytes_before == report.bytes_after
