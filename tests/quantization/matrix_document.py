"""Writes what the backends declare into docs/quantization.md: `python -m tests.quantization.matrix_document`."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Final

from persopt.plugins.discovery import load_modules
from persopt.plugins.registry import Registry
from persopt.quantization.matrix import write_matrix
from persopt.settings import Settings

__all__ = ("DOCUMENT", "MODULES", "load_backends", "replace_matrix")

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "quantization.md"
MODULES: Final = ("persopt.quantization.builtin.torch_backend", "persopt_onnxruntime", "persopt_openvino")
_PLACE: Final = re.compile(r"(<!-- matrix: .*? -->\n).*?(<!-- end of the matrix -->)", re.DOTALL)


def load_backends() -> Registry:
    """Return persopt's own backends, as far as their packages are here."""
    return load_modules([module for module in MODULES if importlib.util.find_spec(module) is not None], Settings())


def replace_matrix(text: str, registry: Registry) -> str:
    """Return a document with the matrix of these backends in its place."""
    table = write_matrix(registry.quantization_backends)
    replaced, count = _PLACE.subn(lambda found: f"{found[1]}{table}{found[2]}", text)
    if count != 1:
        raise ValueError(f"the document has {count} places for the matrix")
    return replaced


if __name__ == "__main__":
    DOCUMENT.write_text(replace_matrix(DOCUMENT.read_text("utf-8"), load_backends()), "utf-8")
