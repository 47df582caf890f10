"""The hooks, the table of plugin points, and the examples in the hooks' docstrings."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path

import pytest

from persopt import plugins
from persopt.plugins import contracts, hookspecs
from persopt.plugins.discovery import load_modules
from persopt.plugins.points import PLUGIN_POINTS, PluginPoint
from persopt.settings import Settings


def test_every_hook_is_a_plugin_point() -> None:
    assert sorted(point.hook for point in PLUGIN_POINTS) == sorted(hookspecs.__all__)


def test_hooks_take_no_argument_and_return_an_iterable() -> None:
    for name in hookspecs.__all__:
        signature = inspect.signature(getattr(hookspecs, name))
        assert not signature.parameters
        assert str(signature.return_annotation).startswith("Iterable[")


@pytest.mark.parametrize("point", PLUGIN_POINTS, ids=lambda point: point.kind)
def test_the_example_of_a_hook_is_a_plugin_that_loads(
    point: PluginPoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = inspect.getdoc(getattr(hookspecs, point.hook)) or ""
    code = textwrap.dedent(text.split("```python\n")[1].split("```")[0])
    module = f"example_of_{point.hook}"
    (tmp_path / f"{module}.py").write_text(code, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    (record,) = load_modules([module], Settings()).records
    assert record.faults == []
    assert len(record.contributions) == 1
    assert record.contributions[0].startswith(f"{point.kind}:")


def test_authors_find_every_name_of_the_contracts_in_one_place() -> None:
    folder = Path(inspect.getfile(contracts)).parent
    for path in folder.glob("[a-z]*.py"):
        module = __import__(f"persopt.plugins.contracts.{path.stem}", fromlist=["__all__"])
        assert set(module.__all__) <= set(plugins.__all__), path.stem
