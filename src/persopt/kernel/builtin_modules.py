"""The modules that offer persopt's own contributions, through the same hooks as a stranger's."""

from __future__ import annotations

from typing import Final

__all__ = ("BUILTIN_MODULES",)

BUILTIN_MODULES: Final[tuple[str, ...]] = (
    "persopt.tuning.builtin.random",
    "persopt.tuning.builtin.grid",
    "persopt.tuning.builtin.bayesian",
    "persopt.tuning.builtin.cmaes",
    "persopt.tuning.builtin.qmc",
    "persopt.tuning.builtin.nsga2",
    "persopt.tuning.builtin.plain_metrics",
    "persopt.tuning.builtin.json_lines",
    "persopt.tuning.builtin.transformers_log",
    "persopt.tuning.builtin.keras_log",
    "persopt.tuning.builtin.lightning_log",
    "persopt.tuning.builtin.fastai_log",
    "persopt.kernel.local_executor",
    "persopt.pruning.builtin.magnitude",
    "persopt.pruning.builtin.gradient",
    "persopt.pruning.builtin.random",
    "persopt.pruning.builtin.wanda",
    "persopt.pruning.builtin.movement",
    "persopt.pruning.builtin.lottery_ticket",
    "persopt.quantization.builtin.torch_backend",
)
