from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from persopt.domain.errors import OutputError
from persopt.tuning.model_delivery import deliver_model, explain_os_error

FILES = {"model.safetensors": b"weights", "tokenizer/vocab.txt": b"[PAD]"}


def make_checkpoint(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    for name, content in (files or FILES).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system."""
    for place in ("/dev/shm", tempfile.gettempdir(), str(Path.home())):  # noqa: S108 - made private by mkdtemp
        if Path(place).is_dir() and os.access(place, os.W_OK) and Path(place).stat().st_dev != tmp_path.stat().st_dev:
            folder = Path(tempfile.mkdtemp(dir=place))
            yield folder
            shutil.rmtree(folder)
            return
    pytest.skip("this machine has only one file system that can be written")


def test_a_model_is_moved_to_a_new_or_empty_folder(tmp_path: Path) -> None:
    for name in ("new/deep/model", "empty"):
        target = tmp_path / name
        if name == "empty":
            target.mkdir()
        checkpoint = make_checkpoint(tmp_path / "checkpoint")
        assert deliver_model(checkpoint, target) == target
        assert read(target) == FILES
        assert not checkpoint.exists()
        assert [path.name for path in target.parent.iterdir() if path.name.startswith(".")] == []


def test_a_model_is_copied_to_another_file_system(tmp_path: Path, elsewhere: Path) -> None:
    checkpoint = make_checkpoint(tmp_path / "checkpoint")
    target = deliver_model(checkpoint, elsewhere / "model")
    assert read(target) == FILES
    assert not checkpoint.exists()
    assert [path.name for path in elsewhere.iterdir()] == ["model"]


def test_a_second_call_after_the_end_changes_nothing(tmp_path: Path) -> None:
    checkpoint, target = make_checkpoint(tmp_path / "checkpoint"), tmp_path / "model"
    deliver_model(checkpoint, target)
    assert deliver_model(checkpoint, target) == target
    assert read(target) == FILES


def test_a_crash_at_any_moment_is_made_good(tmp_path: Path) -> None:
    checkpoint, target, part = tmp_path / "checkpoint", tmp_path / "model", tmp_path / ".model.part"
    # While it was copied: half of it lies beside the target.
    make_checkpoint(checkpoint)
    make_checkpoint(part, {"model.safetensors": b"wei"})
    deliver_model(checkpoint, target)
    assert read(target) == FILES
    # After it was moved beside the target.
    target.rename(part)
    deliver_model(checkpoint, target)
    assert read(target) == FILES
    # After the copy took its name, before the original was deleted.
    make_checkpoint(checkpoint)
    deliver_model(checkpoint, target)
    assert read(target) == FILES
    assert not checkpoint.exists()
    assert not part.exists()


def test_a_folder_in_use_is_left_alone_even_if_it_holds_a_model_of_the_same_size(tmp_path: Path) -> None:
    checkpoint = make_checkpoint(tmp_path / "checkpoint")
    others = {"model.safetensors": b"WEIGHTS", "tokenizer/vocab.txt": b"[PAD]"}
    target = make_checkpoint(tmp_path / "model", others)
    with pytest.raises(OutputError, match="has come into use") as caught:
        deliver_model(checkpoint, target)
    assert caught.value.faults[0].path == "$.outputDir"
    assert read(target) == others
    assert read(checkpoint) == FILES


def test_a_place_that_cannot_be_written_leaves_the_model_where_it_is(tmp_path: Path) -> None:
    checkpoint = make_checkpoint(tmp_path / "checkpoint")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        deliver_model(checkpoint, tmp_path / "file" / "model")
    assert str(checkpoint) in caught.value.faults[0].hint
    assert read(checkpoint) == FILES


def test_a_model_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is gone"):
        deliver_model(tmp_path / "checkpoint", tmp_path / "model")


def test_a_full_disk_is_told_in_one_line_also_of_a_whole_folder() -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "file")
    assert explain_os_error(full) == "the disk is full"
    assert explain_os_error(shutil.Error([("a", "b", str(full)), ("c", "d", str(full))])) == "the disk is full"
    assert explain_os_error(shutil.Error([("a", "b", "no such thing"), ("c", "d", "other")])) == "no such thing"


def test_half_a_copy_is_taken_away_again(tmp_path: Path, elsewhere: Path) -> None:
    checkpoint = make_checkpoint(tmp_path / "checkpoint")
    (checkpoint / "gone").symlink_to(tmp_path / "nowhere")  # which cannot be copied
    with pytest.raises(OutputError, match="cannot be written"):
        deliver_model(checkpoint, elsewhere / "model")
    assert list(elsewhere.iterdir()) == []
    assert {path.name for path in checkpoint.iterdir()} == {"model.safetensors", "tokenizer", "gone"}


DIES_WHILE_DELETING = """
import os, sys
from pathlib import Path
from persopt.tuning.model_delivery import deliver_model
deleted = []
def die(event, args):
    if event == "os.remove":
        deleted.append(args)
        if len(deleted) == 2:
            os._exit(9)
sys.addaudithook(die)
deliver_model(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_a_crash_while_the_original_is_deleted_is_made_good(tmp_path: Path) -> None:
    checkpoint = make_checkpoint(tmp_path / "checkpoint")
    target = make_checkpoint(tmp_path / "model")  # as a copy to another file system leaves it
    died = subprocess.run([sys.executable, "-c", DIES_WHILE_DELETING, checkpoint, target], check=False)
    assert died.returncode == 9
    assert deliver_model(checkpoint, target) == target
    assert read(target) == FILES
