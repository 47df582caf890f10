from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from datasets import Dataset, Features, Image, Value
from PIL import Image as Pictures
from pyarrow import parquet
from transformers import ViTImageProcessorPil

from persopt.data.preparation import prepare_data
from persopt.data.reading import hash_dataset
from persopt.data.tasks import DATA_TASKS
from persopt.data.tokenized import tokenized_dataset
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec
from tests.support.tiny_tasks import make_image_folder, make_image_program

PROCESSOR = ViTImageProcessorPil(size={"height": 8, "width": 8})


def png(colour: tuple[int, int, int] = (1, 2, 3)) -> bytes:
    stream = io.BytesIO()
    Pictures.new("RGB", (5, 4), colour).save(stream, "png")
    return stream.getvalue()


def test_a_folder_of_classes_is_read_by_its_names(tmp_path: Path) -> None:
    prepared = prepare_data(make_image_folder(tmp_path, train=3, validation=1), DataSpec(), None, 0)

    assert prepared.task == "image-classification"
    assert prepared.labels == ["blue", "green", "red"]
    assert {name: split.num_rows for name, split in prepared.splits.items()} == {"train": 9, "validation": 3}
    again = prepare_data(tmp_path, prepared.data, prepared.task, 0)
    assert again.row_labels == prepared.row_labels


def test_classes_without_splits_are_divided(tmp_path: Path) -> None:
    folder = make_image_folder(tmp_path, train=5) / "train"
    (folder / "red" / "notes.txt").write_text("not an image")

    prepared = prepare_data(folder, DataSpec(), None, 0)

    assert {name: split.num_rows for name, split in prepared.splits.items()} == {"train": 12, "validation": 3}
    assert sorted(map(str, prepared.row_labels["validation"])) == ["blue", "green", "red"]


@pytest.mark.parametrize("form", ["parquet", "plain-parquet", "saved"])
def test_images_within_a_table_are_read(tmp_path: Path, form: str) -> None:
    rows: list[Any] = [{"bytes": png((number, 0, 0)), "path": None} for number in range(10)]
    features = Features({"picture": Image() if form != "plain-parquet" else Value("binary"), "label": Value("string")})
    cells = rows if form != "plain-parquet" else [row["bytes"] for row in rows]
    table = Dataset.from_dict({"picture": cells, "label": ["a", "b"] * 5}, features=features)
    if form == "saved":
        table.save_to_disk(tmp_path / "data")
    else:
        (tmp_path / "data").mkdir()
        table.to_parquet(tmp_path / "data" / "train.parquet")

    prepared = prepare_data(tmp_path / "data", DataSpec(), None, 0)

    assert (prepared.task, prepared.data.text_columns, prepared.labels) == (
        "image-classification", ["picture"], ["a", "b"],
    )  # fmt: skip
    (batch,) = DATA_TASKS["image-classification"].encode(prepared, "validation", PROCESSOR, 0)
    assert batch["shape"] == [[3, 8, 8]] * 2


def test_stored_pixels_give_what_the_processor_gives_at_once(tmp_path: Path) -> None:
    prepared = prepare_data(make_image_folder(tmp_path, train=2, validation=1), DataSpec(), None, 0)
    task = DATA_TASKS["image-classification"]

    (batch,) = task.encode(prepared, "validation", PROCESSOR, 0)

    rows = [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]
    assert {row["dtype"] for row in rows} == {"uint8"}  # a quarter of what floats take
    made = task.make_collator(PROCESSOR)(rows)
    files = [cell["path"] for cell in prepared.splits["validation"]["image"][:]]
    images = [Pictures.open(file).convert("RGB") for file in files]
    assert np.array_equal(made["pixel_values"].numpy(), PROCESSOR(images=images, return_tensors="np")["pixel_values"])
    assert made["labels"].tolist() == [prepared.labels.index(Path(file).parent.name) for file in files]


def test_images_are_prepared_once_and_mapped(tmp_path: Path) -> None:
    program = make_image_program(tmp_path)

    made = tokenized_dataset(program, 128, PROCESSOR)
    again = tokenized_dataset(program, 128, PROCESSOR)

    assert (made.from_cache, again.from_cache, made.folder) == (False, True, again.folder)
    assert made.labels == ["blue", "green", "red"]
    settings = Path(program.model) / "preprocessor_config.json"
    settings.write_text(settings.read_text("utf-8").replace('"height": 8', '"height": 16'), "utf-8")
    assert not tokenized_dataset(program, 128, PROCESSOR).from_cache


def test_a_class_of_another_name_is_another_data_set(tmp_path: Path) -> None:
    folder = make_image_folder(tmp_path / "images", train=2, validation=1)
    before = hash_dataset(folder)
    assert hash_dataset(folder) == before
    (folder / "train" / "red").rename(folder / "train" / "rot")
    assert hash_dataset(folder) != before


def test_what_is_no_image_is_named_before_anything_runs(tmp_path: Path) -> None:
    folder = make_image_folder(tmp_path)
    broken = folder / "train" / "blue" / "1.png"
    broken.write_bytes(b"no image")

    with pytest.raises(DataError, match=rf"row 2 of the split 'train' \({broken}\) cannot be read: it is no image"):
        prepare_data(folder, DataSpec(), None, 0)


def test_an_image_that_breaks_off_is_named_when_it_is_decoded(tmp_path: Path) -> None:
    folder = make_image_folder(tmp_path)
    broken = folder / "train" / "blue" / "1.png"
    broken.write_bytes(broken.read_bytes()[:-60])
    prepared = prepare_data(folder, DataSpec(), None, 0)

    with pytest.raises(DataError, match=rf"row 2 of the split 'train' \({broken}\) cannot be read"):
        list(DATA_TASKS["image-classification"].encode(prepared, "train", PROCESSOR, 0))


def test_a_row_without_an_image_is_named(tmp_path: Path) -> None:
    cells = [{"bytes": png(), "path": None}] * 3 + [{"bytes": None, "path": None}]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    parquet.write_table(pa.table({"image": pa.array(cells, kind), "label": ["a", "b", "a", "b"]}), "data.parquet")

    with pytest.raises(DataError, match="row 4 of the split 'train' has no image"):
        prepare_data(tmp_path / "data.parquet", DataSpec(), None, 0)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["train/a/1.png", "train/a/2.png"], "every training row has the same label 'a'"),
        (["train/a/1.png", "train/1.png"], "lies in no folder of a class"),
        (["train/a/1.png", "b/1.png"], "has folders of splits and, beside them, 'b'"),
        (["train/a/deep/1.png", "train/b/1.png"], "lies too deep"),
    ],
)
def test_folders_of_another_layout_are_explained(tmp_path: Path, files: list[str], message: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(png())

    with pytest.raises(DataError, match=message):
        prepare_data(tmp_path, DataSpec(), None, 0)


def test_texts_are_no_images(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,label\nx,a\ny,b\n")

    with pytest.raises(DataError, match="no column holds images; the columns are 'text' and 'label'"):
        prepare_data(tmp_path, DataSpec(), "image-classification", 0)
