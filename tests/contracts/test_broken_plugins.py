"""A real broken distribution for each way to fail: its fault is told in these words, and all others load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contracts.installing import BROKEN, LAMP, install, load, start

FAULTS = {
    "import_fails": (
        "missing",
        "persopt-broken-missing 1.0",
        ["import of 'persopt_broken_missing' raised ModuleNotFoundError: No module named 'persopt_broken_missing'"],
    ),
    "misspelled_hook": (
        "typo",
        "persopt-typo 1.2",
        ["unknown hook 'persopt_prunning_methods' in plugin <module 'typo'>; did you mean 'persopt_pruning_methods'?"],
    ),
    "hook_raises": (
        "raises",
        "persopt-raises 0.3",
        ["persopt_pruning_methods() raised ZeroDivisionError: division by zero"],
    ),
    "hook_argument": (
        "argument",
        "persopt-argument 2.0",
        [
            "Plugin 'argument' for hook 'persopt_pruning_methods'; "
            "hookimpl definition: persopt_pruning_methods(x: 'int') -> 'Iterable[PruningMethod[Any]]'; "
            "Argument(s) {'x'} are declared in the hookimpl but can not be found in the hookspec"
        ],
    ),
    "bad_contribution": (
        "bad",
        "persopt-bad 1.0",
        [
            "name: expected lower-case words joined by '-', got 'Bad Name'",
            "options: expected a frozen msgspec Struct whose fields all have defaults, got <class 'dict'>",
            "importance: expected a method importance(options, parameter, context), but it is missing",
        ],
    ),
    "wrong_signature": (
        "signature",
        "persopt-signature 1.0",
        ["importance: expected parameters (options, parameter, context), got (weight, ctx)"],
    ),
    "name_taken": (
        "zlamp",
        "persopt-zlamp 3.1",
        ["'lamp' is already offered by 'lamp' (persopt-lamp 1.0)"],
    ),
    "exits": ("exits", "persopt-exits 1.0", ["import of 'persopt_exits' raised SystemExit: 3"]),
    "missing_object": (
        "object",
        "persopt-object 1.0",
        ["import of 'persopt_object:plugin' raised AttributeError: module 'persopt_object' has no attribute 'plugin'"],
    ),
    "unmarked_hook": (
        "unmarked",
        "persopt-unmarked 1.0",
        ["offers nothing: persopt_pruning_methods() is not marked with @hookimpl"],
    ),
    "class_offered": (
        "class",
        "persopt-class 1.0",
        ["expected an object, got the class Forgotten; yield Forgotten()"],
    ),
    "not_iterable": (
        "none",
        "persopt-none 1.0",
        ["persopt_pruning_methods() must return or yield contributions, got None"],
    ),
    "odd_exception": (
        "odd",
        "persopt-odd 1.0",
        ["import of 'persopt_odd' raised Odd: (its message cannot be shown)"],
    ),
    "torn_metadata": (
        "persopt-torn",
        "persopt-torn 1.0",
        ["its entry_points.txt cannot be read: TypeError"],
    ),
}


@pytest.fixture
def lamp(tmp_path: Path) -> Path:
    """Folder in which the sample plugin of the documentation is installed."""
    return install(LAMP, tmp_path / "site")


def test_every_broken_plugin_has_its_words() -> None:
    assert {folder.name for folder in BROKEN.iterdir()} == set(FAULTS)


@pytest.mark.parametrize("folder", FAULTS)
def test_a_broken_plugin_is_told_and_the_good_one_loads(lamp: Path, folder: str) -> None:
    name, origin, faults = FAULTS[folder]
    loaded = load([BROKEN / folder, lamp])
    record = loaded["records"][name]
    assert f"{record['distribution']} {record['version']}" == origin
    # What an interpreter says of torn metadata differs from version to version.
    assert [re.sub(r"(raised|read): TypeError: .*", r"\1: TypeError", fault) for fault in record["faults"]] == faults
    assert loaded["records"]["lamp"]["contributions"] == ["pruning-method:lamp"]
    assert loaded["methods"]["lamp"] == "persopt-lamp 1.0"


def test_all_broken_plugins_together_do_no_more_harm_than_each(lamp: Path) -> None:
    loaded = load([*(BROKEN / folder for folder in FAULTS), lamp])
    broken = {name for name, record in loaded["records"].items() if record["faults"]}
    assert broken == {name for name, _, _ in FAULTS.values()}
    assert "lamp" in loaded["records"]
    assert loaded["methods"] == {"free": "persopt-zlamp 3.1", "lamp": "persopt-lamp 1.0"}


def test_what_is_good_in_a_plugin_with_a_fault_is_taken(lamp: Path) -> None:
    loaded = load([BROKEN / "name_taken", lamp])
    assert loaded["records"]["zlamp"]["contributions"] == ["pruning-method:free"]


def test_a_plugin_with_a_syntax_error_is_told(lamp: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "persopt-syntax"\nversion = "1"\nentry-points.persopt.syntax = "persopt_syntax"\n'
    )
    (project / "persopt_syntax.py").write_text("def broken(:\n")
    loaded = load([install(project, tmp_path / "broken"), lamp])
    (fault,) = loaded["records"]["syntax"]["faults"]
    assert fault == "import of 'persopt_syntax' raised SyntaxError: invalid syntax (persopt_syntax.py, line 1)"
    assert "lamp" in loaded["methods"]


def test_what_a_plugin_prints_stays_off_standard_output(lamp: Path) -> None:
    done = start([BROKEN / "class_offered", lamp])
    assert done.stdout.count("\n") == 1
    assert "loading..." not in done.stdout
    assert "loading..." in done.stderr


def test_faults_are_logged_with_plugin_and_distribution(lamp: Path) -> None:
    done = start([BROKEN / "hook_raises", lamp])
    assert "plugin 'raises' of persopt-raises 0.3: persopt_pruning_methods() raised ZeroDivisionError" in done.stderr


@pytest.mark.parametrize("blocked", ["exits", "persopt-exits"])
def test_a_blocked_plugin_is_not_even_imported(lamp: Path, blocked: str) -> None:
    loaded = load([BROKEN / "exits", lamp], PERSOPT_BLOCK_PLUGINS=f"{blocked},other")
    record = loaded["records"]["exits"]
    assert record["blocked"]
    assert record["faults"] == []
    assert record["seconds"] == 0
    assert "lamp" in loaded["methods"]


def test_a_name_to_be_blocked_that_nothing_has_is_logged(lamp: Path) -> None:
    done = start([lamp], PERSOPT_BLOCK_PLUGINS="lamb,persopt-lamp")
    (line,) = [line for line in done.stderr.splitlines() if "PERSOPT_BLOCK_PLUGINS" in line]
    assert "got 'lamb', accepted: " in line
    assert line.endswith("; did you mean 'lamp'?")
    assert "persopt-lamp" in line


def test_strict_loading_raises_with_all_faults_of_the_first_broken_plugin(lamp: Path) -> None:
    done = start([BROKEN / "bad_contribution", lamp], PERSOPT_STRICT_PLUGINS="1")
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("persopt.domain.errors.PluginError: plugin 'bad' of persopt-bad 1.0: name: expected")
    assert "importance: expected a method" in last


def test_strict_loading_is_content_with_good_plugins(lamp: Path) -> None:
    assert "lamp" in load([lamp], PERSOPT_STRICT_PLUGINS="1")["methods"]


def test_persopts_own_come_first_so_nobody_takes_their_names(lamp: Path) -> None:
    loaded = load([lamp, BROKEN / "name_taken"], ["persopt_zlamp"])
    assert loaded["methods"]["lamp"].startswith("persopt ")
    (fault,) = loaded["records"]["lamp"]["faults"]
    assert fault.startswith("'lamp' is already offered by 'persopt_zlamp' (persopt ")
    assert loaded["records"]["zlamp"]["faults"] == ["'persopt_zlamp' is already loaded as 'persopt_zlamp'"]


def test_the_time_of_an_import_is_measured(lamp: Path) -> None:
    loaded = load([lamp])
    assert loaded["records"]["lamp"]["seconds"] > 0
