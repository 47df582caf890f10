"""From what a user asked for to a search that can run, with every fault that can be known before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from persopt.compression.fitting import explain_untrimmed, find_fitting_shapes
from persopt.compression.held_out import LEAST_ROWS
from persopt.compression.installed import find_installed
from persopt.domain.amounts import read_bytes, read_milliseconds, read_seconds
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import Fault, InputError, ModelError
from persopt.domain.spec_resolving import SpecResolver
from persopt.measure.hardware import usable_cpus
from persopt.models.compressed import check_uncompressed
from persopt.models.description import ModelDescription, check_model, is_decoder
from persopt.models.location import locate_model
from persopt.models.output_folder import check_disk_space, check_output_folder
from persopt.models.trained_heads import has_trained_head
from persopt.plugins.options import decode_options
from persopt.plugins.registry import Registry
from persopt.quantization.checks import refuse_artifact
from persopt.settings import Settings

__all__ = ("resolve_compression",)

_LENGTH: Final = 128
_COPIES: Final = 6  # of the model at a time: the result, and the stages of a candidate or two
_TIMINGS: Final = 3  # of the original, of one candidate, of the chosen one
_LIMITS: Final[tuple[tuple[str, str, Callable[[float | str, str], float]], ...]] = (
    ("max_size", "$.maxSize", read_bytes),
    ("max_latency", "$.maxLatency", read_milliseconds),
    ("budget", "$.budget", read_seconds),
)


def resolve_compression(spec: CompressSpec, settings: Settings, registry: Registry) -> CompressSpec:
    """Check a spec and fill in what it leaves open, before a job exists.

    Returns:
        The spec with absolute paths, its limits as numbers (bytes, milliseconds, seconds), the shape that is timed,
        and task, columns and splits of the data.

    Raises:
        InputError: with all faults: of the targets (that are no sizes or times, or contradict each other), the
            strategy, methods and backends, the model (one that is compressed already or has no trained head
            included), the data (missing, unlabelled, too few rows), the output.
    """
    return _Resolver(spec, settings, registry).resolve()


class _Resolver(SpecResolver[CompressSpec]):
    def __init__(self, spec: CompressSpec, settings: Settings, registry: Registry) -> None:
        super().__init__(spec)
        self._settings = settings
        self._registry = registry

    def _look(self) -> None:
        for field, path, read in _LIMITS:
            self._collect(lambda field=field, path=path, read=read: self._read_limit(field, path, read))  # type: ignore[misc]
        self._collect(self._check_strategy)
        self._collect(self._check_techniques)
        model = self._collect(self._find_model)
        description = None if model is None else self._collect(lambda: self._check_model(model))
        if description is not None:
            self._collect(lambda: self._check_shape(description))
        data = self._collect(lambda: self._resolve_data(description))
        if model is not None and not self._faults:
            self._collect(self._check_installed)
        if description is not None:
            self._collect(lambda: self._check_reach(description))
        self._check_output([item for item in (model, data) if item is not None], description)

    def _read_limit(self, field: str, path: str, read: Callable[[float | str, str], float]) -> None:
        given = getattr(self._spec, field)
        if given is not None:
            self._set(**{field: read(given, path)})

    def _check_strategy(self) -> None:
        strategy = self._registry.sampling_strategy(self._spec.strategy, "$.strategy")
        decode_options(strategy, self._spec.strategy_options, "$.strategyOptions")

    def _check_techniques(self) -> None:
        spec = self._spec
        for field, technique, given in (
            ("methods", "pruning", spec.methods),
            ("backends", "quantization", spec.backends),
        ):
            if given and technique not in spec.techniques:
                message = f"{given} are for {technique}, and techniques leaves that out"
                self._faults.append(Fault(path=f"$.{field}", message=message, hint="leave one of them out"))
        least = _TIMINGS * spec.seconds
        if isinstance(spec.budget, int | float) and spec.budget < least:
            message = f"{spec.budget:g} seconds are too short for one candidate: timing alone takes {least:g} seconds"
            self._faults.append(Fault(path="$.budget", message=message, hint="give more, or fewer `seconds` a timing"))

    def _check_installed(self) -> None:
        """Make sure that anything of what was asked for can be done to this model."""
        found = find_installed(self._spec, self._registry)
        if found.steps:
            return
        left_out = dict(found.left_out)
        if found.methods:
            shapes = find_fitting_shapes(self._spec)
            if not isinstance(shapes, str):
                return
            left_out["pruning"] = shapes
        if "vocabulary" in self._spec.techniques:
            reason = explain_untrimmed(self._spec, self._settings.workspace)
            if not reason:
                return
            left_out["vocabulary"] = reason
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise InputError(
            f"nothing that is installed can do this to the model: {reasons or 'no plugin'}", path="$.techniques"
        )

    def _check_reach(self, description: ModelDescription) -> None:
        """Tell targets that no recipe of these techniques can reach."""
        spec = self._spec
        if spec.techniques != ["quantization"] or not isinstance(spec.max_size, int | float) or self._faults:
            return
        steps = find_installed(spec, self._registry).steps
        bits = min((step.bits for step in steps.values()), default=32)
        least = description.parameters * bits // 8
        if spec.max_size < least:
            message = (
                f"{spec.max_size:,.0f} bytes contradict techniques ['quantization']: {description.parameters:,} "
                f"weights of {bits} bits, the fewest here, are {least:,} bytes"
            )
            self._faults.append(Fault(path="$.maxSize", message=message, hint="allow pruning and vocabulary too"))

    def _find_model(self) -> Path:
        model = locate_model(self._spec.model_path, self._settings, "$.modelPath")
        self._set(model_path=str(model))
        return model

    def _check_model(self, model: Path) -> ModelDescription:
        refuse_artifact(model)
        description = check_model(model, "$.modelPath")
        check_uncompressed(model, "compressing")
        return description

    def _check_shape(self, description: ModelDescription) -> None:
        spec, most = self._spec, description.max_tokens
        if description.has_image_processor and not description.has_tokenizer:
            if spec.latency_length is not None:
                message = f"the model takes images of one size, got {spec.latency_length}"
                self._faults.append(Fault(path="$.latencyLength", message=message, hint="leave it out"))
        elif spec.latency_length is None:
            self._set(latency_length=min(_LENGTH, most or _LENGTH))
        elif most is not None and spec.latency_length > most:
            message = f"the model takes at most {most} tokens, got {spec.latency_length}"
            self._faults.append(Fault(path="$.latencyLength", message=message))
        if spec.threads is not None and spec.threads > usable_cpus():
            message = f"{spec.threads} threads are more than the {usable_cpus()} processors that may be used here"
            self._faults.append(Fault(path="$.threads", message=message))

    def _resolve_data(self, description: ModelDescription | None) -> Path | None:
        if not self._spec.dataset_path:
            message = "is missing: what a model loses is judged on labelled rows, and a cut model is trained on them"
            self._faults.append(Fault(path="$.datasetPath", message=message))
            return None
        return self._inspect_data(description)

    def _inspect_data(self, description: ModelDescription | None) -> Path | None:
        from persopt.data.inspection import inspect_dataset
        from persopt.data.location import locate_dataset

        spec = self._spec
        location: Any = locate_dataset(spec.dataset_path, self._settings)
        decoder = description is not None and is_decoder(Path(spec.model_path))
        summary = inspect_dataset(location, spec.data, spec.task, spec.seed, decoder=decoder)
        self._set(dataset_path=str(location), task=summary.task, data=summary.data)
        rows = summary.rows["validation"]
        if "test" not in summary.rows and rows < LEAST_ROWS:
            message = f"has {rows} validation rows and no test split; at least {LEAST_ROWS} are wanted"
            self._faults.append(Fault(path="$.datasetPath", message=message, code="bad-data"))
        if description is not None:
            check_model(Path(spec.model_path), "$.modelPath", summary.task)
            if not has_trained_head(description, summary.task, summary.labels):
                message = f"{spec.model_path} has no trained head for {summary.task} of the data's classes"
                hint = "fine-tune it first, such as by `persopt tune`: there is no accuracy to keep yet"
                raise ModelError(message, path="$.modelPath", hint=hint)
        return location if isinstance(location, Path) else None

    def _check_output(self, inputs: list[Path], description: ModelDescription | None) -> None:
        given = self._spec.output_path
        if not given.strip():
            return  # it stays with the job
        output = Path(given).expanduser().resolve()  # a link to an empty folder cannot be renamed over
        self._set(output_path=str(output))
        faults = list(check_output_folder(output, inputs, "$.outputPath"))
        if description is not None and not faults:
            faults += check_disk_space(output, 4 * description.parameters, "$.outputPath")
            faults += check_disk_space(self._settings.workspace, _COPIES * 4 * description.parameters, "$.modelPath")
        self._faults += faults
