"""Running a pruning from its resolved spec to its report. No job, database or bus is needed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from persopt.domain.errors import ModelError
from persopt.domain.jobs import Progress
from persopt.domain.prune_reports import PruneReport
from persopt.domain.prune_specs import NO_METHOD, PruneSpec
from persopt.models.delivery import deliver_model
from persopt.models.description import describe_model
from persopt.plugins.guard import plugin_guard
from persopt.plugins.options import decode_options
from persopt.plugins.registry import Registry
from persopt.pruning.checkpoint import Shard, open_shards
from persopt.pruning.recounting import recount_tensors
from persopt.pruning.results import StageResults, build_report, write_artifacts
from persopt.pruning.scoring import Scorer
from persopt.pruning.stages.cut import Cutting
from persopt.pruning.stages.export import export_result
from persopt.pruning.stages.latency import compare_latency
from persopt.pruning.stages.mask import Masking
from persopt.pruning.stages.trim import trim
from persopt.pruning.training import trains_while_pruning
from persopt.settings import Settings
from persopt.ticker import Ticker

if TYPE_CHECKING:
    from persopt.pruning.training.driver import PruningTraining

__all__ = ("run_pruning",)

_MEASURED_BYTES: Final = 1_000_000_000
"""Of a checkpoint that is only rewritten; up to here its latency is measured without being asked for."""


def run_pruning(
    spec: PruneSpec,
    *,
    settings: Settings,
    registry: Registry,
    folder: Path,
    environment: Mapping[str, Any],
    tell: Callable[[Progress], None] = lambda _: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    job_id: str | None = None,
) -> PruneReport:
    """Prune a checkpoint into a new folder, which takes its name only when everything in it is written.

    The stages: the vocabulary is trimmed, if that is asked for; units are cut out of the model in memory, or single
    weights are made zero, tensor by tensor; the result is timed and exported. A run that was killed leaves a hidden
    `.NAME.part` beside the output, which the next run to that output clears; one whose model was delivered gives its
    report again.

    Args:
        spec: What to prune, as `persopt.pruning.checks.resolve_pruning` returned it.
        settings: Where the workspace's cache is.
        registry: The plugins.
        folder: Folder of the run, which exists: artifacts and `report.json` come to lie in it.
        environment: Put into the report.
        tell: Told how far it is, at most twice a second.
        is_cancelled: Asked before every tensor, batch and pass whether to end.
        job_id: Put into the report.

    Raises:
        JobCancelledError: when `is_cancelled` says so.
        ModelError: if the model is as sparse already, or broken.
        PluginError: if the method breaks its contract.
        OutputError: if the output cannot be written, or has come into use.
    """
    output = Path(spec.output_path)

    def write(part: Path) -> PruneReport:
        report = _Run(spec, settings, registry, tell, is_cancelled).write(part, environment, job_id)
        return msgspec.structs.replace(report, artifacts=write_artifacts(folder / "artifacts", report, spec.name))

    def is_whole(report: PruneReport) -> bool:
        return sum(shard.file.stat().st_size for shard in _shards_of(output)) == report.after.bytes

    return deliver_model(output, folder / "report.json", PruneReport, "pruned model", is_whole=is_whole, write=write)


class _Run:
    """One pruning as a sequence of stages: trim, cut or mask, measure, export."""

    def __init__(
        self,
        spec: PruneSpec,
        settings: Settings,
        registry: Registry,
        tell: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
    ) -> None:
        self._spec = spec
        self._cache = settings.cache
        self._registry = registry
        self._ticker = Ticker(tell, is_cancelled)
        self._model = Path(spec.model_path)

    def write(self, part: Path, environment: Mapping[str, Any], job_id: str | None) -> PruneReport:
        """Write the pruned model into a folder and return the report, which does not know its artifacts yet."""
        begin = time.monotonic()
        spec, ticker = self._spec, self._ticker
        ticker.look()
        results = StageResults()
        source = self._model
        work = part / ".work"
        if spec.config.vocabulary is not None:
            source = work / "trimmed"
            results.vocabulary = trim(spec, source, ticker)
        training = self._open_training(source, part)
        before = None if training is None else training.judge(source)
        masking = None
        if spec.config.method == NO_METHOD:
            for item in list(source.iterdir()):
                item.replace(part / item.name)
        elif spec.config.structured:
            cutting = Cutting(spec, source, self._scorer(), self._cache, ticker)
            if training is not None and trains_while_pruning(spec, cutting.needs):
                results.structured = cutting.train(part, training)
            else:
                results.structured = cutting.write(part)
        else:
            masking = Masking(spec, source, self._scorer(), self._cache, ticker)
            if training is not None and trains_while_pruning(spec, masking.needs):
                results.masked = masking.train(part, training)
            else:
                results.masked = masking.write(part)
        if training is not None:
            self._recover(part, training, masking, before, results)
        if masking is not None and results.masked is not None and spec.config.sparse_copy:
            masking.write_sparse(part, results.masked)
        shutil.rmtree(work, ignore_errors=True)
        self._measure(part, results)
        if spec.export is not None:
            results.onnx = export_result(part, Path(spec.output_path), ticker)
        report = build_report(
            spec, results, part, seconds=0.0, environment=environment, job_id=job_id, on_tensor=ticker.look
        )
        ticker.finish()
        return msgspec.structs.replace(report, seconds=time.monotonic() - begin)

    def _open_training(self, source: Path, part: Path) -> PruningTraining | None:
        """Return what trains and judges, if there are data to do so on."""
        if self._spec.training.recovery_epochs is None or self._spec.config.method == NO_METHOD:
            return None  # a resolved spec says how long to train if it has data for it
        from persopt.pruning.training.driver import PruningTraining

        needs = self._registry.pruning_method(self._spec.config.method).traits.needs
        spec = msgspec.structs.replace(self._spec, model_path=str(source))
        training = PruningTraining(spec, self._cache, part / ".training", self._ticker.tick)
        prunes = trains_while_pruning(spec, needs)
        self._ticker.expect(training.count_units(prunes=prunes, rewinds="initial-weights" in needs))
        self._ticker.message = "judging the model"
        return training

    def _recover(
        self,
        part: Path,
        training: PruningTraining,
        masking: Masking | None,
        before: dict[str, float] | None,
        results: StageResults,
    ) -> None:
        """Judge the pruned model, train it, and judge it again."""
        self._ticker.message = "judging the pruned model"
        after, recovered = training.judge(part), None
        self._ticker.message = "recovering"
        if training.recover(part, [] if masking is None else masking.selected):
            recovered = training.judge(part)
            if results.masked is not None:
                results.masked = list(recount_tensors(results.masked, open_shards(part)))
        results.quality = training.describe(before, after, recovered)
        results.notes += training.notes

    def _scorer(self) -> Scorer:
        config = self._spec.config
        method = self._registry.pruning_method(config.method)
        return Scorer(
            method=method,
            options=decode_options(method, config.method_options, "$.config.methodOptions"),
            registry=self._registry,
            guard=partial(plugin_guard, self._registry, method),
            seed=self._spec.seed,
        )

    def _measure(self, part: Path, results: StageResults) -> None:
        """Compare the latency if that is wanted; that it cannot be told is noted, and spoils nothing."""
        wanted = self._spec.measure_latency
        if wanted is None:
            reshaped = results.masked is None
            wanted = reshaped or describe_model(self._model).bytes <= _MEASURED_BYTES
            if not wanted:
                results.notes.append(
                    "The latency was not measured, because both models would have to be in memory; measureLatency=true "
                    "has it measured."
                )
        if not wanted:
            return
        try:
            results.latency = compare_latency(self._model, part, self._spec.device, self._ticker)
        except (
            ModelError,
            OSError,
            ImportError,
            RuntimeError,
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
            MemoryError,
        ) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            results.notes.append(f"The latency could not be measured: {reason}")


def _shards_of(folder: Path) -> Iterator[Shard]:
    try:
        yield from open_shards(folder)
    except ModelError:
        return
