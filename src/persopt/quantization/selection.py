"""Which backend: each that can do what is asked makes its artifact, all are timed in turn, the fastest is taken."""

from __future__ import annotations

import math
import shutil
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from persopt.domain.errors import InputError, JobCancelledError, ModelError, PersoptError
from persopt.domain.quantize_reports import BackendTried
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.plugins.contracts.quantization import Artifact, Runner
from persopt.plugins.guard import plugin_guard
from persopt.plugins.registry import Registry
from persopt.quantization.backends import Candidate
from persopt.quantization.devices import Device, list_devices, open_on_first
from persopt.quantization.stages.artifacts import ArtifactMaker
from persopt.ticker import Ticker

if TYPE_CHECKING:
    import numpy as np

    Batch = dict[str, np.ndarray[Any, Any]]

__all__ = ("Chosen", "choose_backend")

_SECONDS: Final = 1.5
"""Time that the backends are timed in turn for each shape."""


class Chosen(Struct, frozen=True, kw_only=True):
    """The backend that was taken, its artifact, and what else was tried."""

    candidate: Candidate
    artifact: Artifact
    tried: list[BackendTried]


def choose_backend(
    spec: QuantizeSpec,
    candidates: Sequence[Candidate],
    others: Sequence[BackendTried],
    maker: ArtifactMaker,
    folder: Path,
    registry: Registry,
    threads: int,
    ticker: Ticker,
) -> Chosen:
    """Have every candidate make its artifact, and return the fastest here.

    Of several, one that fails is told of and left out. The artifacts are called in turn with the same inputs, at each
    shape of the spec for about a second and a half; the geometric mean of the medians decides.

    Args:
        spec: Resolved.
        candidates: At least one.
        others: What cannot do it, for the report.
        maker: Has them make their artifacts.
        folder: Where the artifacts go, each in a folder of its own; only the chosen one stays.
        registry: Knows whose a backend is.
        threads: CPU threads of each.
        ticker: Looked at meanwhile.

    Raises:
        PersoptError: of the only candidate.
        InputError: if all of several failed, with every reason.
    """
    if len(candidates) == 1:
        ticker.tick()
        (only,) = candidates
        return Chosen(candidate=only, artifact=maker.make(only, folder / only.name), tried=list(others))
    made: dict[str, tuple[Candidate, Artifact]] = {}
    failed: list[BackendTried] = []
    for candidate in candidates:
        ticker.tick()
        try:
            made[candidate.name] = (candidate, maker.make(candidate, folder / candidate.name))
        except JobCancelledError:
            raise
        except PersoptError as error:
            failed.append(_tell_failure(candidate, error))
            shutil.rmtree(folder / candidate.name, ignore_errors=True)
    ticker.message = "timing the backends in turn"
    ticker.tick()
    times, broken = _Timing(spec, registry, threads, ticker).run(made)
    failed += broken
    if not times:
        reasons = "; ".join(f"{one.backend}: {one.reason}" for one in failed)
        raise InputError(f"no backend could do this: {reasons}", path="$.config.backend")
    best = min(times, key=lambda name: (times[name], name))
    for name in made:
        if name != best:
            shutil.rmtree(folder / name, ignore_errors=True)
    ranked = [BackendTried(backend=name, latency=times[name]) for name in sorted(times, key=lambda name: times[name])]
    candidate, artifact = made[best]
    return Chosen(candidate=candidate, artifact=artifact, tried=[*ranked, *failed, *others])


class _Timing:
    """Calls artifacts in turn."""

    def __init__(self, spec: QuantizeSpec, registry: Registry, threads: int, ticker: Ticker) -> None:
        self._spec = spec
        self._registry = registry
        self._threads = threads
        self._ticker = ticker
        self._devices = list_devices(spec.device)

    def run(self, made: dict[str, tuple[Candidate, Artifact]]) -> tuple[dict[str, float], list[BackendTried]]:
        """Return milliseconds by name, and what could not be run."""
        from persopt.evaluation.speed import make_inputs
        from persopt.measure.turns import TurnPlan, time_in_turn

        shapes = [(batch, length) for length in self._spec.lengths or [1] for batch in self._spec.batch_sizes]
        medians: dict[str, list[float]] = {}
        failed: list[BackendTried] = []
        with ExitStack() as stack:
            runners: dict[str, Runner] = {}
            for name, (candidate, artifact) in made.items():
                try:
                    runners[name] = self._open(stack, candidate, artifact)
                except JobCancelledError:
                    raise
                except PersoptError as error:
                    failed.append(_tell_failure(candidate, error))
            for batch, length in shapes:
                inputs = make_inputs([self._spec.model_path], batch, length)
                calls = [partial(_run, runner, inputs) for runner in runners.values()]
                plan = TurnPlan(seconds=_SECONDS)
                for name, turns in zip(runners, time_in_turn(calls, plan, self._ticker.look), strict=True):
                    medians.setdefault(name, []).append(statistics.median(one for turn in turns for one in turn))
        return {name: math.exp(statistics.fmean(map(math.log, found))) for name, found in medians.items()}, failed

    def _open(self, stack: ExitStack, candidate: Candidate, artifact: Artifact) -> Runner:
        """Open an artifact where it runs."""
        return open_on_first(stack, self._devices, lambda device: self._try(candidate, artifact, device))[0]

    @contextmanager
    def _try(self, candidate: Candidate, artifact: Artifact, device: Device) -> Iterator[Runner]:
        """Open an artifact and see whether it gives numbers."""
        from persopt.evaluation.speed import make_inputs

        batch, length = self._spec.batch_sizes[0], (self._spec.lengths or [1])[0]
        inputs = make_inputs([self._spec.model_path], batch, length)
        with ExitStack() as stack:
            with plugin_guard(self._registry, candidate.backend):
                runner = stack.enter_context(candidate.backend.runner(artifact, device, self._threads))
                outputs = _run(runner, inputs)
            if not all(_is_finite(values) for values in outputs.values()):
                raise ModelError("its outputs are no finite numbers")
            yield runner


def _run(runner: Runner, inputs: Batch) -> Mapping[str, np.ndarray[Any, Any]]:
    return runner.run({name: inputs[name] for name in runner.inputs if name in inputs})


def _is_finite(values: np.ndarray[Any, Any]) -> bool:
    import numpy as np

    return values.dtype.kind != "f" or bool(np.isfinite(values).all())


def _tell_failure(candidate: Candidate, error: PersoptError) -> BackendTried:
    return BackendTried(backend=candidate.name, reason=str(error).replace("\n", "; "))
