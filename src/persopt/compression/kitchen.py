"""From a recipe to its model, measured: first cheaply, without training, then in earnest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from persopt.compression.bench import Bench
from persopt.compression.held_out import SearchData
from persopt.compression.sensitivity import rank_linears
from persopt.compression.stage_cache import Stage, StageCache
from persopt.compression.stages import StageMaker
from persopt.domain.compress_reports import CandidateReport, StageTime
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.measurements import LayerError
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec
from persopt.domain.recipes import QuantizeStep, Recipe
from persopt.quantization.requests import make_request

__all__ = ("Kitchen",)


class _Ranking(Struct, frozen=True, kw_only=True):
    layers: list[LayerError]


class Kitchen:
    """Makes and measures what recipes say.

    Args:
        spec: Resolved.
        maker: Makes stages.
        bench: Measures them.
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
        bench: Bench,
        stages: StageCache,
        data: SearchData,
        cache: Path,
        latency: float,
        versions: Mapping[str, str],
        look: Callable[[], None],
    ) -> None:
        self._spec = spec
        self._maker = maker
        self._bench = bench
        self._stages = stages
        self._data = data
        self._cache = cache
        self._latency = latency
        self._versions = dict(versions)
        self._look = look
        self.rankings: dict[str, list[LayerError]] = {}

    def look_at(self, candidate: CandidateReport) -> CandidateReport:
        """Return a candidate with its size, its time, and the points it loses on a slice, nothing trained."""
        recipe, times = candidate.recipe, list(candidate.stages)
        source = self._source(recipe, times, trains=False)
        stage = self._quantize(source, recipe, times)
        timed = self._bench.time(self._maker.original, stage, times)
        judged = self._bench.judge(self._maker.original, stage, self._slice, times)
        return msgspec.structs.replace(
            candidate,
            stages=times,
            speedup=timed.speedup,
            one_shot_drop=judged.drop.value,
            metrics={
                **judged.metrics,
                "drop": judged.drop.value,
                "size": float(self._bench.size_of(stage)),
                "speedup": timed.speedup.value,
                "latency": self._latency / timed.speedup.value,
            },
        )

    def finish(self, candidate: CandidateReport) -> CandidateReport:
        """Return a candidate that is trained, if its recipe says so, and judged on all validation rows."""
        recipe, times = candidate.recipe, list(candidate.stages)
        source = self._source(recipe, times, trains=True)
        stage = self._quantize(source, recipe, times)
        timed = self._bench.time(self._maker.original, stage, times)
        judged = self._bench.judge(self._maker.original, stage, None, times)
        return msgspec.structs.replace(
            candidate,
            state="judged",
            reason="",
            stages=times,
            speedup=timed.speedup,
            drop=judged.drop,
            model_path=str(stage.folder),
            metrics={
                **judged.metrics,
                "drop": judged.drop.value,
                "size": float(self._bench.size_of(stage)),
                "speedup": timed.speedup.value,
                "latency": self._latency / timed.speedup.value,
            },
        )

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
