from __future__ import annotations

from pathlib import Path

from tests.cli.commands import one_object, run_persopt
from tests.support.comparisons import save_variant
from tests.support.tiny_models import make_text_program


def test_models_say_what_they_hold_of_a_text(tmp_path: Path) -> None:
    program = make_text_program(tmp_path / "made")
    for seed, name in enumerate(("one", "two")):
        save_variant(program, tmp_path / "home" / "models" / name, seed)
    done = run_persopt("predict", "one", "two", "absent", "--text", "گربه", "--json")
    assert done.returncode == 1
    first, second, third = one_object(done)["predictions"]
    assert [first["fault"], second["fault"]] == [None, None]
    assert "absent" in third["fault"]["message"]
    shown = run_persopt("predict", "one", "--text", "گربه")
    assert shown.returncode == 0, shown.stderr
    best = first["labels"][0]
    assert any(
        line.split() == ["one", best["label"], f"{best['probability']:.4f}"] for line in shown.stdout.splitlines()
    )
    assert run_persopt("predict", "--text", "a", *["one"] * 5).returncode == 2
