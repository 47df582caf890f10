"""The results of a job as one zip, made while it is sent: nothing of it is held in memory or written to the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from zipstream import ZIP_DEFLATED, ZIP_STORED, ZipStream

from persopt.domain.errors import ConflictError
from persopt.domain.jobs import JobRecord
from persopt.domain.reports import TuneReport
from persopt.domain.specs import TuneSpec
from persopt.kernel.job_folder import JobFolder
from persopt.kernel.kernel import Kernel

__all__ = ("find_model", "stream_archive")

_PIECE: Final = 1 << 18
_DENSE: Final = (".safetensors", ".onnx", ".data", ".bin", ".png", ".model")
"""Endings of what deflating would make slower and hardly smaller."""


def find_model(job: JobRecord) -> Path:
    """Return the folder of the model that a job made.

    Raises:
        ConflictError: if it made none, or it is not there any more.
    """
    given = (job.result or {}).get("modelPath")
    if not isinstance(given, str) or not given:
        raise ConflictError(f"job {job.id} is {job.state} and has no model", path="$.model", hint="leave the model out")
    if not Path(given).is_dir():
        raise ConflictError(f"the model of job {job.id} is not there any more: {given}", path="$.model")
    return Path(given)


def stream_archive(kernel: Kernel, job: JobRecord, model: Path | None = None) -> Iterator[bytes]:
    """Return the zip of a job's results, piece by piece.

    All lies in a folder named for the job: `job.json` (state, progress, environment, the short result), `spec.json`,
    `report.json`, `log.jsonl`, `artifacts/` (reports for people, tables, plots, as far as the job has made them), of a
    tuning always `trials.csv`, and the model in `model/`, where one is given. Of files that grow (the log) as much is
    taken as is there now. What a link in the folders leads to elsewhere is left out.

    Args:
        kernel: Knows the job's folder and trials.
        job: A job in any state.
        model: Folder of its model, if that is wanted too; see `find_model`.
    """
    folder = kernel.folder(job.id)
    archive = ZipStream(compress_type=ZIP_DEFLATED, compress_level=6)
    root = f"persopt-{job.kind}-{job.id}"
    archive.add(_format(job.to_builtins()), f"{root}/job.json")
    for name, text in _texts(kernel, job, folder).items():
        archive.add(text, f"{root}/{name}")
    for path in (folder.spec, folder.report, folder.log):
        if path.is_file():
            _add(archive, path, f"{root}/{path.name}")
    models = [path.parent for path in folder.artifacts.rglob("config.json")]
    for path in _files_below(folder.artifacts):
        if not any(path.is_relative_to(place) for place in models):
            _add(archive, path, f"{root}/artifacts/{path.relative_to(folder.artifacts)}")
    if model is not None:
        for path in _files_below(model):
            _add(archive, path, f"{root}/model/{path.relative_to(model)}")
    pieces: Iterator[bytes] = iter(archive)
    return pieces


def _texts(kernel: Kernel, job: JobRecord, folder: JobFolder) -> dict[str, bytes | str]:
    """Return what no file holds yet: the report and the trials of a tuning that has not succeeded."""
    if not isinstance(job.spec, TuneSpec):
        return {}
    from persopt.tuning.results import trials_table

    texts: dict[str, bytes | str] = {}
    if not folder.report.is_file():
        texts["report.json"] = _format(_public(kernel.report(job.id)))
    if not (folder.artifacts / "trials.csv").is_file():
        texts["artifacts/trials.csv"] = trials_table(kernel.trials(job.id), job.spec.objectives)
    return texts


def _public(report: TuneReport) -> TuneReport:
    """Return a report without what only the sampler understands."""
    trials = [msgspec.structs.replace(trial, attributes={}) for trial in report.trials]
    return msgspec.structs.replace(report, trials=trials)


def _format(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)


def _files_below(folder: Path) -> list[Path]:
    real = folder.resolve()
    return sorted(
        path
        for path in folder.rglob("*")
        if not path.name.startswith(".") and path.is_file() and path.resolve().is_relative_to(real)
    )


def _add(archive: ZipStream, path: Path, name: str) -> None:
    size = path.stat().st_size
    kind = ZIP_STORED if path.suffix.lower() in _DENSE else ZIP_DEFLATED
    archive.add(_read(path, size), name, size=size, compress_type=kind)


def _read(path: Path, size: int) -> Iterator[bytes]:
    """Give the first so many bytes of a file; what was appended meanwhile is left for the next time."""
    with path.open("rb") as file:
        while size > 0 and (piece := file.read(min(_PIECE, size))):
            size -= len(piece)
            yield piece
