from __future__ import annotations

from pathlib import Path

import pytest

from persopt.kernel.builtin_modules import BUILTIN_MODULES
from tests.cli.commands import one_object, run_persopt


def install(folder: Path, name: str, source: str) -> None:
    """Put a distribution with one entry point where Python finds it."""
    (folder / f"{name}.py").write_text(source, "utf-8")
    info = folder / f"{name}-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[persopt]\n{name} = {name}\n", "utf-8")


@pytest.fixture
def broken(tmp_path: Path) -> dict[str, str]:
    """The environment in which a broken plugin is installed."""
    folder = tmp_path / "site"
    folder.mkdir()
    install(folder, "broken_plugin", "import a_library_that_is_missing")
    return {"PYTHONPATH": str(folder)}


def test_every_built_in_plugin_is_listed_without_faults() -> None:
    result = run_persopt("plugins", "--strict", "--json")
    assert result.returncode == 0, result.stderr
    found = one_object(result)["plugins"]
    own = [record for record in found if record["distribution"] == "persopt"]
    assert [record["module"] for record in own] == list(BUILTIN_MODULES)
    for record in found:
        assert record["contributions"]
        assert record["faults"] == []
        assert record["seconds"] >= 0


def test_a_broken_plugin_is_listed_with_the_reason_and_the_others_load(broken: dict[str, str]) -> None:
    result = run_persopt("plugins", "--json", env=broken)
    assert result.returncode == 0
    found = one_object(result)["plugins"]
    assert [one["module"] for one in found if one["distribution"] == "persopt"] == list(BUILTIN_MODULES)
    (record,) = (one for one in found if one["faults"])
    assert (record["name"], record["distribution"], record["version"]) == ("broken_plugin", "broken_plugin", "1.5")
    assert "No module named 'a_library_that_is_missing'" in record["faults"][0]
    shown = run_persopt("plugins", env=broken).stdout
    assert "fault of broken_plugin (broken_plugin 1.5): " in shown
    assert "sampling-strategy:grid" in shown


def test_strict_turns_a_fault_into_exit_code_one(broken: dict[str, str]) -> None:
    assert run_persopt("plugins", "--strict", env=broken).returncode == 1


def test_a_name_to_be_blocked_that_nothing_has_is_a_warning(broken: dict[str, str]) -> None:
    env = {**broken, "PERSOPT_BLOCK_PLUGINS": "broken_plugn,broken_plugin"}
    result = run_persopt("plugins", "--strict", "--json", env=env)
    assert result.returncode == 0  # nothing is broken
    (warning,) = one_object(result)["warnings"]
    assert "got 'broken_plugn', accepted: " in warning
    assert warning.endswith("; did you mean 'broken_plugin'?")
    assert f"warning: {warning}" in run_persopt("plugins", env=env).stdout


def test_show_tells_of_a_contribution_and_its_options() -> None:
    result = run_persopt("plugins", "show", "grid", "--json")
    assert result.returncode == 0
    (found,) = one_object(result)["contributions"]
    assert found["contribution"] == "sampling-strategy:grid"
    assert found["title"]["fa"]
    assert found["distribution"].startswith("persopt ")
    assert found["options"][0]["name"] == "maxPoints"
    shown = run_persopt("plugins", "show", "sampling-strategy:grid").stdout
    assert "max-points" in shown
    assert found["title"]["fa"] in shown


def test_a_name_that_nothing_has_is_exit_code_three() -> None:
    result = run_persopt("plugins", "show", "gird")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("error: no plugin offers 'gird'; did you mean 'grid'?")
