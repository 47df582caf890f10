"""Bombs: files that are small on the disk and would be huge in memory are refused before they are unpacked."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import psutil
import pyarrow as pa
import pytest
from pyarrow import parquet

from persopt.data.compressed_files import check_arrow_file, read_parquet
from persopt.data.images import check_image, open_image
from persopt.data.inspection import inspect_dataset
from persopt.data.quiet import quiet_datasets
from persopt.data.reading import read_dataset
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec

LONG = "a" * (1 << 20)
ROWS = 1 << 18


@pytest.fixture
def bomb(tmp_path: Path) -> Path:
    """A Parquet file of less than a megabyte that tells of 256 GiB: one long text, named by each row."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * ROWS, pa.int32()), pa.array([LONG]))
    labels = pa.DictionaryArray.from_arrays(pa.array([0, 1] * (ROWS // 2), pa.int32()), pa.array(["a", "b"]))
    file = tmp_path / "bomb.parquet"
    parquet.write_table(pa.table({"text": texts, "label": labels}), file, compression="zstd", store_schema=False)
    assert file.stat().st_size < 1 << 20
    return file


def test_a_dictionary_that_unpacks_to_a_quarter_of_a_terabyte_is_refused(bomb: Path) -> None:
    assert parquet.ParquetFile(bomb).metadata.num_rows == ROWS
    with pytest.raises(DataError, match="unpacks to more than"):
        inspect_dataset(bomb)
    assert psutil.Process().memory_info().rss < 8 << 30


def test_a_thousand_million_rows_of_nothing_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty.parquet"
    with parquet.ParquetWriter(file, pa.schema([("text", pa.int8())])) as writer:
        group = zeros(1 << 24)
        for _ in range(20):
            writer.write_table(group, row_group_size=1 << 24)
    with pytest.raises(DataError, match="unpacks to more than"):
        read_parquet(file)


def zeros(rows: int) -> pa.Table:
    return pa.table({"text": pa.Array.from_buffers(pa.int8(), rows, [None, pa.py_buffer(bytes(rows))])})


def test_what_is_repetitive_but_small_is_read(tmp_path: Path) -> None:
    file = tmp_path / "data.parquet"
    rows = pa.table({"text": ["the same text"] * 50_000, "label": ["a", "b"] * 25_000})
    parquet.write_table(rows, file, compression="zstd")
    assert file.stat().st_size * 100 < rows.nbytes  # it would be taken for a bomb if it were large
    assert read_parquet(file).to_pydict() == rows.to_pydict()


def test_types_and_chunks_are_those_that_arrow_reads(tmp_path: Path) -> None:
    file = tmp_path / "data.parquet"
    rows = pa.table({"tokens": [["a"], [], ["b", "c"]] * 7000, "tags": [[0], [], [1, 2]] * 7000, "x": [0.5] * 21000})
    parquet.write_table(rows, file, row_group_size=500)
    assert read_parquet(file).equals(parquet.read_table(file))


def test_no_rows_keep_their_columns(tmp_path: Path) -> None:
    file = tmp_path / "data.parquet"
    parquet.write_table(pa.table({"text": pa.array([], pa.string())}), file)
    assert read_parquet(file).schema.names == ["text"]


def test_a_saved_data_set_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    from datasets import Dataset

    with quiet_datasets():
        Dataset.from_dict({"text": ["x", "y"], "label": [0, 1]}).save_to_disk(tmp_path / "saved")
    (file,) = (tmp_path / "saved").glob("*.arrow")
    batch = pa.record_batch({"text": [LONG * 64], "label": [0]})
    with (
        pa.OSFile(str(file), "wb") as sink,
        pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer,
    ):
        for _ in range(64):
            writer.write_batch(batch)
    assert file.stat().st_size < 4 << 20
    with pytest.raises(DataError, match="unpacks to more than"):
        read_dataset(tmp_path / "saved", DataSpec())
    with pytest.raises(DataError, match="unpacks to more than"):
        check_arrow_file(file)


def test_a_saved_data_set_names_no_file_elsewhere(tmp_path: Path) -> None:
    from datasets import Dataset

    with quiet_datasets():
        Dataset.from_dict({"text": ["a secret"], "label": [0]}).save_to_disk(tmp_path / "outside")
        Dataset.from_dict({"text": ["x"], "label": [0]}).save_to_disk(tmp_path / "saved")
    (secret,) = (tmp_path / "outside").glob("*.arrow")
    state = tmp_path / "saved" / "state.json"
    for name in (f"../outside/{secret.name}", str(secret)):
        state.write_text(json.dumps(json.loads(state.read_text()) | {"_data_files": [{"filename": name}]}))
        with pytest.raises(DataError, match="does not lie in its folder"):
            read_dataset(tmp_path / "saved", DataSpec())
    for text in ("{}", "[", '{"_data_files": 3}', "\0"):
        state.write_text(text)
        with pytest.raises(DataError, match="is damaged"):
            read_dataset(tmp_path / "saved", DataSpec())


@pytest.mark.parametrize("side", [9_000, 12_000, 40_000])
def test_an_image_of_a_few_bytes_and_many_pixels_is_refused(tmp_path: Path, side: int) -> None:
    """9,000 squared is below Pillow's own warning, 12,000 squared between warning and error."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)

    file = tmp_path / "bomb.png"
    head = side.to_bytes(4) + side.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    pixels = zlib.compressobj(9)
    body = b"".join(pixels.compress(bytes(3 * side + 1)) for _ in range(100)) + pixels.flush()
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b""))
    assert file.stat().st_size < 1 << 16
    for look in (check_image, open_image):
        with pytest.raises(DataError, match=r"cannot be read: .*pixels"):
            look({"bytes": None, "path": str(file)}, "row 1")


@pytest.mark.parametrize("depth", [40, 500, 100_000])
def test_deep_nesting_in_data_is_refused(tmp_path: Path, depth: int) -> None:
    value = "[" * depth + "]" * depth
    (tmp_path / "data.jsonl").write_text(f'{{"text": {value}, "label": 1}}\n')
    (tmp_path / "data.json").write_text(f'[{{"text": {value}, "label": 1}}]')
    for name in ("data.jsonl", "data.json"):
        with pytest.raises(DataError, match=r"deep|not valid JSON"):
            inspect_dataset(tmp_path / name)


@pytest.mark.parametrize("name", ["data.csv.gz", "data.jsonl.zip", "data.tar.gz", "data.csv.xz", "data.zst"])
def test_archives_are_not_unpacked(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(zlib.compress(bytes(1 << 24)))
    with pytest.raises(DataError, match="is of no known format"):
        inspect_dataset(tmp_path / name)
