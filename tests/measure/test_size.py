from __future__ import annotations

from pathlib import Path

from persopt.measure.size import measure_size


def test_every_file_of_the_folder_counts(tmp_path: Path) -> None:
    assert measure_size(tmp_path) == 0
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "weights").write_bytes(b"x" * 1000)
    (tmp_path / "config").write_bytes(b"x" * 23)
    assert measure_size(tmp_path) == 1023
