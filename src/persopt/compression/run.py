"""Running a compression from its resolved spec to its report. No job, database or bus is needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from persopt.compression.budget import Budget
from persopt.compression.candidate_builder import CandidateBuilder
from persopt.compression.comparing import compare_result
from persopt.compression.delivery import put_model
from persopt.compression.fitting import explain_untrimmed, find_fitting_shapes
from persopt.compression.held_out import SearchData, set_apart
from persopt.compression.installed import Installed, find_installed
from persopt.compression.measuring import Measuring
from persopt.compression.recording import Recorder, TrialWriter
from persopt.compression.results import write_artifacts, write_notes
from persopt.compression.search import Search
from persopt.compression.select import DROP_LIMIT, choose, list_constraints
from persopt.compression.sensitivity import measure_sensitivity
from persopt.compression.space import SearchSpace, Shapes
from persopt.compression.stage_cache import Stage, StageCache
from persopt.compression.stages import StageMaker
from persopt.domain.compare_reports import CompareReport
from persopt.domain.compress_reports import CandidateReport, CompressReport, OriginalReport, Sensitivity
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import JobCancelledError, PersoptError
from persopt.domain.jobs import Progress
from persopt.domain.objectives import Constraint
from persopt.domain.trials import TrialRecord
from persopt.models.delivery import deliver_model
from persopt.models.manifest import list_weight_files
from persopt.plugins.registry import Registry
from persopt.settings import Settings
from persopt.ticker import await_left_calls
from persopt.tuning.tasks import default_objective

__all__ = ("run_compression",)

_AFTERWARDS: Final = 3.0
"""What comes after the search, in times that judging and timing the original takes: the test, the comparison."""

_CACHE: Final = "stages"
_LEFT_SECONDS: Final = 60.0


def run_compression(
    spec: CompressSpec,
    *,
    settings: Settings,
    registry: Registry,
    folder: Path,
    environment: Mapping[str, Any],
    tell: Callable[[Progress], None] = lambda _: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    journal: TrialWriter | None = None,
    earlier: Iterable[TrialRecord] = (),
    job_id: str | None = None,
) -> CompressReport:
    """Search the recipe that a target asks for, and deliver its model into a new folder.

    What stages make is kept in the workspace's cache by its content, so a search that was stopped goes on where it
    was, and another one reuses what it can.

    Args:
        spec: As `persopt.compression.checks.resolve_compression` returned it.
        settings: Where the workspace's cache is.
        registry: The plugins.
        folder: Folder of the run, which exists: artifacts and `report.json` come to lie in it.
        environment: Put into the report.
        tell: Told how far it is.
        is_cancelled: Asked often whether to end.
        journal: Told of every candidate as a trial.
        earlier: Trials that the journal knows from runs before this one, which it takes up again.
        job_id: Put into the report.

    Raises:
        JobCancelledError: when `is_cancelled` says so.
        InputError: if the budget is too short for one candidate, or no recipe could be judged.
        OutputError: if the output or the cache cannot be written.
    """
    if not spec.output_path:
        spec = msgspec.structs.replace(spec, output_path=str(folder.absolute() / "model"))
    output = Path(spec.output_path)

    def write(part: Path) -> CompressReport:
        recorder = Recorder(spec, tell, is_cancelled, journal, earlier)
        run = _Run(spec, settings, registry, folder, environment, recorder)
        report = msgspec.structs.replace(run.write(part), job_id=job_id)
        return msgspec.structs.replace(report, artifacts=write_artifacts(folder / "artifacts", report, spec.name))

    def is_whole(report: CompressReport) -> bool:
        return sum(file.stat().st_size for file in list_weight_files(output)) == report.chosen.metrics["size"]

    return deliver_model(
        output, folder / "report.json", CompressReport, "compressed model", is_whole=is_whole, write=write
    )


class _Parts(NamedTuple):
    """What a search was made of."""

    data: SearchData
    given: Stage
    original: OriginalReport
    builder: CandidateBuilder
    measuring: Measuring
    search: Search
    installed: Installed
    sensitivity: Sensitivity


class _Run:
    def __init__(
        self,
        spec: CompressSpec,
        settings: Settings,
        registry: Registry,
        folder: Path,
        environment: Mapping[str, Any],
        recorder: Recorder,
    ) -> None:
        self._spec = spec
        self._settings = settings
        self._registry = registry
        self._folder = folder
        self._environment = environment
        self._recorder = recorder
        self._budget = self._open_budget()
        self._versions: dict[str, str] = dict(environment.get("versions", {}))

    def write(self, part: Path) -> CompressReport:
        """Search, put the chosen model into a folder, and return the report, which lacks its artifacts."""
        begin = time.monotonic()
        spec, recorder = self._spec, self._recorder
        cache = StageCache(self._settings.cache / _CACHE)
        with ExitStack() as stack:
            recorder.say("waiting for another search of this workspace to end")
            stack.enter_context(cache.opened(recorder.look))
            recorder.say("setting the test rows apart")
            data = set_apart(spec, self._settings.cache)
            self._budget = self._open_budget()  # waiting did not count
            maker = StageMaker(
                spec, self._settings, self._registry, data, cache, self._versions, recorder.say_inside, self._is_over
            )
            measuring = Measuring(
                spec, self._registry, data, cache, self._settings.cache, self._machine(), recorder.look
            )
            recorder.say("measuring the original")
            original, seconds = measuring.measure_original(maker.original)
            if self._budget.is_tight((2 + _AFTERWARDS) * seconds):  # PyTorch may have been loaded meanwhile
                seconds = min(seconds, measuring.measure_again(maker.original))
            self._budget.reserve = _AFTERWARDS * seconds
            self._budget.check_least((2 + _AFTERWARDS) * seconds)
            installed = find_installed(spec, self._registry)
            shapes = self._find_shapes(installed)
            sensitivity = self._sense(shapes, data)
            builder = CandidateBuilder(
                spec, maker, measuring, cache, data, self._settings.cache, original.latency, self._versions, self._look
            )
            space = SearchSpace(spec, installed, shapes, trims=self._trims(installed), sensitivity=sensitivity)
            minimized = original.latency if spec.minimize == "latency" else float(original.size)
            search = Search(
                spec,
                self._registry,
                space,
                builder,
                minimized,
                self._budget,
                recorder.events(),
                recorder.is_cancelled,
            )
            parts = _Parts(data, maker.original, original, builder, measuring, search, installed, sensitivity)
            report = self._deliver(parts, self._search(search, seconds), part)
            return msgspec.structs.replace(report, seconds=time.monotonic() - begin)

    def _search(self, search: Search, seconds: float) -> list[CandidateReport]:
        """Search; a budget that did not let one candidate be judged is told with what would."""
        try:
            return search.run()
        except PersoptError:
            if search.ended_by == "budget" and not any(one.state == "judged" for one in search.candidates):
                self._budget.check_least(self._budget.spent + (1 + _AFTERWARDS) * seconds)
            raise

    def _deliver(self, parts: _Parts, candidates: list[CandidateReport], part: Path) -> CompressReport:
        """Confirm the chosen candidate, put it into a folder, and return the report without its artifacts and time."""
        spec, recorder = self._spec, self._recorder
        original, builder = parts.original, parts.builder
        minimized = original.latency if spec.minimize == "latency" else float(original.size)
        constraints = list_constraints(spec, minimized)
        chosen = choose(candidates, spec, constraints)
        assert chosen is not None  # the search would have failed
        self._budget.reserve = -float("inf")  # what follows was reckoned with
        recorder.say("confirming the chosen model on the test rows")
        await_left_calls(_LEFT_SECONDS, recorder.look)
        stage = builder.find_stage(chosen.recipe)
        confirmation = parts.measuring.confirm(parts.given, stage)
        recorder.say("writing the chosen model")
        form = put_model(stage.folder, part, spec, chosen.recipe, parts.given.hash)
        comparison, said = self._compare(parts.data, part)
        first = min(builder.rankings, default=None, key=lambda one: one != parts.given.hash)
        ranked = [] if first is None else builder.rankings[first]
        notes = write_notes(spec, chosen, confirmation, met=chosen.within, ended_by=parts.search.ended_by)
        return CompressReport(
            met=chosen.within,
            chosen=chosen,
            metric=default_objective(spec.task).metric if spec.task is not None else "",
            limits=_name_limits(constraints),
            minimize=spec.minimize,
            original=original,
            candidates=candidates,
            pareto=[one.number for one in candidates if one.on_front],
            confirmation=confirmation,
            comparison=comparison,
            sensitivity=msgspec.structs.replace(parts.sensitivity, quantized=ranked),
            left_out=parts.installed.left_out,
            ended_by=parts.search.ended_by,
            format=form,
            model_path=spec.output_path,
            rows=parts.data.rows,
            artifacts={},
            notes=[*notes, *said],
            seconds=0.0,
            environment=dict(self._environment),
        )

    def _compare(self, data: SearchData, result: Path) -> tuple[CompareReport | None, list[str]]:
        """Compare the result with the original; that it cannot be done spoils nothing."""
        self._recorder.say("comparing the chosen model with the original")
        try:
            report = compare_result(
                self._spec,
                data,
                result,
                settings=self._settings,
                registry=self._registry,
                folder=self._folder / "comparison",
                environment=self._environment,
                tell=lambda progress: self._recorder.say_inside(progress.message),
                is_cancelled=self._recorder.is_cancelled,
            )
        except JobCancelledError:
            raise
        except PersoptError as error:
            return None, [f"The comparison could not be made: {error}"]
        return report, []

    def _find_shapes(self, installed: Installed) -> Shapes | None:
        if not installed.methods:
            return None
        shapes = find_fitting_shapes(self._spec)
        if isinstance(shapes, Shapes):
            return shapes
        installed.left_out["pruning"] = shapes
        return None

    def _sense(self, shapes: Shapes | None, data: SearchData) -> Sensitivity:
        if shapes is None:
            return Sensitivity()
        self._recorder.say("looking for what the model misses most")
        return measure_sensitivity(self._spec, data, self._settings.cache, self._recorder.look)

    def _trims(self, installed: Installed) -> bool:
        if "vocabulary" not in self._spec.techniques:
            return False
        reason = explain_untrimmed(self._spec, self._settings.workspace)
        if reason:
            installed.left_out["vocabulary"] = reason
        return not reason

    def _open_budget(self) -> Budget:
        return Budget(None if self._spec.budget is None else float(self._spec.budget), self._folder)

    def _is_over(self) -> bool:
        return self._recorder.is_cancelled() or self._budget.is_over()

    def _look(self) -> None:
        self._recorder.look()
        if self._budget.is_over():
            raise JobCancelledError("the time is over")

    def _machine(self) -> dict[str, Any]:
        cpu = self._environment.get("cpu", {})
        return {"cpu": cpu.get("model"), "cores": cpu.get("usableCores"), "versions": self._versions}


def _name_limits(constraints: Sequence[Constraint]) -> dict[str, float]:
    """Return the limits by what was asked for."""
    return {"drop" if one.metric == DROP_LIMIT else one.metric: one.max for one in constraints if one.max is not None}
