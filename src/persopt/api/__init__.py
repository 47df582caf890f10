"""The Python functions of persopt: in this program, or as a durable job when asked."""

from __future__ import annotations

from persopt.api.comparing import compare
from persopt.api.compressing import prune, quantize
from persopt.api.compression import compress
from persopt.api.measuring import measure_model
from persopt.api.reports import download_results, export_study, load_report, write_report
from persopt.api.tuning import tune

__all__ = (
    "compare",
    "compress",
    "download_results",
    "export_study",
    "load_report",
    "measure_model",
    "prune",
    "quantize",
    "tune",
    "write_report",
)
