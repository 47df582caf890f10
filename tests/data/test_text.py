from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persopt.data.text import read_text
from persopt.domain.errors import DataError

PERSIAN = "متن,برچسب\nاین فیلم خوب بود,مثبت\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8_is_read_with_or_without_its_mark(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(PERSIAN.encode(encoding))
    assert read_text(tmp_path / "data.csv") == PERSIAN


@pytest.mark.parametrize(
    ("encoding", "position", "told"),
    [
        ("utf-16", "byte 0", "looks like UTF-16"),
        ("utf-16-le", "byte ", "looks like UTF-16"),
        ("cp1256", "byte 0", "looks like Windows-1256"),
    ],
)
def test_other_encodings_are_named_with_what_to_do(encoding: str, position: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(PERSIAN.replace("ی", "ي").encode(encoding))
    with pytest.raises(DataError) as caught:
        read_text(tmp_path / "data.csv", "$.datasetPath")
    message = str(caught.value)
    assert str(tmp_path / "data.csv") in message
    assert position in message
    assert told in message
    assert "iconv -f" in message
    assert caught.value.faults[0].path == "$.datasetPath"


def test_the_byte_is_that_of_the_first_fault(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes("é".encode() + b"caf\xe9")
    with pytest.raises(DataError, match=r"byte 5\); it looks like Windows-1252"):
        read_text(tmp_path / "data.csv")


def test_utf16_without_a_mark_is_told_by_its_zeros(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes("text,label\n".encode("utf-16-le"))
    with pytest.raises(DataError, match=r"byte 1\); it looks like UTF-16"):
        read_text(tmp_path / "data.csv")


@pytest.mark.parametrize("content", [b"", b" \n\n"])
def test_an_empty_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    with pytest.raises(DataError, match="is empty"):
        read_text(tmp_path / "data.csv")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv cannot be read: No such file"):
        read_text(tmp_path / "none.csv")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=1, max_size=60))
def test_any_bytes_are_read_as_utf8_or_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    try:
        text = read_text(tmp_path / "data.csv")
    except DataError:
        return
    assert content.decode("utf-8-sig") == text
