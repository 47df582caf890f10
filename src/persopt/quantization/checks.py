"""From what a user asked for to a quantization that can run, with every fault that can be known before."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from persopt.domain.errors import Fault, ModelError
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.domain.spec_resolving import SpecResolver
from persopt.models.compressed import check_uncompressed
from persopt.models.description import ModelDescription, check_model, is_decoder
from persopt.models.headers import find_weights
from persopt.models.location import locate_model
from persopt.models.output_folder import check_disk_space, check_output_folder
from persopt.plugins.registry import Registry
from persopt.quantization.backends import check_backend
from persopt.quantization.config_checks import check_config
from persopt.quantization.data_checks import check_rows, check_without_data
from persopt.quantization.kept_modules import check_patterns, list_modules
from persopt.quantization.requests import make_request
from persopt.quantization.shapes import check_shapes, choose_batch_sizes, choose_lengths
from persopt.settings import Settings

__all__ = ("resolve_quantization",)

_COPIES: Final = 3  # of the model on the disk at a time: the result, a float32 copy and an ONNX file it is made from


def resolve_quantization(spec: QuantizeSpec, settings: Settings, registry: Registry) -> QuantizeSpec:
    """Check a spec and fill in what it leaves open, before a job exists.

    torch is loaded only where operators are to be kept in floating point, to know their names. `auto` stays `auto`:
    which backend is the fastest is found in the run.

    Returns:
        The spec with absolute paths, the shapes whose speed is measured, and, if there are data, their task, columns
        and splits.

    Raises:
        InputError: with all faults: of bits, method and options that do not go together, the backend (unknown, not
            installed, its options, what it cannot do), the model (one that is quantized or sparsely encoded
            included), patterns that match nothing, the data (missing where needed, other columns, too few rows),
            the output.
    """
    return _Resolver(spec, settings, registry).resolve()


class _Resolver(SpecResolver[QuantizeSpec]):
    def __init__(self, spec: QuantizeSpec, settings: Settings, registry: Registry) -> None:
        super().__init__(spec)
        self._settings = settings
        self._registry = registry

    def _look(self) -> None:
        self._collect(lambda: self._faults.extend(check_config(self._spec)))
        model = self._collect(self._find_model)
        description = None if model is None else self._collect(lambda: self._check_model(model))
        if model is not None and description is not None:
            self._collect(lambda: self._look_into(model, description))
        data = self._collect(lambda: self._resolve_data(description))
        if not any(fault.path.startswith("$.config") for fault in self._faults):
            self._collect(self._check_backend)
        self._check_output([item for item in (model, data) if item is not None], description)

    def _check_backend(self) -> None:
        request = make_request(self._spec)
        self._faults += check_backend(self._spec.config, request, self._registry)

    def _find_model(self) -> Path:
        model = locate_model(self._spec.model_path, self._settings, "$.modelPath")
        self._set(model_path=str(model))
        return model

    def _check_model(self, model: Path) -> ModelDescription:
        refuse_artifact(model)
        description = check_model(model, "$.modelPath", processor=bool(self._spec.dataset_path))
        check_uncompressed(model, "quantizing")
        return description

    def _look_into(self, model: Path, description: ModelDescription) -> None:
        self._faults += check_shapes(self._spec, description)
        self._set(batch_sizes=choose_batch_sizes(self._spec), lengths=choose_lengths(self._spec, description))
        if self._spec.config.keep:
            modules = self._collect(lambda: list_modules(model))
            if modules is not None:
                self._faults += check_patterns(self._spec.config.keep, list(modules))

    def _resolve_data(self, description: ModelDescription | None) -> Path | None:
        if not self._spec.dataset_path:
            self._faults += check_without_data(self._spec)
            return None
        return self._inspect_data(description)

    def _inspect_data(self, description: ModelDescription | None) -> Path | None:
        from persopt.data.inspection import inspect_dataset
        from persopt.data.location import locate_dataset

        spec = self._spec
        location = locate_dataset(spec.dataset_path, self._settings)
        decoder = description is not None and is_decoder(Path(spec.model_path))
        summary = inspect_dataset(location, spec.data, spec.task, spec.seed, decoder=decoder)
        self._set(dataset_path=str(location), task=summary.task, data=summary.data)
        self._faults += check_rows(self._spec, description, summary)
        if description is not None:
            check_model(Path(spec.model_path), "$.modelPath", summary.task)
        return location if isinstance(location, Path) else None

    def _check_output(self, inputs: list[Path], description: ModelDescription | None) -> None:
        given = self._spec.output_path
        if not given.strip():
            self._faults.append(Fault(path="$.outputPath", message="is empty; expected a folder, new or empty"))
            return
        output = Path(given).expanduser().resolve()  # a link to an empty folder cannot be renamed over
        self._set(output_path=str(output))
        faults = list(check_output_folder(output, inputs, "$.outputPath"))
        if description is not None and not faults:
            # Weights in half precision take twice the room once they are written in float32.
            faults += check_disk_space(output, _COPIES * 4 * description.parameters, "$.outputPath")
        self._faults += faults


def refuse_artifact(model: Path) -> None:
    """Refuse a folder that a quantization wrote in fewer than 16 bits.

    Raises:
        ModelError: with what it is.
    """
    try:
        manifest = msgspec.json.decode((model / "persopt.json").read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError, RecursionError):
        return
    if find_weights(model) or not manifest.get("backend"):
        return  # weights in 16 bits are a checkpoint like any other; of others, their types tell
    message = f"{model} is quantized: backend {manifest['backend']!r} wrote it in the form {manifest.get('format')!r}"
    raise ModelError(message, path="$.modelPath", hint="begin with the model that it was made from")
