"""Data of image classification: one image a row and its class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from persopt.data.column_kinds import LABELS_PATH, TEXTS_PATH, ColumnKinds, DetectedColumns, describe_columns
from persopt.data.images import check_image, open_image, read_cells
from persopt.data.names import join_names
from persopt.data.pixels import PixelCollator, can_be_halved, make_pixels
from persopt.data.tasks.base import Collator, DataTask, Processor
from persopt.data.tasks.text_classification import find_label
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from persopt.data.preparation import PreparedData

__all__ = ("ImageClassificationData",)

_TASK: Final = "image-classification"
_ROWS: Final = 64  # that are written at a time


class ImageClassificationData(DataTask):
    """The image is the only column that holds images, the label is found as that of texts.

    Images are read in RGB, turned as their camera says, and prepared by the checkpoint's image processor.
    """

    classes = True
    stratified = True

    @override
    def find_columns(self, train: Dataset, kinds: ColumnKinds, data: DataSpec) -> DetectedColumns:
        """Return the columns that are named, else found."""
        images = list(data.text_columns) or [name for name in kinds if kinds[name] == "image"]
        if not images:
            raise DataError(f"no column holds images; {describe_columns(kinds)}", path=TEXTS_PATH)
        if len(images) > 1:
            message = f"{_TASK} takes one column of images, and there are {join_names(images)}"
            raise DataError(f"{message}; name it with data.textColumns (--text-column)", path=TEXTS_PATH)
        if kinds[images[0]] != "image":
            raise DataError(f"column {images[0]!r} does not hold images, which {_TASK} needs", path=TEXTS_PATH)
        label = data.label_column or find_label(train, kinds, data)
        if kinds[label] not in ("text", "class", "number"):
            raise DataError(f"column {label!r} does not hold one label for each row", path=LABELS_PATH)
        return DetectedColumns(task=_TASK, text_columns=images, label_column=label)

    @override
    def check_split(self, name: str, split: Dataset, columns: DetectedColumns) -> None:
        """Make sure that each row begins like an image; its pixels are decoded when they are prepared."""
        for number, cell in enumerate(read_cells(split, columns.text_columns[0]), 1):
            check_image(cell, f"row {number} of the split {name!r}")

    @override
    def schema(self, prepared: PreparedData, processor: Processor) -> pa.Schema:
        """Return the columns `pixels` (bytes) with their `dtype` and `shape`, `labels` and `length` (1)."""
        import pyarrow as pa

        pixels = [("pixels", pa.large_binary()), ("dtype", pa.string()), ("shape", pa.list_(pa.int32()))]
        return pa.schema([*pixels, ("labels", pa.int64()), ("length", pa.int32())])

    @override
    def encode(
        self, prepared: PreparedData, split: str, processor: Processor, max_length: int
    ) -> Iterator[dict[str, list[Any]]]:
        """Give the rows of a split as pixels; `max_length` is of no concern to images."""
        ids = {name: index for index, name in enumerate(prepared.labels)}
        labels = [ids[str(label)] for label in prepared.row_labels[split]]
        halved, shape = True, None
        batch: dict[str, list[Any]] = {name: [] for name in self.schema(prepared, processor).names}
        for number, cell in enumerate(read_cells(prepared.splits[split], prepared.data.text_columns[0]), 1):
            where = f"row {number} of the split {split!r}"
            image = open_image(cell, where)
            if shape is None:
                halved = can_be_halved(processor, image)
            pixels = make_pixels(processor, image, where, halved=halved)
            if shape is not None and pixels.shape != shape:
                sizes = f"{pixels.shape[1]} by {pixels.shape[2]} pixels, others {shape[1]} by {shape[2]}"
                message = f"{where} becomes {sizes}: the model's image processor does not make all alike"
                raise DataError(message, path=TEXTS_PATH)
            shape = pixels.shape
            row = {"pixels": pixels.tobytes(), "dtype": str(pixels.dtype), "shape": list(shape)}
            for name, value in (row | {"labels": labels[number - 1], "length": 1}).items():
                batch[name].append(value)
            if len(batch["length"]) == _ROWS:
                yield batch
                batch = {name: [] for name in batch}
        if batch["length"]:
            yield batch

    @override
    def make_collator(self, processor: Processor, multiple_of: int = 1, *, judging: bool = False) -> Collator:
        """Return what makes tensors of pixels."""
        return PixelCollator(processor)
