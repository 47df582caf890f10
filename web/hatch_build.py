"""Builds the studio's page into a wheel where there is npm; an editable installation needs none of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE = "src/persopt/server/static"
OLDEST_NODE = (20, 19)


class StudioBuildHook(BuildHookInterface[Any]):
    """Makes the page before the wheel is put together; without npm the wheel takes the page that is there, or none."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page, unless the installation is editable."""
        if version == "editable":
            return
        web = Path(self.root) / "web"
        npm = shutil.which("npm")
        if npm is None or not (web / "package.json").is_file() or not is_node_new():
            self.app.display_warning(
                "the studio's page is not built: there is no npm, no web/ in these sources, or no Node as new as "
                + ".".join(map(str, OLDEST_NODE))
            )
        else:
            if not (web / "node_modules").is_dir():
                subprocess.run([npm, "ci"], cwd=web, check=True)
            subprocess.run([npm, "run", "build"], cwd=web, check=True)
        if (Path(self.root) / PAGE / "index.html").is_file():
            build_data["artifacts"].append(f"/{PAGE}/**")


def is_node_new() -> bool:
    """Return whether Node is there and new enough for the tools of the build."""
    node = shutil.which("node")
    if node is None:
        return False
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major, _, rest = told.removeprefix("v").partition(".")
    minor = rest.partition(".")[0]
    return major.isdigit() and minor.isdigit() and (int(major), int(minor)) >= OLDEST_NODE
