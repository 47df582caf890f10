"""Loading modules as plugins: what is taken, what is told, what order."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from persopt.plugins.discovery import load_modules
from persopt.plugins.registry import PluginRecord
from persopt.settings import Settings

HEAD = "from persopt.plugins import NoOptions, hookimpl\n"
PARSER = """
class Parser:
    def __init__(self, name):
        self.name = name
    title = {"en": "Parser", "fa": "خواننده"}
    options = NoOptions
    def open(self, options):
        return None

"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def load(folder: Path, name: str, code: str) -> PluginRecord:
    (folder / f"{name}.py").write_text(HEAD + PARSER + code, "utf-8")
    (record,) = load_modules([name], Settings()).records
    return record


def test_a_hook_may_return_a_list_or_yield(folder: Path) -> None:
    listed = load(folder, "listed", "@hookimpl\ndef persopt_metric_parsers():\n    return [Parser('a'), Parser('b')]\n")
    yielded = load(folder, "yielded", "@hookimpl\ndef persopt_metric_parsers():\n    yield Parser('a')\n")
    assert listed.contributions == ["metric-parser:a", "metric-parser:b"]
    assert yielded.contributions == ["metric-parser:a"]


def test_a_name_may_be_used_once_within_a_plugin_too(folder: Path) -> None:
    record = load(folder, "twice", "@hookimpl\ndef persopt_metric_parsers():\n    return [Parser('a'), Parser('a')]\n")
    assert record.contributions == ["metric-parser:a"]
    assert record.faults == ["'a' is already offered by 'twice' (twice)"]


def test_a_broken_contribution_does_not_hide_the_others(folder: Path) -> None:
    record = load(folder, "partly", "@hookimpl\ndef persopt_metric_parsers():\n    return [3, Parser('a')]\n")
    assert record.contributions == ["metric-parser:a"]
    assert [fault.partition(":")[0] for fault in record.faults] == ["name", "title", "options", "open"]


def test_a_hook_that_fails_does_not_hide_the_plugins_others(folder: Path) -> None:
    code = (
        "@hookimpl\ndef persopt_metric_parsers():\n    yield Parser('a')\n"
        "@hookimpl\ndef persopt_pruning_methods():\n    raise SystemExit('no')\n"
    )
    record = load(folder, "half", code)
    assert record.contributions == ["metric-parser:a"]
    assert record.faults == ["persopt_pruning_methods() raised SystemExit: no"]


def test_a_wrapper_is_told(folder: Path) -> None:
    record = load(folder, "wrapper", "@hookimpl(wrapper=True)\ndef persopt_metric_parsers():\n    return (yield)\n")
    assert record.faults == ["persopt_metric_parsers() is marked as a wrapper, which persopt does not call"]


def test_a_module_without_any_hook_is_told(folder: Path) -> None:
    record = load(folder, "nothing", "")
    (fault,) = record.faults
    assert fault.startswith("offers nothing: it has none of the hooks persopt_sampling_strategies, ")


def test_an_interrupt_by_the_user_ends_the_loading(folder: Path) -> None:
    (folder / "interrupted.py").write_text("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        load_modules(["interrupted"], Settings())


def test_a_plugin_that_imports_something_heavy_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "heavy.py").write_text(
        f"import optuna\n{HEAD}{PARSER}@hookimpl\ndef persopt_metric_parsers():\n    yield Parser('a')\n", "utf-8"
    )
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1])\n"
        "from persopt.plugins.discovery import load_modules\n"
        "from persopt.settings import Settings\n"
        "record, = load_modules(['heavy'], Settings()).records\n"
        "print(json.dumps([record.contributions, record.faults, record.warnings]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    contributions, faults, (warning,) = json.loads(done.stdout)
    assert (contributions, faults) == (["metric-parser:a"], [])
    assert warning.startswith("imports optuna when it is loaded")
