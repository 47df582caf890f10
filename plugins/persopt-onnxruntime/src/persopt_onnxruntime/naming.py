"""Which module of the Transformers model an operator of the graph comes from."""

from __future__ import annotations

import ast
from collections import Counter
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from onnx import ModelProto, NodeProto

__all__ = ("is_kept", "name_modules")

_SCOPES: Final = "pkg.torch.onnx.name_scopes"
_WRAPPER: Final = "model"


def name_modules(model: ModelProto) -> dict[str, str]:
    """Return the module's name, as `model.named_modules()` has it, by the name of a node and of what it makes.

    PyTorch's exporters write it: TorchScript's into the node's name, the newer one into its metadata. The module that
    persopt's export wraps around the model is left out. A graph of one part of a model, such as the encoder, may not
    tell what holds that part; the names of its parameters do.
    """
    found = {node.name: parts for node in model.graph.node if (parts := _module(node))}
    holders = _find_holders(model, found)
    found = {name: holders + parts for name, parts in found.items()}
    if all(parts[0] == _WRAPPER for parts in found.values()):
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


def _find_holders(model: ModelProto, found: Mapping[str, list[str]]) -> list[str]:
    """Return the modules that stand before a node's module in the names of the parameters that it takes."""
    constants = {item.name for item in model.graph.initializer}
    votes: Counter[str] = Counter()
    for node in model.graph.node:
        scope = ".".join(found.get(node.name, []))
        for name in constants.intersection(node.input) if scope else ():
            owner = name.rpartition(".")[0]
            if owner == scope or owner.endswith(f".{scope}"):
                votes[owner.removesuffix(scope)] += 1
    return [part for part in votes.most_common(1)[0][0].split(".") if part] if votes else []
