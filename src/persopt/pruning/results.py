"""What a pruning leaves: its report, a table and a plot of the sparsity of each tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from persopt.domain.errors import OutputError
from persopt.domain.prune_reports import ModelSize, PruneReport, TensorSparsity
from persopt.domain.prune_specs import PruneSpec
from persopt.pruning.checkpoint import Shard
from persopt.pruning.plots import draw_sparsity, sparsity_table
from persopt.pruning.sparse_format import measure_sparse

__all__ = ("build_report", "write_artifacts")


def build_report(
    spec: PruneSpec,
    tensors: list[TensorSparsity],
    *,
    before: Sequence[Shard],
    after: Sequence[Shard],
    nonzero: Mapping[str, int],
    seconds: float,
    environment: Mapping[str, Any],
    job_id: str | None,
) -> PruneReport:
    """Return the report of what was written; sizes are those of the files.

    Args:
        spec: What was asked for, resolved.
        tensors: Every tensor of floating-point numbers.
        before: Shards of the model given.
        after: Shards that were written.
        nonzero: For each pruned tensor, its number of weights that are not zero.
        seconds: Time that it took.
        environment: Put into the report.
        job_id: Put into the report.
    """
    config = spec.config
    chosen = [one for one in tensors if one.pruned]
    parameters = sum(one.parameters for one in tensors)
    zeros = sum(one.zeros for one in tensors)
    chosen_parameters = sum(one.parameters for one in chosen)
    return PruneReport(
        method=config.method,
        scope="pattern" if config.pattern is not None else config.scope or "tensor",
        pattern=config.pattern,
        asked=config.sparsity or 0.0,
        sparsity=sum(one.zeros for one in chosen) / chosen_parameters if chosen_parameters else 0.0,
        model_sparsity=zeros / parameters if parameters else 0.0,
        before=ModelSize(
            bytes=_bytes_of(before),
            parameters=parameters,
            nonzero=parameters - sum(one.zeros_before for one in tensors),
        ),
        after=ModelSize(bytes=_bytes_of(after), parameters=parameters, nonzero=parameters - zeros),
        sparse_bytes=measure_sparse(after, nonzero),
        sparse_path=str(Path(spec.output_path) / "sparse") if config.sparse_copy else None,
        tensors=[one for one in tensors if one.parameters],
        model_path=spec.output_path,
        artifacts={},
        notes=list(_notes(spec)),
        seconds=seconds,
        environment=dict(environment),
        job_id=job_id,
    )


def write_artifacts(folder: Path, report: PruneReport, title: str = "") -> dict[str, str]:
    """Write `sparsity.csv` and `sparsity.svg`, each whole or not at all, and return their absolute paths by name.

    Raises:
        OutputError: if a file cannot be written.
    """
    writers: dict[str, Callable[[Path], object]] = {
        "sparsity.csv": lambda path: path.write_text(sparsity_table(report.tensors), "utf-8", newline=""),
        "sparsity.svg": lambda path: draw_sparsity(report.tensors, report.asked, path, title),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, write in writers.items():
            part = folder / f".{name}.part"
            write(part)
            part.replace(folder / name)
    except OSError as error:
        raise OutputError(f"the results cannot be written to {folder}: {error}") from error
    return {name: str((folder / name).absolute()) for name in writers}


def _bytes_of(shards: Sequence[Shard]) -> int:
    return sum(shard.file.stat().st_size for shard in shards)


def _notes(spec: PruneSpec) -> list[str]:
    config = spec.config
    notes = [
        "The zeros lie in dense tensors: the model is neither smaller on disk nor faster on dense hardware. Only the "
        "sparse encoding is smaller, and only kernels made for sparse weights are faster."
    ]
    if config.pattern is not None:
        notes.append(
            f"The pattern {config.pattern} gains speed only on hardware with sparse tensor cores (2:4 on NVIDIA GPUs "
            "from Ampere on), and only where the program that runs the model converts the weights for them."
        )
    if config.gradual:
        notes.append("Gradual: with no training between the steps, many steps give the same zeros as one.")
    return notes
