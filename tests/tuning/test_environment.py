from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path

import msgspec
import psutil

from persopt.domain.specs import TuneSpec
from persopt.tuning.environment import describe_environment


def make_spec(folder: Path) -> TuneSpec:
    model, data = folder / "model", folder / "data.jsonl"
    model.mkdir()
    (model / "config.json").write_text("{}", "utf-8")
    data.write_text('{"text": "a", "label": "b"}\n', "utf-8")
    return TuneSpec(base_model_path=str(model), dataset_path=str(data), seed=7)


def test_it_is_plain_data_that_names_what_a_result_depends_on(tmp_path: Path) -> None:
    environment = describe_environment(make_spec(tmp_path))

    assert json.loads(msgspec.json.encode(environment)) == environment
    assert environment["seed"] == 7
    assert environment["versions"]["torch"] == version("torch")
    assert environment["versions"]["persopt"] == version("persopt")
    assert environment["memoryBytes"] == psutil.virtual_memory().total
    assert environment["cpu"]["logicalCores"] == psutil.cpu_count()
    assert environment["cpu"]["model"]
    assert isinstance(environment["gpus"], list)


def test_hashes_follow_the_contents(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    first = describe_environment(spec)
    (tmp_path / "data.jsonl").write_text('{"text": "c", "label": "d"}\n', "utf-8")
    (tmp_path / "model" / "config.json").write_text('{"x": 1}', "utf-8")

    second = describe_environment(spec)

    for name in ("modelHash", "dataHash"):
        assert first[name]
        assert second[name]
        assert first[name] != second[name]


def test_a_function_has_neither_model_nor_data() -> None:
    environment = describe_environment(TuneSpec(function="math:sqrt"))

    assert (environment["modelHash"], environment["dataHash"]) == (None, None)


def test_what_is_not_there_has_no_hash(tmp_path: Path) -> None:
    environment = describe_environment(
        TuneSpec(base_model_path=str(tmp_path / "nothing"), dataset_path=str(tmp_path / "nothing.csv"))
    )

    assert (environment["modelHash"], environment["dataHash"]) == (None, None)


def test_gpus_are_those_that_nvidia_smi_lists(tmp_path: Path) -> None:
    """A real program of that name on PATH, with the lines that nvidia-smi prints."""
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nprintf 'NVIDIA H200, 143771, 570.86.15\\nTesla T4, [N/A], 570.86.15\\n'\n", "utf-8")
    program.chmod(0o755)
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{program.parent}{os.pathsep}{before}"
    try:
        gpus = describe_environment(TuneSpec(function="math:sqrt"))["gpus"]
    finally:
        os.environ["PATH"] = before

    assert gpus == [
        {"name": "NVIDIA H200", "memoryBytes": 143771 * 2**20, "driver": "570.86.15"},
        {"name": "Tesla T4", "memoryBytes": None, "driver": "570.86.15"},
    ]
