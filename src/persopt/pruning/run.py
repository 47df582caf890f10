"""Running a pruning from its resolved spec to its report. No job, database or bus is needed."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from persopt.domain.errors import JobCancelledError, ModelError, OutputError
from persopt.domain.jobs import Progress
from persopt.domain.prune_reports import PruneReport, TensorSparsity
from persopt.domain.prune_specs import PruneSpec
from persopt.models.description import describe_model
from persopt.models.new_folder import write_through
from persopt.models.output_folder import explain_os_error
from persopt.plugins.contracts.pruning import ParameterContext
from persopt.plugins.guard import plugin_guard
from persopt.plugins.options import decode_options
from persopt.plugins.registry import Registry
from persopt.pruning.checkpoint import Shard, copy_side_files, open_shards
from persopt.pruning.results import build_report, write_artifacts
from persopt.pruning.scoring import Masker, Scorer
from persopt.pruning.selection import select_tensors
from persopt.pruning.sparse_format import write_sparse_shard
from persopt.pruning.streaming import iterate_selected, rewrite_shard
from persopt.pruning.threshold import split_count
from persopt.settings import Settings

__all__ = ("run_pruning",)

_TELL_SECONDS: Final = 0.5
_GLOBAL_PASSES: Final = 2


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

    Tensors are read, pruned and written one at a time. A run that was killed leaves a hidden `.NAME.part` beside
    the output, which the next run to that output clears; one whose model was delivered gives its report again.

    Args:
        spec: What to prune, as `persopt.pruning.checks.resolve_pruning` returned it.
        settings: Where the workspace's cache is.
        registry: The plugins.
        folder: Folder of the run, which exists: artifacts and `report.json` come to lie in it.
        environment: Put into the report.
        tell: Told how far it is, at most twice a second.
        is_cancelled: Asked before every tensor and batch whether to end.
        job_id: Put into the report.

    Raises:
        JobCancelledError: when `is_cancelled` says so.
        ModelError: if the model is as sparse already, or broken.
        PluginError: if the method breaks its contract.
        OutputError: if the output cannot be written, or has come into use.
    """
    output = Path(spec.output_path)
    earlier = _find_earlier(folder / "report.json", output)
    if earlier is not None:
        return earlier
    part = output.with_name(f".{output.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        run = _Run(spec, settings, registry, tell, is_cancelled)
        report = run.write(part, environment, job_id)
        report = msgspec.structs.replace(report, artifacts=write_artifacts(folder / "artifacts", report, spec.name))
        write_through(part)
        _check_free(output)
        # Before the folder takes its name: a run that dies in between finds the one when it finds the other.
        report.save(folder / "report.json")
        part.replace(output)
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, OutputError):
            raise OutputError(
                f"the pruned model cannot be written to {output}: {explain_os_error(error)}", path="$.outputPath"
            ) from error
        raise
    return report


class _Run:
    """One pruning: what is chosen, how masks are made, how far it is."""

    def __init__(
        self,
        spec: PruneSpec,
        settings: Settings,
        registry: Registry,
        tell: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
    ) -> None:
        self._spec = spec
        self._settings = settings
        model = Path(spec.model_path)
        self._model = model
        self._shards = open_shards(model)
        headers = [stored.header for shard in self._shards for stored in shard.tensors]
        kind = describe_model(model).model_type
        selected = select_tensors(headers, kind, spec.config.include, spec.config.exclude)
        self._selected = {one.name: one for one in selected}
        self._global = spec.config.scope == "global" and spec.config.pattern is None
        method = registry.pruning_method(spec.config.method)
        self._needs = method.traits.needs
        self._scorer = Scorer(
            method=method,
            options=decode_options(method, spec.config.method_options, "$.config.methodOptions"),
            registry=registry,
            guard=partial(plugin_guard, registry, method),
            seed=spec.seed,
        )
        batches = -(-spec.calibration_rows // spec.batch_size) * len(self._needs)
        total = (
            len(headers) * (1 + spec.config.sparse_copy)
            + (_GLOBAL_PASSES * len(selected) if self._global else 0)
            + batches
        )
        self._ticker = _Ticker(total, tell, is_cancelled)

    def write(self, part: Path, environment: Mapping[str, Any], job_id: str | None) -> PruneReport:
        """Write the pruned model into a folder and return the report, which does not know its artifacts yet."""
        begin = time.monotonic()
        gathered = self._gather()
        with _one_thread():
            tensors = list(self._rewrite(part, self._make_masker(gathered)))
        self._refuse_sparse(tensors)
        copy_side_files(self._model, part)
        written = open_shards(part)
        nonzero = {one.name: one.parameters - one.zeros for one in tensors if one.pruned}
        if self._spec.config.sparse_copy:
            self._write_sparse(written, part / "sparse", nonzero)
        self._ticker.finish()
        return build_report(
            self._spec,
            tensors,
            before=self._shards,
            after=written,
            nonzero=nonzero,
            seconds=time.monotonic() - begin,
            environment=environment,
            job_id=job_id,
        )

    def _gather(self) -> dict[str, ParameterContext]:
        if not self._needs:
            return {}
        from persopt.pruning.calibration import gather_contexts

        self._ticker.message = f"gathering {' and '.join(sorted(self._needs))}"
        selected = list(self._selected.values())
        return gather_contexts(self._spec, selected, self._needs, self._settings.cache, self._ticker.tick)

    def _rewrite(self, part: Path, masker: Masker) -> Iterator[TensorSparsity]:
        for shard in self._shards:
            self._ticker.message = f"pruning {shard.file.name}"
            yield from rewrite_shard(shard, part / shard.file.name, self._selected, masker.mask, self._ticker.tick)

    def _make_masker(self, gathered: Mapping[str, ParameterContext]) -> Masker:
        config = self._spec.config
        sizes = [math.prod(one.shape) for one in self._selected.values()]
        counts = dict(zip(self._selected, split_count(config.sparsity or 0.0, sizes), strict=True))
        masker = Masker(config, msgspec.structs.replace(self._scorer, gathered=gathered), counts)
        if self._global:
            self._ticker.message = "looking for the threshold"
            masker.find_global_cut(lambda: iterate_selected(self._shards, self._selected, self._ticker.tick))
        return masker

    def _refuse_sparse(self, tensors: Sequence[TensorSparsity]) -> None:
        """Refuse a model in which nothing was to be done: it had as many zeros already."""
        chosen = [one for one in tensors if one.pruned]
        zeros, total = sum(one.zeros_before for one in chosen), sum(one.parameters for one in chosen)
        asked = self._spec.config.sparsity or 0.0
        if asked > 0 and zeros >= round(asked * total) > 0:
            raise ModelError(
                f"is sparse already: {zeros / total:.1%} of the chosen weights of {self._model} are zero, and "
                f"{asked:.1%} are asked for",
                path="$.config.sparsity",
                hint="ask for more, or begin with the model before it was pruned",
            )

    def _write_sparse(self, shards: Sequence[Shard], folder: Path, nonzero: Mapping[str, int]) -> None:
        folder.mkdir()
        for shard in shards:
            self._ticker.message = f"encoding {shard.file.name}"
            write_sparse_shard(shard, folder, nonzero, self._ticker.tick)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute in one thread meanwhile.

    The work is many short passes over a megabyte at a time: on a machine that is busy, threads that wait for each
    other at the end of each took 13 times the processor time of one.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Ticker:
    """Counts what is done, tells of it now and then, and ends the work when it is cancelled."""

    def __init__(self, total: int, tell: Callable[[Progress], None], is_cancelled: Callable[[], bool]) -> None:
        self.message = ""
        self._total = total
        self._done = -1  # a tick comes before each unit
        self._tell = tell
        self._is_cancelled = is_cancelled
        self._told = time.monotonic()

    def tick(self) -> None:
        """Begin the next unit; raise JobCancelledError if it is not wanted any more."""
        if self._is_cancelled():
            raise JobCancelledError("the pruning was cancelled")
        self._done += 1
        now = time.monotonic()
        if now - self._told >= _TELL_SECONDS:
            self._told = now
            self._show(self._done)

    def finish(self) -> None:
        """Tell that all is done."""
        if self._is_cancelled():
            raise JobCancelledError("the pruning was cancelled")
        self.message = "done"
        self._show(self._total)

    def _show(self, done: int) -> None:
        done = min(done, self._total)
        self._tell(Progress(done=done, total=self._total, share=done / self._total, message=self.message))


def _find_earlier(file: Path, output: Path) -> PruneReport | None:
    """Return the report of a run that died after it had delivered its model."""
    if not file.is_file() or not output.is_dir():
        return None
    report = msgspec.json.decode(file.read_bytes(), type=PruneReport)
    sizes = [shard.file.stat().st_size for shard in _shards_of(output)]
    return report if report.model_path == str(output) and sum(sizes) == report.after.bytes else None


def _shards_of(folder: Path) -> Iterator[Shard]:
    try:
        yield from open_shards(folder)
    except ModelError:
        return


def _check_free(output: Path) -> None:
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise OutputError(
            f"{output} has come into use since the job began; the pruned model is not put there",
            path="$.outputPath",
            hint="empty the folder and resume the job",
        )
