"""persopt: better-tuned, smaller, faster Transformers models, with measured proof.

The names below load what they need when they are first used; `import persopt` itself is light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from persopt.domain import errors
from persopt.domain.compare_reports import CompareReport
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.compress_reports import CompressReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.measure_specs import MeasureReport, MeasureSpec
from persopt.domain.objectives import Objective
from persopt.domain.prune_reports import PruneReport
from persopt.domain.prune_specs import PruneConfig, PruneSpec
from persopt.domain.prune_training import PruneTraining
from persopt.domain.quantize_reports import QuantizeReport
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec, QuantizeTraining
from persopt.domain.reports import TuneReport
from persopt.domain.space import ParameterSpec
from persopt.domain.specs import TuneSpec

if TYPE_CHECKING:
    from persopt.api import (
        compare,
        compress,
        download_results,
        export_study,
        measure_model,
        prune,
        quantize,
        tune,
        write_report,
    )
    from persopt.opening import load

__all__ = (
    "CompareReport",
    "CompareSpec",
    "CompressReport",
    "CompressSpec",
    "MeasureReport",
    "MeasureSpec",
    "Objective",
    "ParameterSpec",
    "PruneConfig",
    "PruneReport",
    "PruneSpec",
    "PruneTraining",
    "QuantizeConfig",
    "QuantizeReport",
    "QuantizeSpec",
    "QuantizeTraining",
    "TuneReport",
    "TuneSpec",
    "__version__",
    "compare",
    "compress",
    "download_results",
    "errors",
    "export_study",
    "load",
    "measure_model",
    "prune",
    "quantize",
    "tune",
    "write_report",
)

__version__ = "0.1.0"

_API = (
    "compare",
    "compress",
    "download_results",
    "export_study",
    "measure_model",
    "prune",
    "quantize",
    "tune",
    "write_report",
)
_LAZY = dict.fromkeys(_API, "persopt.api") | {"load": "persopt.opening"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'persopt' has no attribute {name!r}")
    return getattr(importlib.import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
