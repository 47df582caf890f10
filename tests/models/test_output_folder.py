from __future__ import annotations

from pathlib import Path

import pytest

from persopt.models.output_folder import check_disk_space, check_output_folder


def messages(folder: Path, *inputs: Path) -> list[str]:
    return [fault.message for fault in check_output_folder(folder, inputs)]


def test_a_new_and_an_empty_folder_will_do_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert messages(tmp_path / "new" / "deep", tmp_path / "model") == []
    assert messages(tmp_path / "empty") == []
    assert list(tmp_path.rglob("*")) == [tmp_path / "empty"]


def test_a_folder_in_use_a_file_and_a_dead_link_will_not(tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "model.safetensors").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert "is in use" in messages(tmp_path / "used")[0]
    assert "is a file" in messages(tmp_path / "used" / "model.safetensors")[0]
    assert "cannot be written" in messages(tmp_path / "used" / "model.safetensors" / "below")[0]
    assert "leads nowhere" in messages(tmp_path / "link")[0]


def test_a_mount_point_cannot_be_replaced_by_a_folder() -> None:
    assert messages(Path("/")) == ["/ is a mount point; give a folder inside it"]


def test_a_place_where_nobody_may_write_is_found_by_trying(tmp_path: Path) -> None:
    closed = Path("/proc/self")
    if not closed.is_dir():
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o500)
    (message,) = messages(closed / "model")
    assert "cannot be written" in message


@pytest.mark.parametrize("name", ["model", "model/best", "other/../model/best", "link/best"])
def test_the_output_must_not_lie_in_what_is_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "model")
    (message,) = messages(tmp_path / name, tmp_path / "data.csv", tmp_path / "model")
    assert message.startswith(f"lies inside {tmp_path / 'model'}")


def test_a_disk_that_is_obviously_too_small_is_told(tmp_path: Path) -> None:
    assert list(check_disk_space(tmp_path / "new", 1)) == []
    (fault,) = check_disk_space(tmp_path / "new", 2**70)
    assert "1,180,591,620,717.4 GB" in fault.message
    assert fault.code == "output"


def test_small_sizes_are_told_in_megabytes() -> None:
    proc = Path("/proc/self")
    if not proc.is_dir():
        pytest.skip("this machine has no /proc, which has no room at all")
    (fault,) = check_disk_space(proc / "model", 77_704)
    assert "need about 0.1 MB, and 0.0 MB are free" in fault.message
