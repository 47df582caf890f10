"""The other contestants of the compression benchmark: tools in environments of their own, and what persopt finds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.quantization_ours import OURS
from benchmarks.quantization_peers import PEERS, Inputs, Peer

__all__ = ("COMPRESSED", "TOOLS")

_HERE: Final = Path(__file__).parent
_SOME_OF_OURS: Final = OURS["persopt, onnxruntime, dynamic int8"]
_ONNX_RUNTIME: Final = PEERS["ONNX Runtime, dynamic int8"]


def _make_by_tool(
    recipe: str, variable: str, checkpoint: Path, folder: Path, _: Callable[[], Iterator[Inputs]]
) -> None:
    python = os.environ.get(variable)
    if python is None:
        raise SystemExit(f"set {variable} to the interpreter of an environment that has the tool")
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    own |= {"OLIVE_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}
    subprocess.run([python, str(_HERE / recipe), str(checkpoint), str(folder)], check=True, env=own)


def _tool(recipe: str, variable: str) -> Peer:
    return Peer(partial(_make_by_tool, recipe, variable), _ONNX_RUNTIME.load, _ONNX_RUNTIME.weights)


def _compress(options: dict[str, Any], checkpoint: Path, folder: Path, _: Callable[[], Iterator[Inputs]]) -> None:
    import persopt

    persopt.compress(
        checkpoint, folder.parent / "data", output=folder / "model", home=folder.parent / "home", **options
    )


TOOLS: Final[dict[str, Peer]] = {
    "Olive, fused, dynamic int8": _tool("recipe_olive.py", "PERSOPT_BENCH_OLIVE"),
    "Optimum, dynamic int8": _tool("recipe_optimum.py", "PERSOPT_BENCH_OPTIMUM"),
}
"""Tools that want other versions of what persopt stands on; the variable names their interpreter."""

COMPRESSED: Final[dict[str, Peer]] = {
    "persopt, compress": Peer(
        partial(_compress, {"max_accuracy_drop": 1.0, "minimize": "latency", "budget": "30m"}),
        _SOME_OF_OURS.load,
        _SOME_OF_OURS.weights,
    ),
}
"""What a search of persopt finds. It chooses by the validation rows; the table is of the test rows."""
