"""The stages of a recipe, each by the capability's own run with its measuring off, each once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from persopt.compression.held_out import SearchData
from persopt.compression.stage_cache import Stage, StageCache
from persopt.data.hashing import hash_files
from persopt.domain.compress_reports import StageTime
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.jobs import Progress
from persopt.domain.prune_specs import NO_METHOD, PruneConfig, PruneSpec
from persopt.domain.prune_training import PruneTraining
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec
from persopt.domain.recipes import CutStep, QuantizeStep, TrainStep
from persopt.domain.vocabularies import VocabularyOptions
from persopt.models.description import hash_model
from persopt.models.manifest import MANIFEST_FILE
from persopt.plugins.registry import Registry
from persopt.pruning.checks import resolve_pruning
from persopt.pruning.run import run_pruning
from persopt.quantization.checks import resolve_quantization
from persopt.quantization.run import run_quantization
from persopt.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("StageMaker", "note_time")

_VERSIONED: Final = ("persopt", "torch", "transformers")


def note_time(times: list[StageTime], name: str, seconds: float, *, cached: bool) -> None:
    """Note what a stage took, once for each candidate."""
    if not any((one.name, one.seconds) == (name, seconds) for one in times):
        times.append(StageTime(name=name, seconds=seconds, cached=cached))


class _Doing(Struct):
    """What the runs are told."""

    tell: Callable[[str], None]
    is_over: Callable[[], bool]


class StageMaker:
    """Makes the stages of recipes.

    Args:
        spec: Resolved.
        settings: Where the workspace is.
        registry: The plugins.
        data: What the search may look at.
        cache: Where stages are kept; open.
        versions: Of the libraries, by distribution.
        tell: Told in words what is done.
        is_over: Asked often whether to end; the run then raises JobCancelledError.
    """

    def __init__(
        self,
        spec: CompressSpec,
        settings: Settings,
        registry: Registry,
        data: SearchData,
        cache: StageCache,
        versions: Mapping[str, str],
        tell: Callable[[str], None],
        is_over: Callable[[], bool],
    ) -> None:
        self._spec = spec
        self._settings = settings
        self._registry = registry
        self._data = data
        self._cache = cache
        self._versions = {name: versions[name] for name in _VERSIONED if name in versions}
        self._doing = _Doing(tell, is_over)
        model = Path(spec.model_path)
        self.original = Stage(key="original", folder=model, hash=hash_model(model))

    def trim(self, source: Stage, times: list[StageTime]) -> Stage:
        """Trim the vocabulary of a checkpoint to the texts of training and validation."""
        config = PruneConfig(method=NO_METHOD, vocabulary=VocabularyOptions())
        spec = PruneSpec(config=config, **self._given(source), measure_latency=False)
        return self._make("trim", source, config, times, partial(self._prune, spec))

    def cut(self, source: Stage, step: CutStep, training: TrainStep | None, times: list[StageTime]) -> Stage:
        """Cut units out of a checkpoint, and train what is left, by the labels and by the model before the cut."""
        spec, settings = self._plan_cut(source, step, training)
        return self._make("cut" if training is None else "train", source, settings, times, partial(self._prune, spec))

    def has_trained(self, source: Stage, step: CutStep, training: TrainStep) -> bool:
        """Return whether this cut and training of a checkpoint was made before, so that it takes no time."""
        return self._cache.has("train", self._parts(source, self._plan_cut(source, step, training)[1]))

    def _plan_cut(self, source: Stage, step: CutStep, training: TrainStep | None) -> tuple[PruneSpec, Any]:
        """Return the pruning that does it, and what of it decides the result."""
        method = self._registry.pruning_method(step.method)
        config = PruneConfig(
            method=step.method,
            structured=True,
            ratios=step.ratios,
            keep_layers=step.keep_layers,
            layer_rule=step.layer_rule,
        )
        needs_data = training is not None or bool(method.traits.needs)
        options = PruneTraining(recovery_epochs=0.0)
        if training is not None:
            options = PruneTraining(recovery_epochs=training.epochs, learning_rate=training.learning_rate, distill=True)
        spec = PruneSpec(
            config=config,
            **self._given(source, data=needs_data),
            training=options if needs_data else PruneTraining(),
            measure_latency=False,
            calibration_rows=self._spec.calibration_rows,
            batch_size=self._spec.batch_size,
            device=self._spec.device,
        )
        plugin = self._registry.distribution_of(method)
        return spec, (config, spec.training, self._spec.calibration_rows, self._spec.batch_size, plugin)

    def quantize(self, source: Stage, step: QuantizeStep, times: list[StageTime]) -> Stage:
        """Write a checkpoint in the form of a backend."""
        backend = self._registry.quantization_backend(step.backend)
        config = QuantizeConfig(
            method=step.method, bits=step.bits, symmetric=step.symmetric, keep=step.keep, backend=step.backend
        )
        calibrates = step.method == "static"
        spec = QuantizeSpec(
            config=config,
            **self._given(source, data=calibrates),
            calibration_rows=self._spec.calibration_rows,
            batch_size=self._spec.batch_size,
            device=self._spec.device,
            threads=self._spec.threads,
            measure_latency=False,
            measure_memory=False,
            rank_layers=False,
            batch_sizes=[1],
            lengths=[self._spec.latency_length] if self._spec.latency_length else [],
        )
        plugin = self._registry.distribution_of(backend)
        parts = (config, self._spec.calibration_rows if calibrates else 0, plugin)
        return self._make("quantize", source, parts, times, partial(self._quantize, spec))

    def _given(self, source: Stage, *, data: bool = True) -> dict[str, Any]:
        given: dict[str, Any] = {"model_path": str(source.folder), "seed": self._spec.seed}
        if data:
            given |= {
                "dataset_path": str(self._data.search),
                "task": self._spec.task,
                # The runs judge what they make; here that is done for all candidates alike, afterwards.
                "data": self._data.slice_of(self._spec.slice_rows),
            }
        return given

    def _make(
        self, kind: str, source: Stage, settings: Any, times: list[StageTime], write: Callable[[Path], list[str]]
    ) -> Stage:
        stage = self._cache.make(kind, self._parts(source, settings), write, _hash_result)
        note_time(times, kind, stage.seconds, cached=stage.cached)
        return stage

    def _parts(self, source: Stage, settings: Any) -> dict[str, Any]:
        return {
            "model": source.hash,
            "settings": settings,
            "data": self._data.hash,
            "slice": self._spec.slice_rows,
            "task": self._spec.task,
            "seed": self._spec.seed,
            "versions": self._versions,
        }

    def _prune(self, spec: PruneSpec, target: Path) -> list[str]:
        import msgspec

        asked = msgspec.structs.replace(spec, output_path=str(target))
        resolved = resolve_pruning(asked, self._settings, self._registry)
        return run_pruning(resolved, **self._around(target)).notes

    def _quantize(self, spec: QuantizeSpec, target: Path) -> list[str]:
        import msgspec

        asked = msgspec.structs.replace(spec, output_path=str(target))
        resolved = resolve_quantization(asked, self._settings, self._registry)
        return run_quantization(resolved, **self._around(target)).notes

    def _around(self, target: Path) -> dict[str, Any]:
        def tell(progress: Progress) -> None:
            self._doing.tell(progress.message)

        folder = target.with_name("run")
        folder.mkdir(exist_ok=True)
        return {
            "settings": self._settings,
            "registry": self._registry,
            "folder": folder,
            "environment": {},
            "tell": tell,
            "is_cancelled": self._doing.is_over,
        }


def _hash_result(folder: Path) -> str:
    """Hash a checkpoint by what decides its answers, an artifact by all of its files but the manifest."""
    if not (folder / MANIFEST_FILE).is_file():
        return hash_model(folder)
    files = sorted(item for item in folder.rglob("*") if item.is_file() and item.name != MANIFEST_FILE)
    return hash_files(files, salt=repr([item.relative_to(folder).as_posix() for item in files]))
