"""Running a quantization from its resolved spec to its report. No job, database or bus is needed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from persopt.domain.errors import InputError
from persopt.domain.jobs import Progress
from persopt.domain.quantize_reports import QuantizeReport
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.measure.hardware import list_cpu_features, usable_cpus
from persopt.models.delivery import deliver_model
from persopt.models.manifest import Source, list_requirements, list_weight_files, write_manifest
from persopt.models.side_files import copy_side_files
from persopt.plugins.registry import Registry
from persopt.quantization.backends import find_candidates
from persopt.quantization.requests import make_request
from persopt.quantization.results import build_report, fill_config, write_artifacts
from persopt.quantization.selection import Chosen, choose_backend
from persopt.quantization.stages.artifacts import ArtifactMaker
from persopt.quantization.stages.measuring import Measuring
from persopt.quantization.stages.preparation import prepare
from persopt.settings import Settings
from persopt.ticker import Ticker

__all__ = ("run_quantization",)


def run_quantization(
    spec: QuantizeSpec,
    *,
    settings: Settings,
    registry: Registry,
    folder: Path,
    environment: Mapping[str, Any],
    tell: Callable[[Progress], None] = lambda _: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    job_id: str | None = None,
) -> QuantizeReport:
    """Quantize a checkpoint into a new folder, which takes its name only when everything in it is written.

    The stages: the float32 checkpoint is prepared (smoothed, trained), the backends make their artifacts and the
    fastest is taken, configuration, tokenizer and manifest are put beside it, and it is measured against the original.
    A run that was killed leaves a hidden `.NAME.part` beside the output, which the next run to that output clears; one
    whose model was delivered gives its report again.

    Args:
        spec: What to quantize, as `persopt.quantization.checks.resolve_quantization` returned it.
        settings: Where the workspace's cache is.
        registry: The plugins.
        folder: Folder of the run, which exists: artifacts and `report.json` come to lie in it.
        environment: Put into the report.
        tell: Told how far it is, at most twice a second.
        is_cancelled: Asked between all steps whether to end; a backend's call is left to itself then.
        job_id: Put into the report.

    Raises:
        JobCancelledError: when `is_cancelled` says so.
        ModelError: if the model is broken, gives NaN on the calibration data, or the result does.
        PluginError: if the backend fails or breaks its contract.
        OutputError: if the output cannot be written, or has come into use.
    """
    output = Path(spec.output_path)
    ticker = Ticker(tell, is_cancelled)

    def write(part: Path) -> QuantizeReport:
        begin = time.monotonic()
        ticker.look()
        report = _Run(spec, settings.cache, registry, part, ticker).write(environment, job_id)
        artifacts = write_artifacts(folder / "artifacts", report, spec.name)
        ticker.finish()
        return msgspec.structs.replace(report, artifacts=artifacts, seconds=time.monotonic() - begin)

    def is_whole(report: QuantizeReport) -> bool:
        return sum(file.stat().st_size for file in list_weight_files(output)) == report.bytes_after

    return deliver_model(
        output, folder / "report.json", QuantizeReport, "quantized model", is_whole=is_whole, write=write
    )


class _Run:
    """One quantization into a folder that does not have its name yet."""

    def __init__(self, spec: QuantizeSpec, cache: Path, registry: Registry, part: Path, ticker: Ticker) -> None:
        self._spec = spec
        self._cache = cache
        self._registry = registry
        self._part = part
        self._work = part / ".work"
        self._threads = spec.threads or usable_cpus()
        self._ticker = ticker

    def write(self, environment: Mapping[str, Any], job_id: str | None) -> QuantizeReport:
        """Write the artifact and everything beside it, measure it, and return the report."""
        spec, ticker = self._spec, self._ticker
        self._work.mkdir()
        candidates, others = find_candidates(spec.config, make_request(spec), self._registry)
        if not candidates:
            reasons = "; ".join(f"{one.backend}: {one.reason}" for one in others)
            raise InputError(f"no backend can do this: {reasons}", path="$.config.backend")
        single = candidates[0] if len(candidates) == 1 else None
        ticker.expect(len(candidates) + (single is None))
        prepared = prepare(spec, self._work, self._cache, self._registry, ticker, single)
        maker = ArtifactMaker(spec, prepared.model, self._work, self._cache, self._registry, ticker)
        chosen = choose_backend(
            spec, candidates, others, maker, self._work / "made", self._registry, self._threads, ticker
        )
        self._assemble(chosen, prepared.notes, environment)
        measuring = Measuring(spec, prepared.model, self._part, self._cache, self._registry, self._threads, ticker)
        ticker.expect(measuring.count_units())
        measured = measuring.run()
        shutil.rmtree(self._work)
        return build_report(
            spec,
            chosen,
            measured,
            self._part,
            notes=prepared.notes,
            environment={**environment, "threads": self._threads, "cpuFeatures": list_cpu_features()},
            job_id=job_id,
        )

    def _assemble(self, chosen: Chosen, notes: list[str], environment: Mapping[str, Any]) -> None:
        """Put the artifact, what lies beside the original's weights, and the manifest into the folder."""
        spec = self._spec
        copy_side_files(Path(spec.model_path), self._part, keep_index=False)
        for item in list(Path(chosen.artifact.path).iterdir()):  # the backend's own configuration goes before
            target = self._part / item.name
            if target.is_dir():
                shutil.rmtree(target)
            item.replace(target)
        data = environment.get("dataHash")
        plugin = self._registry.distribution_of(chosen.candidate.backend)
        write_manifest(
            self._part,
            format=chosen.artifact.format,
            backend=chosen.candidate.name,
            plugin=plugin,
            config=fill_config(spec.config, chosen),
            model=Source(path=spec.model_path, hash=str(environment.get("modelHash") or "")),
            dataset=Source(path=spec.dataset_path, hash=str(data or "")) if spec.dataset_path else None,
            task=spec.task,
            seed=spec.seed,
            distributions=list_requirements(plugin),
            notes=[*notes, *chosen.artifact.notes],
        )
