"""A job's folder: `spec.json`, `log.jsonl`, `process.log`, `trials/`, `artifacts/`, `report.json`."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from persopt.domain.specs import JobSpec

__all__ = ("JobFolder", "JsonLinesHandler", "write_whole")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: under a temporary name beside it, then renamed."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(content)
    temporary.replace(path)


class JobFolder:
    """The paths of one job below the workspace's `jobs/`."""

    def __init__(self, jobs: Path, job_id: str) -> None:
        self.path = jobs / job_id

    @property
    def spec(self) -> Path:
        """What was asked for, resolved."""
        return self.path / "spec.json"

    @property
    def log(self) -> Path:
        """What happened, one JSON object a line."""
        return self.path / "log.jsonl"

    @property
    def process_log(self) -> Path:
        """Raw output of the job's processes."""
        return self.path / "process.log"

    @property
    def artifacts(self) -> Path:
        """Files made for the user."""
        return self.path / "artifacts"

    @property
    def report(self) -> Path:
        """The result with all trials."""
        return self.path / "report.json"

    def trial(self, number: int) -> Path:
        """Return the folder of a trial."""
        return self.path / "trials" / f"{number:04d}"

    def create(self, spec: JobSpec) -> None:
        """Make the folder and write the spec."""
        self.artifacts.mkdir(parents=True, exist_ok=True)
        write_whole(self.spec, msgspec.json.format(msgspec.json.encode(spec), indent=2))


class JsonLinesHandler(logging.FileHandler):
    """Appends log records as JSON objects: time (UTC), level, logger, message, traceback where there is one."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8", delay=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = logging.Formatter().formatException(record.exc_info)
        return msgspec.json.encode(line).decode()
