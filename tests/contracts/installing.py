"""Installing plugins for a test: folders with a `*.dist-info` on the path of a fresh process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

BROKEN: Final = Path(__file__).parent / "broken_plugins"
LAMP: Final = Path(__file__).parents[2] / "docs" / "samples" / "lamp"

_PROGRAM: Final = """
import json, sys
import msgspec
from persopt.plugins.discovery import load_registry
from persopt.settings import load_settings

registry = load_registry(load_settings(), json.loads(sys.argv[1]))
print(json.dumps({
    "records": {record.name: msgspec.to_builtins(record) for record in registry.records},
    "methods": {name: registry.distribution_of(item) for name, item in registry.pruning_methods.items()},
}))
"""


def install(project: Path, target: Path) -> Path:
    """Do with a project of one module what pip does, as far as importlib.metadata can see; return the target."""
    described = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    information = target / f"{described['name'].replace('-', '_')}-{described['version']}.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {described['name']}\nVersion: {described['version']}\n"
    )
    lines = []
    for group, points in described["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
        for value in points.values():
            shutil.copy(project / f"{value}.py", target)
    (information / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return target


def start(folders: Iterable[Path], modules: Iterable[str] = (), **variables: str) -> subprocess.CompletedProcess[str]:
    """Load all plugins in a fresh process that has these folders on its path."""
    environment = {**os.environ, **variables, "PYTHONPATH": os.pathsep.join(str(folder) for folder in folders)}
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, json.dumps(list(modules))],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def load(folders: Iterable[Path], modules: Iterable[str] = (), **variables: str) -> Mapping[str, Any]:
    """Return the records by name, and the pruning methods with their distributions."""
    done = start(folders, modules, **variables)
    assert done.returncode == 0, done.stderr
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded
