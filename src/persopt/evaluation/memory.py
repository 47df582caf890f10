"""Memory and time that it takes a fresh process to open a model and run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from persopt.domain.measurements import MemoryUse
from persopt.evaluation.speed import make_inputs
from persopt.measure.memory import measure_memory
from persopt.models.description import read_config
from persopt.models.runners import open_runner
from persopt.plugins.discovery import load_registry
from persopt.plugins.registry import Registry
from persopt.settings import Settings

__all__ = ("measure_model_memory", "open_call")

_BACKENDS: Final = "quantization-backend:"
# What is imported before the memory is read, so that it is the model's and not the libraries'.
_TORCH: Final = ("torch", "transformers", "transformers.models.auto.modeling_auto")
_LIBRARIES: Final[Mapping[str, tuple[str, ...]]] = {
    "safetensors": _TORCH,
    "torch": _TORCH,
    "onnx": ("onnxruntime",),
    "openvino": ("openvino",),
}
_ALWAYS: Final = ("numpy", "transformers.models.auto.configuration_auto")


def measure_model_memory(
    path: Path | str,
    format: str,
    registry: Registry,
    *,
    batch: int = 1,
    length: int = 128,
    device: str = "cpu",
    threads: int | None = None,
    on_wait: Callable[[], None] = lambda: None,
) -> MemoryUse:
    """Open a model in a fresh process, run it some times on inputs of one shape, and return the memory it took.

    Args:
        path: The model's folder.
        format: `safetensors`, `onnx`, `openvino`, ...: which libraries the base holds.
        registry: The backends; the fresh process loads the plugins anew.
        batch: Rows of a call.
        length: Tokens of a row.
        device: `cpu` or `cuda`.
        threads: CPU threads.
        on_wait: Called some times a second; may raise to end the work.

    Raises:
        ModelError: if it cannot be opened or run.
    """
    own = [one.module for one in registry.records if any(item.startswith(_BACKENDS) for item in one.contributions)]
    blocked = [one.name for one in registry.records if one.blocked]
    return measure_memory(
        "persopt.evaluation.memory:open_call",
        {
            "path": str(path),
            "modules": [module for module in own if module.startswith("persopt.")],
            "blocked": blocked,
            "batch": batch,
            "length": length,
            "device": device,
            "threads": threads,
        },
        libraries=_list_libraries(Path(path), format),
        threads=threads,
        on_wait=on_wait,
    )


@contextmanager
def open_call(
    path: str, modules: list[str], blocked: list[str], batch: int, length: int, device: str, threads: int | None
) -> Iterator[Callable[[], Any]]:
    """Open a model and give a call on inputs of one shape; what the fresh process opens.

    Args:
        path: The model's folder.
        modules: Modules of persopt's own backends.
        blocked: Plugins that are not loaded.
        batch: Rows of a call.
        length: Tokens of a row.
        device: `cpu` or `cuda`.
        threads: CPU threads.
    """
    registry = load_registry(Settings(block_plugins=blocked), modules)
    inputs = make_inputs([path], batch, length)
    with open_runner(path, registry, device=device, threads=threads) as opened:
        yield lambda: opened.run(inputs)


def _list_libraries(folder: Path, format: str) -> list[str]:
    """Return what opening a model imports; a module that there is not is passed over."""
    libraries = [*_ALWAYS, *_LIBRARIES.get(format, ())]
    if "transformers" in libraries:
        family = str(read_config(folder).get("model_type", "")).replace("-", "_")
        libraries.append(f"transformers.models.{family}.modeling_{family}")
    return libraries
