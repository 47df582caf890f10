"""The bar shows its title as it is written."""

from __future__ import annotations

import pytest

from persopt.domain.jobs import Progress
from persopt.progress import show_progress


def test_brackets_in_the_title_are_no_markup(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with show_progress("[red]films[/nothing]") as move:
        move(Progress(done=2, total=2, best=0.5))
    shown = capsys.readouterr().err
    assert "[red]films[/nothing]" in shown
    assert "2/2" in shown
