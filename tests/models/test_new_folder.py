from __future__ import annotations

from pathlib import Path

import pytest

from persopt.domain.errors import ModelError, OutputError
from persopt.models.new_folder import make_new_folder


def test_a_folder_has_its_name_only_when_it_is_filled(tmp_path: Path) -> None:
    with make_new_folder(tmp_path / "deep" / "new") as part:
        (part / "file").write_text("text")
        assert not (tmp_path / "deep" / "new").exists()
    assert (tmp_path / "deep" / "new" / "file").read_text() == "text"
    assert [item.name for item in (tmp_path / "deep").iterdir()] == ["new"]
    (tmp_path / "like").mkdir()
    assert (tmp_path / "deep" / "new").stat().st_mode == (tmp_path / "like").stat().st_mode


@pytest.mark.parametrize("error", [ModelError("no"), OutputError("no"), KeyboardInterrupt()])
def test_a_block_that_fails_leaves_nothing(error: BaseException, tmp_path: Path) -> None:
    def fail() -> None:
        with make_new_folder(tmp_path / "new") as part:
            (part / "file").touch()
            raise error

    with pytest.raises(type(error)) as caught:
        fail()
    assert caught.value is error
    assert list(tmp_path.iterdir()) == []
