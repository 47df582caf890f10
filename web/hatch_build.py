"""Builds the studio's page into a wheel where there is npm; an editable installation needs none of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE = "src/persopt/server/static"


class StudioBuildHook(BuildHookInterface[Any]):
    """Makes the page before the wheel is put together; without npm the wheel takes the page that is there, or none."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page, unless the installation is editable."""
        if version == "editable":
            return
        web = Path(self.root) / "web"
        npm = shutil.which("npm")
        if npm is None or not (web / "package.json").is_file() or not is_node_new(web / "package.json"):
            self.app.display_warning(
                "the studio's page is not built: there is no npm, no web/ in the sources, or no Node as new as it wants"
            )
        else:
            if not (web / "node_modules").is_dir():
                subprocess.run([npm, "ci"], cwd=web, check=True)
            subprocess.run([npm, "run", "build"], cwd=web, check=True)
        if (Path(self.root) / PAGE / "index.html").is_file():
            build_data["artifacts"].append(f"/{PAGE}/**")


def is_node_new(package: Path) -> bool:
    """Return whether Node is there, and as new as the package wants by its `engines`."""
    node = shutil.which("node")
    if node is None:
        return False
    oldest = json.loads(package.read_text("utf-8"))["engines"]["node"].removeprefix(">=")
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return read_version(told.removeprefix("v")) >= read_version(oldest)


def read_version(text: str) -> tuple[int, ...]:
    """Return the numbers of a version; none of what is no version."""
    return tuple(int(part) for part in text.split(".") if part.isdigit())
