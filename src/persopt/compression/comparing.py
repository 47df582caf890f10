"""The one place where a compression asks for a comparison of its result with the original."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from persopt.comparison.checks import resolve_comparison
from persopt.comparison.run import run_comparison
from persopt.compression.held_out import SearchData
from persopt.domain.compare_reports import CompareReport
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import JobCancelledError, PersoptError
from persopt.domain.jobs import Progress
from persopt.plugins.registry import Registry
from persopt.settings import Settings

__all__ = ("compare_result",)


def compare_result(
    spec: CompressSpec,
    data: SearchData,
    result: Path,
    *,
    settings: Settings,
    registry: Registry,
    folder: Path,
    environment: Mapping[str, Any],
    tell: Callable[[Progress], None],
    is_cancelled: Callable[[], bool],
) -> CompareReport:
    """Compare the result with the original, on the rows that the search never used.

    Args:
        spec: Resolved.
        data: Whose test rows are used.
        result: The model.
        settings: Where the workspace is.
        registry: The plugins.
        folder: Where the comparison leaves its files; made.
        environment: Put into the report.
        tell: Told how far it is.
        is_cancelled: Asked often whether to end.

    Raises:
        PersoptError: if it cannot be done.
    """
    asked = CompareSpec(
        model_paths=[spec.model_path, str(result)],
        labels=["original", "compressed"],
        dataset_path=str(data.whole),
        task=spec.task,
        data=msgspec.structs.replace(data.data, test_split="test"),
        split="test",
        batch_sizes=[spec.latency_batch_size],
        lengths=[spec.latency_length] if spec.latency_length else [],
        seconds=spec.seconds,
        threads=spec.threads,
        device="cuda" if spec.device == "cuda" else "cpu",
        seed=spec.seed,
        memory=spec.measure_memory,
    )
    folder.mkdir(parents=True, exist_ok=True)

    def compare(wanted: CompareSpec) -> CompareReport:
        return run_comparison(
            resolve_comparison(wanted, settings, registry),
            settings=settings,
            registry=registry,
            folder=folder,
            environment=environment,
            tell=tell,
            is_cancelled=is_cancelled,
        )

    try:
        report = compare(asked)
    except JobCancelledError:
        raise
    except PersoptError:
        # A fresh process may lack what this one has, such as a backend that no installed distribution offers.
        report = compare(msgspec.structs.replace(asked, memory=False))
    given, made = report.models
    return msgspec.structs.replace(report, models=[given, msgspec.structs.replace(made, path=spec.output_path)])
