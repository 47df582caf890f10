"""Second: the backends write their artifacts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from persopt.domain.errors import ModelError, PluginError
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.models.onnx_folders import MODEL_FILE
from persopt.plugins.contracts.quantization import Artifact, OnnxBackend, OnnxGraphsBackend, QuantizationRequest
from persopt.plugins.guard import plugin_guard
from persopt.plugins.registry import Registry
from persopt.quantization.backends import Candidate
from persopt.quantization.config_checks import FLOAT_BITS
from persopt.quantization.requests import make_request
from persopt.quantization.stages.rows import calibration_batches
from persopt.ticker import Ticker

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedModel

__all__ = ("ArtifactMaker",)


class _Graphs(Struct, frozen=True, kw_only=True):
    """The ONNX files of a model by name, and what to tell of them."""

    files: dict[str, Path] = {}
    notes: tuple[str, ...] = ()


class ArtifactMaker:
    """Has backends quantize the same checkpoint; what they all need is made once.

    Args:
        spec: Resolved.
        model: The checkpoint in float32.
        work: Folder for ONNX files, which exists.
        cache: Folder of tokenized data.
        registry: Knows whose a backend is.
        ticker: Looked at meanwhile.
    """

    def __init__(
        self, spec: QuantizeSpec, model: Path, work: Path, cache: Path, registry: Registry, ticker: Ticker
    ) -> None:
        self._spec = spec
        self._model = model
        self._work = work
        self._cache = cache
        self._registry = registry
        self._ticker = ticker
        self._exported: dict[str, _Graphs] = {}

    def make(self, candidate: Candidate, folder: Path) -> Artifact:
        """Have a backend write its artifact into a new folder, which is made.

        Raises:
            ModelError: if the model cannot be exported for it.
            PluginError: if the backend fails, or gives no artifact.
            JobCancelledError: if the work is not wanted any more; the backend's call is then left to itself.
        """
        graphs = self._export(candidate.backend) if isinstance(candidate.backend, OnnxBackend) else _Graphs()
        self._ticker.message = f"quantizing with {candidate.name}"
        folder.mkdir(parents=True)
        onnx = graphs.files.get(MODEL_FILE)
        request = make_request(self._spec, model=self._model, output=folder, onnx=onnx, graphs=graphs.files)
        calibration = self._calibration(request)

        def quantize() -> Artifact:
            with plugin_guard(self._registry, candidate.backend):
                return candidate.backend.quantize(candidate.options, request, calibration)

        artifact = self._ticker.watch(quantize)
        self._check(candidate, artifact, folder)
        return msgspec.structs.replace(artifact, notes=(*graphs.notes, *artifact.notes))

    def _calibration(self, request: QuantizationRequest) -> Iterable[Mapping[str, np.ndarray[Any, Any]]] | None:
        calibrated = request.bits < FLOAT_BITS and (request.method in ("static", "qat") or request.rounding == "gptq")
        return calibration_batches(self._spec, self._cache) if calibrated else None

    def _export(self, backend: OnnxBackend) -> _Graphs:
        """Return the model as ONNX by the exporter that a backend wants, in the form that it takes; each is run once.

        A decoder whose cache cannot be exported comes without it.
        """
        from persopt.models.whole import load_whole

        forms = backend.onnx_forms if isinstance(backend, OnnxGraphsBackend) else ()
        name = f"onnx-{backend.exporter}" + ("-cached" if "cached" in forms else "")
        if name not in self._exported:
            self._ticker.message = "exporting to ONNX"
            model, _ = self._ticker.watch(lambda: load_whole(self._model, "float32"))
            self._exported[name] = self._write_graphs(model, backend, self._work / name, cache="cached" in forms)
        return self._exported[name]

    def _write_graphs(self, model: PreTrainedModel, backend: OnnxBackend, folder: Path, *, cache: bool) -> _Graphs:
        from persopt.models.onnx_export import export_onnx, takes_cache

        def write(*, cache: bool) -> dict[str, Path]:
            exported = self._ticker.watch(lambda: export_onnx(model, folder, exporter=backend.exporter, cache=cache))
            return {Path(file).name: Path(file) for file in exported.files}

        if not (cache and takes_cache(model)):
            return _Graphs(files=write(cache=False))
        try:
            return _Graphs(files=write(cache=True))
        except ModelError as error:
            note = f"The decoder has no cache, so that it reads the whole text again for each token: {error}"
            return _Graphs(files=write(cache=False), notes=(note,))

    def _check(self, candidate: Candidate, artifact: Any, folder: Path) -> None:
        reason = ""
        if not isinstance(artifact, Artifact):
            reason = f"quantize gave {type(artifact).__name__}, expected Artifact"
        elif not any(item.is_file() for item in folder.rglob("*")):
            reason = "quantize wrote no file into the folder it was given"
        elif Path(artifact.path).resolve() != folder.resolve():
            reason = f"quantize tells of {artifact.path}, and was given {folder}"
        if reason:
            raise PluginError(candidate.name, self._registry.distribution_of(candidate.backend), reason)
