"""What a result depends on besides its spec: versions, hardware, contents of model and data. Torch-free."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import psutil

from persopt.data.reading import hash_dataset
from persopt.domain.errors import PersoptError
from persopt.domain.specs import JobSpec, dataset_of, model_of
from persopt.measure.hardware import list_cpu_features
from persopt.models.description import hash_model

__all__ = ("describe_environment", "describe_machine")

_DISTRIBUTIONS: Final = (
    "persopt",
    "torch",
    "transformers",
    "accelerate",
    "datasets",
    "tokenizers",
    "safetensors",
    "optuna",
    "scikit-learn",
    "numpy",
    "peft",
    "sacrebleu",
    "rouge-score",
    "pillow",
    "torchao",
    "onnx",
    "onnxruntime",
    "openvino",
    "nncf",
)
_GPU_QUERY: Final = ("--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits")
_GPU_SECONDS: Final = 10
_MEBIBYTE: Final = 2**20


def describe_environment(spec: JobSpec) -> dict[str, Any]:
    """Return the environment of a job as plain data.

    Args:
        spec: The resolved spec, with absolute paths.

    Returns:
        `seed`, `versions` by distribution, `python`, `platform`, `cpu` (model, physical and logical cores, cores
        that this process may use, its `features` that matter to quantized models, the variables that set threads),
        `memoryBytes`, `gpus` (name, memoryBytes, driver), `modelHash`, `dataHash` (None for a function). A hash that
        cannot be made is None: what is wrong with the model or the data is for others to say.
    """
    return {
        "seed": spec.seed,
        **describe_machine(),
        "modelHash": _hash_model(model_of(spec)),
        "dataHash": _hash_data(dataset_of(spec)),
    }


def describe_machine() -> dict[str, Any]:
    """Return versions and hardware: what `describe_environment` tells but the seed and the hashes."""
    return {
        "versions": {name: found for name in _DISTRIBUTIONS if (found := _version(name)) is not None},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _describe_cpu(),
        "memoryBytes": psutil.virtual_memory().total,
        "gpus": _list_gpus(),
    }


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _describe_cpu() -> dict[str, Any]:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "model": _cpu_model(),
        "physicalCores": psutil.cpu_count(logical=False),
        "logicalCores": psutil.cpu_count(),
        "usableCores": allowed,
        "features": list_cpu_features(),
        "threadVariables": {name: os.environ[name] for name in sorted(os.environ) if name.endswith("_NUM_THREADS")},
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _list_gpus() -> list[dict[str, Any]]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        answer = subprocess.run(
            [program, *_GPU_QUERY], capture_output=True, text=True, timeout=_GPU_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []  # a driver that does not answer must not stop a study on the CPU
    return [gpu for line in answer.stdout.splitlines() if (gpu := _read_gpu(line)) is not None]


def _read_gpu(line: str) -> dict[str, Any] | None:
    fields = [field.strip() for field in line.split(",")]
    if len(fields) != len(_GPU_QUERY[0].split(",")):
        return None
    name, memory, driver = fields
    return {"name": name, "memoryBytes": int(memory) * _MEBIBYTE if memory.isdigit() else None, "driver": driver}


def _hash_model(given: str) -> str | None:
    folder = Path(given)
    if not given or not folder.is_dir():
        return None
    try:
        return hash_model(folder)
    except (PersoptError, OSError):
        return None


def _hash_data(given: str) -> str | None:
    if not given:
        return None
    path = Path(given)
    try:
        return hash_dataset(path if path.exists() or path.is_absolute() else given)
    except (PersoptError, OSError):
        return None
