"""Opening what persopt reads and writes for running: checkpoints, artifacts of any backend, ONNX; all alike."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from persopt.domain.errors import InputError, ModelError
from persopt.domain.programs import TaskName
from persopt.models.description import read_config
from persopt.models.headers import find_weights
from persopt.models.heads import HEADS
from persopt.models.loading import load_config, load_image_processor, load_tokenizer
from persopt.models.manifest import Manifest, has_manifest, list_weight_files, read_manifest
from persopt.models.onnx_folders import is_onnx_folder, open_onnx_runner
from persopt.models.torch_runner import open_torch_runner
from persopt.plugins.contracts.quantization import Artifact, Runner
from persopt.plugins.guard import plugin_guard
from persopt.plugins.registry import Registry

if TYPE_CHECKING:
    import numpy as np

__all__ = ("OpenedModel", "add_token_types", "find_task", "open_runner")

_TASKS: Final[Mapping[str, TaskName]] = {  # ends of the names of architectures
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForImageClassification": "image-classification",
    "ForCausalLM": "causal-language-modeling",
    "LMHeadModel": "causal-language-modeling",
}


class OpenedModel:
    """A model that is open: what runs it, and what it is. It fulfils the contract of a `Runner`.

    Args:
        path: Its folder.
        runner: What runs it.
        format: `safetensors`, `onnx` or whatever its backend calls its own.
        manifest: Of an artifact.
        guard: Entered around each run.

    Attributes:
        path: Its folder.
        runner: What runs it.
        format: `safetensors`, `onnx` or whatever its backend calls its own.
        manifest: What it is, if it is an artifact of persopt.
    """

    def __init__(
        self,
        path: Path,
        runner: Runner,
        format: str,
        manifest: Manifest | None = None,
        guard: Any = ExitStack,
    ) -> None:
        self.path: Final = path
        self.runner: Final = runner
        self.format: Final = format
        self.manifest: Final = manifest
        self._guard = guard

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs that `run` takes."""
        return self.runner.inputs

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> Mapping[str, np.ndarray[Any, Any]]:
        """Return the outputs for one batch by name; see `persopt.plugins.Runner`.

        `token_type_ids` that it takes and that a tokenizer did not give are zeros.

        Raises:
            PluginError: if the artifact's backend fails.
        """
        known = self.inputs
        given = add_token_types(inputs) if "token_type_ids" in known else inputs
        with self._guard():
            return self.runner.run({name: value for name, value in given.items() if name in known})

    @cached_property
    def config(self) -> Any:
        """The configuration, as Transformers loads it.

        Raises:
            ModelError: if it cannot be loaded.
        """
        return load_config(self.path)

    @cached_property
    def processor(self) -> Any:
        """What makes the inputs: a tokenizer, or an image processor if the model takes images.

        Raises:
            ModelError: if there is none in the folder.
        """
        return (
            load_image_processor(self.path) if "pixel_values" in self.inputs else load_tokenizer(self.path, fast=False)
        )

    @cached_property
    def task(self) -> TaskName | None:
        """What the model does: as its manifest says, or as the class it was saved from tells; None if neither does."""
        return find_task(self.path, self.manifest)

    @cached_property
    def generates(self) -> Literal["next", "target"] | None:
        """`next` for a decoder that writes on, `target` for an encoder-decoder, None for what writes nothing."""
        if self.task is not None:
            return HEADS[self.task].generates
        return "target" if "decoder_input_ids" in self.inputs else None

    @cached_property
    def size(self) -> int:
        """Bytes of its weights and graphs on the disk."""
        return sum(file.stat().st_size for file in list_weight_files(self.path))


def find_task(folder: Path, manifest: Manifest | None = None) -> TaskName | None:
    """Return what the model of a folder does, as `OpenedModel.task`, without opening it.

    Raises:
        ModelError: if its manifest or configuration cannot be read.
    """
    if manifest is None and has_manifest(folder):
        manifest = read_manifest(folder)
    if manifest is not None and manifest.task is not None:
        return manifest.task
    if not (folder / "config.json").is_file():
        return None
    name = str((read_config(folder).get("architectures") or [""])[0])
    return next((task for end, task in _TASKS.items() if name.endswith(end)), None)


def add_token_types(inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """Return inputs of tokens with `token_type_ids`: zeros, as Transformers' models take them, where there are none."""
    import numpy as np

    added = dict(inputs)
    if "input_ids" in added and "token_type_ids" not in added:
        added["token_type_ids"] = np.zeros_like(added["input_ids"])
    return added


@contextmanager
def open_runner(
    path: Path | str,
    registry: Registry,
    *,
    device: str = "cpu",
    threads: int | None = None,
    dtype: Literal["auto", "float32"] = "auto",
) -> Iterator[OpenedModel]:
    """Open a model for running; closed at the end of the block.

    An artifact (a folder with `persopt.json`) is run by the backend that made it, a checkpoint of Transformers by
    PyTorch in eager mode, a folder with ONNX files and no manifest by ONNX Runtime.

    Args:
        path: The folder.
        registry: Where the backends are.
        device: `cpu` or `cuda`.
        threads: CPU threads of a call; None leaves it to the library.
        dtype: Of a checkpoint's weights: `auto` keeps their types.

    Raises:
        ModelError: if there is no such model, it is damaged, its backend is not installed (the package is named), or
            the device is not there.
        PluginError: if its backend fails.
    """
    folder = Path(path).absolute()
    if not folder.is_dir():
        raise ModelError(f"no model {str(path)!r}: {folder} is not a folder")
    if has_manifest(folder):
        with _open_artifact(folder, registry, device, threads) as opened:
            yield opened
    elif find_weights(folder) or not is_onnx_folder(folder):
        with open_torch_runner(folder, device, threads, dtype) as torch_runner:
            yield OpenedModel(folder, torch_runner, "safetensors")
    else:
        with open_onnx_runner(folder, device, threads) as onnx_runner:
            yield OpenedModel(folder, onnx_runner, "onnx")


@contextmanager
def _open_artifact(folder: Path, registry: Registry, device: str, threads: int | None) -> Iterator[OpenedModel]:
    manifest = read_manifest(folder)
    try:
        backend = registry.quantization_backend(manifest.backend)
    except InputError:
        raise ModelError(_explain_missing(folder, manifest, registry)) from None
    guard = partial(plugin_guard, registry, backend)
    artifact = Artifact(path=str(folder), format=manifest.format, notes=tuple(manifest.notes))
    with ExitStack() as stack:
        with guard():
            runner = stack.enter_context(backend.runner(artifact, device, threads or _count_cores()))
        yield OpenedModel(folder, runner, manifest.format, manifest, guard)


def _explain_missing(folder: Path, manifest: Manifest, registry: Registry) -> str:
    message = f"{folder} is run by the backend {manifest.backend!r}"
    if manifest.plugin:
        package = manifest.plugin.split()[0]
        message += f" of {manifest.plugin}, which is not installed or not loaded: `pip install {package}`"
    else:
        message += ", which no installed plugin has"
    broken = sum(bool(record.faults) for record in registry.records)
    return message + (f"; {broken} plugins could not be loaded, see `persopt plugins`" if broken else "")


def _count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
