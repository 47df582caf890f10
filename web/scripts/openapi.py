"""Print the OpenAPI document of persopt's own API, built-in plugins only, so that it is the same on every machine."""

from __future__ import annotations

import sys

import msgspec

from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_modules
from persopt.server.app import list_routes
from persopt.server.openapi import make_document
from persopt.settings import load_settings


def main() -> None:
    """Write the document to standard output."""
    registry = load_modules(BUILTIN_MODULES, load_settings({}))
    document = make_document(list_routes(), registry)
    sys.stdout.buffer.write(msgspec.json.encode(document))


if __name__ == "__main__":
    main()
