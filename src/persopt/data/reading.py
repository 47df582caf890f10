"""Reading a data set of any accepted form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.data.conllu import read_conllu
from persopt.data.delimited import read_delimited
from persopt.data.files import SUFFIXES, Format, is_saved, list_files
from persopt.data.hashing import hash_files, hash_text
from persopt.data.image_folders import image_table, is_image_folder, list_images
from persopt.data.json_lines import read_json
from persopt.data.plain_text import read_plain_text
from persopt.data.quiet import quiet_datasets
from persopt.domain.errors import DataError
from persopt.domain.programs import DataSpec

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import DatasetDict

__all__ = ("hash_dataset", "load_saved", "read_dataset", "read_files")


_HEAD_ROWS: Final = 1000  # of a Parquet file of which only the first rows are wanted


def read_dataset(location: Path | str, data: DataSpec, path: str = "$.datasetPath") -> DatasetDict:
    """Read a data set.

    CSV, TSV, JSON, JSON lines, Parquet, CoNLL-U and plain text files are read into memory, and no cache is written.
    Of folders of images only the names are read. Saved data sets are memory-mapped where they are; those of the hub
    are read from its cache.

    Args:
        location: A file, a folder of files that are named for their splits, a folder of images in folders that are
            named for their classes, a folder that `save_to_disk` wrote, or a hub id.
        data: Names the columns of files without a header line.
        path: JSON path of the field, for errors.

    Returns:
        The splits that there are: by canonical name (`train`, `validation`, `test`) where they are files, else
        by their own names. None is empty.

    Raises:
        DataError: if it cannot be read; names the file and, where there is one, the line.
    """
    from datasets import Dataset, DatasetDict

    if isinstance(location, str):
        dataset = _load_from_hub(location, path)
    elif not location.exists():
        raise DataError(f"{location} does not exist", path=path)
    elif is_saved(location):
        dataset = load_saved(location, path)
    elif is_image_folder(location):
        images = list_images(location, path)
        dataset = DatasetDict(
            {split: Dataset(image_table(files), fingerprint=_hash_images(files)) for split, files in images.items()}
        )
    else:
        dataset = DatasetDict()
        for split, files in list_files(location, path).items():
            table = read_files(files, data, path)
            # Without a fingerprint of its own, `datasets` would pickle the whole table to make one.
            dataset[split] = Dataset(table, fingerprint=hash_files(files))
    for name, split in dataset.items():
        if split.num_rows == 0:
            raise DataError(f"the split {name!r} of {location} has no rows", path=path)
    if not dataset:
        raise DataError(f"{location} has no splits", path=path)
    return dataset


def hash_dataset(location: Path | str, path: str = "$.datasetPath") -> str:
    """Return a hash of the contents of a data set; the names of folders do not count, but those of images' classes.

    Raises:
        DataError: if there is nothing to hash.
    """
    if isinstance(location, str):
        parts = _load_from_hub(location, path)
        return hash_files(Path(file["filename"]) for part in parts.values() for file in part.cache_files)
    if is_saved(location):
        return hash_files(sorted(file for file in location.rglob("*") if file.suffix in (".arrow", ".json")))
    if is_image_folder(location):
        images = list_images(location, path)
        layout = repr({split: len(files) for split, files in images.items()})
        return hash_text(layout + "".join(_hash_images(files) for files in images.values()))
    groups = list_files(location, path)
    layout = repr({split: len(files) for split, files in groups.items()})
    return hash_files((file for files in groups.values() for file in files), salt=layout)


def _hash_images(files: list[Path]) -> str:
    return hash_files(files, salt=repr([file.parent.name for file in files]))


def _read_parquet(file: Path, path: str, most: int | None) -> pa.Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        if most is None:
            return parquet.read_table(file)
        with parquet.ParquetFile(file) as opened:
            batches = next(opened.iter_batches(batch_size=_HEAD_ROWS), None)
            return pa.Table.from_batches([] if batches is None else [batches], schema=opened.schema_arrow)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file} cannot be read as Parquet: {error}", path=path) from None


def read_files(files: list[Path], data: DataSpec, path: str, most: int | None = None) -> pa.Table:
    """Read the files of one split as one table.

    Args:
        files: The files, of one format.
        data: Names the columns of files without a header line.
        path: JSON path of the field, for errors.
        most: Read the rows of the first so many bytes of each only; None for all.

    Raises:
        DataError: if one cannot be read, or their columns differ.
    """
    import pyarrow as pa

    readers: Final[Mapping[Format, Callable[[Path], Any]]] = {
        "delimited": lambda file: read_delimited(file, data.columns, path, most),
        "json": lambda file: read_json(file, path, most),
        "parquet": lambda file: _read_parquet(file, path, most),
        "conllu": lambda file: read_conllu(file, path, most),
        "text": lambda file: read_plain_text(file, path, most),
    }
    tables = [readers[SUFFIXES[file.suffix.lower()]](file) for file in files]
    first = set(tables[0].column_names)
    for file, table in zip(files, tables, strict=True):
        other = first.symmetric_difference(table.column_names)
        if other:
            message = f"{files[0].name} and {file.name} make up one split, but only one of them has {min(other)!r}"
            raise DataError(message, path=path)
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        names = ", ".join(file.name for file in files)
        raise DataError(f"{names} make up one split, but their columns differ: {error}", path=path) from None


def load_saved(location: Path, path: str) -> DatasetDict:
    """Open a folder that `save_to_disk` wrote; its rows stay on the disk.

    Raises:
        DataError: if it is damaged.
    """
    from datasets import Dataset, DatasetDict, load_from_disk

    try:
        with quiet_datasets():
            loaded = load_from_disk(str(location))
    except Exception as error:  # whatever a damaged folder makes of it
        message = f"the saved data set {location} cannot be loaded: {error}"
        raise DataError(message, path=path, hint="save it again with `save_to_disk`") from error
    return DatasetDict({"train": loaded}) if isinstance(loaded, Dataset) else loaded


def _load_from_hub(repository: str, path: str) -> DatasetDict:
    from datasets import load_dataset

    try:
        with quiet_datasets():
            loaded: DatasetDict = load_dataset(repository)
    except Exception as error:  # the network's, the hub's and the builder's errors have no common base
        reason = " ".join(str(error).split())
        raise DataError(f"the data set {repository!r} cannot be loaded from the hub: {reason}", path=path) from error
    return loaded
