"""The job's folder and its log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from persopt.domain.specs import TuneSpec
from persopt.kernel.job_folder import JobFolder, JsonLinesHandler, write_whole


@pytest.fixture
def logger(tmp_path: Path) -> Iterator[logging.Logger]:
    handler = JsonLinesHandler(tmp_path / "log.jsonl")
    logger = logging.Logger("test")
    logger.addHandler(handler)
    yield logger
    handler.close()


def test_the_spec_is_written_as_it_is_read(tmp_path: Path) -> None:
    spec = TuneSpec(name="آزمون", config={"learningRate": 0.1})
    folder = JobFolder(tmp_path, "j1")
    folder.create(spec)
    assert msgspec.json.decode(folder.spec.read_bytes(), type=TuneSpec) == spec
    assert folder.artifacts.is_dir()


def test_a_file_keeps_its_old_content_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    with pytest.raises(TypeError):
        write_whole(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"


def test_each_log_record_is_one_json_object(tmp_path: Path, logger: logging.Logger) -> None:
    logger.info("first\nsecond %d", 2)
    logger.error("failed", exc_info=ValueError("سلام"))
    first, second = (json.loads(line) for line in (tmp_path / "log.jsonl").read_text("utf-8").splitlines())
    assert (first["message"], first["level"]) == ("first\nsecond 2", "info")
    assert second["traceback"].endswith("ValueError: سلام")
