"""The files of an artifact, and what OpenVINO is told in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct

from persopt.domain.errors import ModelError
from persopt_openvino.libraries import load_openvino

__all__ = ("FILE", "RunSettings", "find_model", "read_settings", "save_model")

FILE: Final = "openvino_model.xml"  # and openvino_model.bin: the names that Optimum uses
_OURS: Final = ["persopt", "inference_precision"]
_GROUP: Final = [
    "runtime_options",
    "DYNAMIC_QUANTIZATION_GROUP_SIZE",
]


class RunSettings(Struct, frozen=True, kw_only=True):
    """How an artifact is to be run.

    Attributes:
        precision: Of the floating-point part: `f32`, or `bf16` where the CPU has it.
        dynamic_group_size: Values that share a scale when activations are quantized as they come; 0: they are not.
    """

    precision: Literal["f32", "bf16"] = "f32"
    dynamic_group_size: int = 0


def save_model(model: Any, folder: Path, settings: RunSettings) -> Path:
    """Write the two files and return the first."""
    model.set_rt_info(settings.precision, _OURS)
    model.set_rt_info(str(settings.dynamic_group_size), _GROUP)
    file = folder / FILE
    load_openvino().save_model(model, file, compress_to_fp16=False)
    return file


def find_model(folder: str) -> Path:
    """Return the file of the model in an artifact's folder.

    Raises:
        ModelError: if one of its two files is missing.
    """
    file = Path(folder) / FILE
    for part in (file, file.with_suffix(".bin")):
        if not part.is_file():
            raise ModelError(f"{folder} is no OpenVINO artifact: {part.name} is missing")
    return file


def read_settings(model: Any) -> RunSettings:
    """Return how a model that was read wants to be run; the defaults if it was not written here."""
    precision: Literal["f32", "bf16"] = "bf16" if _read(model, _OURS) == "bf16" else "f32"
    group = _read(model, _GROUP)
    return RunSettings(precision=precision, dynamic_group_size=int(group) if group.isdecimal() else 0)


def _read(model: Any, path: list[str]) -> str:
    return str(model.get_rt_info(path).astype(str)) if model.has_rt_info(path) else ""
