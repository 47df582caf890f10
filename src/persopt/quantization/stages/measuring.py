"""Last: what the result is worth beside the original. Nothing is estimated: what cannot be measured is not told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec import Struct

from persopt.domain.errors import JobCancelledError
from persopt.domain.measurements import LayerError, MemoryUse, OutputError, SpeedComparison
from persopt.domain.quantize_reports import QuantizeQuality
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.measure.hardware import pinned_threads
from persopt.models.description import describe_model
from persopt.models.runners import OpenedModel, open_runner
from persopt.models.trained_heads import has_trained_head
from persopt.plugins.registry import Registry
from persopt.quantization.devices import Device, list_devices, open_on_first
from persopt.quantization.requests import make_request
from persopt.quantization.stages.rows import calibration_batches, open_task_rows
from persopt.ticker import Ticker

if TYPE_CHECKING:
    import numpy as np

    Batch = dict[str, np.ndarray[Any, Any]]

__all__ = ("Measured", "Measuring")

T = TypeVar("T")

_COMPARED_ROWS: Final = 256
_RANKED_ROWS: Final = 32  # each layer costs a pass over them
_UNMEASURABLE: Final = (OSError, ImportError, RuntimeError, ValueError, TypeError, LookupError, AttributeError)


class Measured(Struct, kw_only=True):
    """What was measured; see `persopt.domain.quantize_reports.QuantizeReport`."""

    speed: list[SpeedComparison] = []
    memory_before: MemoryUse | None = None
    memory_after: MemoryUse | None = None
    quality: QuantizeQuality | None = None
    outputs: OutputError | None = None
    layers: list[LayerError] = []
    notes: list[str] = []


class Measuring:
    """Measures one result.

    Args:
        spec: Resolved.
        prepared: The float32 checkpoint that was quantized.
        result: Folder of the artifact.
        cache: Folder of tokenized data.
        registry: Knows the backend.
        threads: CPU threads of both models.
        ticker: Looked at between calls, ticked once for each thing measured.
    """

    def __init__(
        self,
        spec: QuantizeSpec,
        prepared: Path,
        result: Path,
        cache: Path,
        registry: Registry,
        threads: int,
        ticker: Ticker,
    ) -> None:
        self._spec = spec
        self._original = Path(spec.model_path)
        self._prepared = prepared
        self._result = result
        self._cache = cache
        self._registry = registry
        self._threads = threads
        self._ticker = ticker
        self._device: Device = "cpu"
        self._measured = Measured()

    def count_units(self) -> int:
        """Return how often the ticker will be ticked."""
        spec = self._spec
        timed = len(spec.batch_sizes) * max(1, len(spec.lengths)) if spec.measure_latency else 0
        return 2 + timed + 2 * spec.measure_memory + spec.rank_layers

    def run(self) -> Measured:
        """Measure everything that the spec asks for.

        Raises:
            ModelError: if the result cannot be opened, or its outputs are no finite numbers or of another shape.
            PluginError: if the backend fails to run it.
        """
        from persopt.evaluation.outputs import compare_runners

        spec, measured = self._spec, self._measured
        with pinned_threads(self._threads), ExitStack() as stack:
            devices = list_devices(spec.device)
            after, self._device = open_on_first(stack, devices, partial(self._open, self._result))
            before = stack.enter_context(self._open(self._original, self._device))
            if self._device != devices[0]:
                measured.notes.append(
                    "The result does not run on the GPU here, so both models were measured on the CPU."
                )
            self._begin("comparing the outputs")
            measured.outputs = compare_runners(before, after, self._batches(), self._ticker.look)
            self._begin("judging both models")
            measured.quality = self._attempt("quality", lambda: self._judge(before, after))
            if spec.measure_latency:
                for length in spec.lengths or [1]:
                    for batch in spec.batch_sizes:
                        self._begin("timing both models in turn")
                        found = self._attempt("speed", partial(self._time, before, after, batch, length))
                        measured.speed += [found] if found is not None else []
        if spec.measure_memory:
            measured.memory_before = self._measure_memory(self._original)
            measured.memory_after = self._measure_memory(self._result)
        if spec.rank_layers:
            self._begin("ranking the layers")
            measured.layers = self._attempt("error of each layer", self._rank) or []
        return measured

    def _open(self, folder: Path, device: Device) -> AbstractContextManager[OpenedModel]:
        return open_runner(folder, self._registry, device=device, threads=self._threads, dtype="float32")

    def _begin(self, message: str) -> None:
        self._ticker.message = message
        self._ticker.tick()

    def _attempt(self, what: str, call: Callable[[], T]) -> T | None:
        """Return what a measurement gives; that it cannot be made is noted, and spoils nothing."""
        try:
            return call()
        except JobCancelledError:
            raise
        except _UNMEASURABLE as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            note = f"The {what} could not be measured: {reason}"
            if note not in self._measured.notes:
                self._measured.notes.append(note)
            return None

    def _batches(self) -> Iterator[Batch]:
        from persopt.evaluation.speed import make_inputs

        if self._spec.dataset_path:
            from persopt.evaluation.batches import InputBatches

            yield from InputBatches(open_task_rows(self._spec, self._cache, "validation", _COMPARED_ROWS))
            return
        self._measured.notes.append("Without a data set the outputs were compared on random inputs.")
        for length in self._spec.lengths or [1]:
            for batch in self._spec.batch_sizes:
                yield make_inputs([self._original], batch, length)

    def _judge(self, before: OpenedModel, after: OpenedModel) -> QuantizeQuality | None:
        from persopt.evaluation.quality import compare_quality, evaluate

        spec = self._spec
        if not spec.dataset_path or spec.task is None:
            return None
        rows = open_task_rows(spec, self._cache, "validation")
        if not has_trained_head(describe_model(self._original), spec.task, rows.labels):
            self._measured.notes.append(
                f"The quality was not measured: the model has no head trained for {spec.task} and these classes."
            )
            return None
        one, other = (evaluate(each, rows, seed=spec.seed, on_batch=self._ticker.look) for each in (before, after))
        return compare_quality(one, other)

    def _time(self, before: OpenedModel, after: OpenedModel, batch: int, length: int) -> SpeedComparison:
        from persopt.evaluation.speed import compare_speed

        (found,) = compare_speed(
            before,
            after,
            (self._original, self._result),
            [(batch, length)],
            threads=self._threads,
            device=self._device,
            on_round=self._ticker.look,
        )
        return found

    def _measure_memory(self, folder: Path) -> MemoryUse | None:
        self._begin("measuring the memory")
        return self._attempt("memory", lambda: self._probe(folder))

    def _probe(self, folder: Path) -> MemoryUse:
        from persopt.evaluation.memory import measure_model_memory
        from persopt.models.manifest import has_manifest, read_manifest

        return measure_model_memory(
            folder,
            read_manifest(folder).format if has_manifest(folder) else "safetensors",
            self._registry,
            batch=self._spec.batch_sizes[-1],
            length=(self._spec.lengths or [1])[-1],
            device=self._device,
            threads=self._threads,
            on_wait=self._ticker.look,
        )

    def _rank(self) -> list[LayerError]:
        from persopt.models.whole import load_whole
        from persopt.quantization.sensitivity import rank_layers

        spec = self._spec
        if not spec.dataset_path:
            self._measured.notes.append("The layers were not ranked: that needs a data set.")
            return []
        model, _ = load_whole(self._prepared, "float32")
        batches = calibration_batches(spec, self._cache, _RANKED_ROWS)
        return rank_layers(model, batches, make_request(spec), self._ticker.look)
