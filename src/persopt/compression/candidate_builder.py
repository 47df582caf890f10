"""From a recipe to its model, measured: first cheaply, without training, then in earnest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from persopt.compression.held_out import SearchData
from persopt.compression.measuring import Measuring
from persopt.compression.points import bound_points
from persopt.compression.select import DROP_LIMIT
from persopt.compression.sensitivity import rank_linears
from persopt.compression.stage_cache import Stage, StageCache
from persopt.compression.stages import StageMaker
from persopt.domain.compress_reports import CandidateReport, StageTime
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.measurements import Estimate, LayerError
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec
from persopt.domain.recipes import QuantizeStep, Recipe
from persopt.quantization.requests import make_request

__all__ = ("CandidateBuilder",)


class _Ranking(Struct, frozen=True, kw_only=True):
    layers: list[LayerError]


class CandidateBuilder:
    """Makes and measures what recipes say.

    Args:
        spec: Resolved.
        maker: Makes stages.
        measuring: Measures them.
        stages: Remembers rankings; open.
        data: What the search may look at.
        cache: Folder of prepared data.
        latency: Of the original, in milliseconds.
        versions: Of the libraries.
        look: Called often; may raise to end the work.

    Attributes:
        rankings: The rankings of linear layers that were made, by the hash of their model.
    """

    def __init__(
        self,
        spec: CompressSpec,
        maker: StageMaker,
        measuring: Measuring,
        stages: StageCache,
        data: SearchData,
        cache: Path,
        latency: float,
        versions: Mapping[str, str],
        look: Callable[[], None],
    ) -> None:
        self._spec = spec
        self._maker = maker
        self._measuring = measuring
        self._stages = stages
        self._data = data
        self._cache = cache
        self._latency = latency
        self._versions = dict(versions)
        self._look = look
        self.rankings: dict[str, list[LayerError]] = {}

    def look_at(self, candidate: CandidateReport) -> CandidateReport:
        """Return a candidate with its size, its time, and the points it loses on a slice, nothing trained."""
        found, drop = self._measure(candidate, trains=False)
        return msgspec.structs.replace(found, one_shot_drop=drop.value)

    def finish(self, candidate: CandidateReport) -> CandidateReport:
        """Return a candidate that is trained, if its recipe says so, and judged on all validation rows."""
        found, drop = self._measure(candidate, trains=True)
        return msgspec.structs.replace(found, state="judged", reason="", drop=drop)

    def has_trained(self, recipe: Recipe) -> bool:
        """Return whether the training of a recipe was done before, by this search or an earlier one."""
        if recipe.cut is None or recipe.train is None:
            return False
        source = self._maker.trim(self._maker.original, []) if recipe.trim else self._maker.original
        return self._maker.has_trained(source, recipe.cut, recipe.train)

    def find_stage(self, recipe: Recipe) -> Stage:
        """Return the model of a recipe that was finished."""
        times: list[StageTime] = []
        return self._quantize(self._source(recipe, times, trains=True), recipe, times)

    def rank(self, source: Stage, step: QuantizeStep) -> list[LayerError]:
        """Return the linear layers of a checkpoint by what quantizing each alone does, the worst first."""
        plain = msgspec.structs.replace(step, keep=[], backend="auto")
        config = QuantizeConfig(method=plain.method, bits=plain.bits, symmetric=plain.symmetric)
        request = make_request(QuantizeSpec(model_path=str(source.folder), config=config, task=self._spec.task))
        parts = {
            "model": source.hash,
            "data": self._data.hash,
            "step": plain,
            "rows": self._spec.calibration_rows,
            "seed": self._spec.seed,
            "versions": self._versions,
        }

        def compute() -> _Ranking:
            found = rank_linears(source.folder, request, self._spec, self._data, self._cache, self._look)
            return _Ranking(layers=found)

        ranked = self._stages.measure("rank", parts, _Ranking, compute).layers
        self.rankings[source.hash] = ranked
        return ranked

    def _measure(self, candidate: CandidateReport, *, trains: bool) -> tuple[CandidateReport, Estimate]:
        """Make a candidate and measure it; of one that is to be trained all validation rows count."""
        recipe, times = candidate.recipe, list(candidate.stages)
        original = self._maker.original
        stage = self._quantize(self._source(recipe, times, trains=trains), recipe, times)
        timed = self._measuring.time(original, stage, times)
        judged = self._measuring.judge(original, stage, None if trains else self._slice, times)
        found = msgspec.structs.replace(
            candidate,
            stages=times,
            speedup=timed.speedup,
            model_path=str(stage.folder) if trains else candidate.model_path,
            metrics={
                **judged.metrics,
                "drop": judged.drop.value,
                DROP_LIMIT: bound_points(judged.drop, self._spec.confidence),
                "size": float(self._measuring.size_of(stage)),
                "speedup": timed.speedup.value,
                "latency": self._latency / timed.speedup.value,
            },
        )
        return found, judged.drop

    @property
    def _slice(self) -> int:
        return min(self._spec.slice_rows, self._data.rows["validation"])

    def _source(self, recipe: Recipe, times: list[StageTime], *, trains: bool) -> Stage:
        stage = self._maker.original
        if recipe.trim:
            stage = self._maker.trim(stage, times)
        if recipe.cut is not None:
            stage = self._maker.cut(stage, recipe.cut, recipe.train if trains else None, times)
        return stage

    def _quantize(self, source: Stage, recipe: Recipe, times: list[StageTime]) -> Stage:
        step = recipe.quantize
        if step is None:
            return source
        if step.keep_worst and not step.keep:
            ranked = self.rank(source, step)
            names = sorted(one.name for one in ranked[: step.keep_worst])
            step = msgspec.structs.replace(step, keep=names)
        return self._maker.quantize(source, step, times)
