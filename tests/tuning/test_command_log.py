from __future__ import annotations

from pathlib import Path

import pytest

from persopt.tuning.command_log import CommandLog


def write(path: Path, limit: int, *chunks: bytes) -> bytes:
    with CommandLog(path, limit) as log:
        for chunk in chunks:
            log.write(chunk)
    return path.read_bytes()


def test_up_to_the_limit_the_log_is_what_was_printed(tmp_path: Path) -> None:
    assert write(tmp_path / "log.txt", 1000, b"a\r\xff" * 200, b"b" * 150) == b"a\r\xff" * 200 + b"b" * 150
    assert write(tmp_path / "log.txt", 1000, b"again") == b"a\r\xff" * 200 + b"b" * 150 + b"again"


def test_past_the_limit_beginning_and_end_are_kept_and_the_cut_is_told(tmp_path: Path) -> None:
    printed = b"".join(b"%09d\n" % number for number in range(1000))
    kept = write(tmp_path / "log.txt", 2000, *(printed[start : start + 333] for start in range(0, len(printed), 333)))
    head, cut, rest = kept.partition(b"\n[persopt: logLimit of 2,000 bytes is reached")
    _, told, tail = rest.partition(b"\n[persopt: 8,000 bytes are left out here]\n")
    assert cut
    assert told
    assert (head, tail) == (printed[:1500], printed[-500:])


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / "log.txt").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path / "log.txt", 1000, b"x")
