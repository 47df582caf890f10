"""Which module of the Transformers model an operator of the graph comes from."""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onnx import ModelProto, NodeProto

__all__ = ("is_kept", "name_modules")

_SCOPES: Final = "pkg.torch.onnx.name_scopes"


def name_modules(model: ModelProto) -> dict[str, str]:
    """Return the module's name, as `model.named_modules()` has it, by the name of a node and of what it makes.

    PyTorch's exporters write it: TorchScript's into the node's name, the newer one into its metadata. What an export
    wraps around the model, and so stands before every name, is left out.
    """
    found = {node.name: parts for node in model.graph.node if (parts := _module(node))}
    while found and len({parts[0] for parts in found.values()}) == 1 and _is_wrapper(found.values()):
        found = {name: parts[1:] for name, parts in found.items() if len(parts) > 1}
    named = {name: ".".join(parts) for name, parts in found.items()}
    made = {output: named[node.name] for node in model.graph.node if node.name in named for output in node.output}
    return made | named


def is_kept(module: str, patterns: Iterable[str]) -> bool:
    """Tell whether a module, or one that it is in, matches one of the patterns (fnmatch)."""
    parts = module.split(".")
    names = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)


def _module(node: NodeProto) -> list[str]:
    written = next((item.value for item in node.metadata_props if item.key == _SCOPES), "")
    if written:
        scopes = [scope for scope in ast.literal_eval(written)[:-1] if scope and not scope.startswith("_")]
        return str(scopes[-1]).split(".") if scopes else []
    parts = node.name.split("/")
    return parts[1:-1] if len(parts) > 2 and not parts[0] else []  # noqa: PLR2004 - "/module/Operator"


def _is_wrapper(found: Iterable[list[str]]) -> bool:
    return any(len(parts) > 1 for parts in found)
