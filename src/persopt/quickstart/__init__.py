"""The quickstart: a small Persian task and a small encoder for it, made on the spot and offline."""

from __future__ import annotations

from persopt.quickstart.data import FIELD_KINDS, make_quickstart_data
from persopt.quickstart.model import make_quickstart_model, persian_normalizer
from persopt.quickstart.spec import (
    quickstart_comparison,
    quickstart_compression,
    quickstart_pruning,
    quickstart_quantization,
    quickstart_spec,
)

__all__ = (
    "FIELD_KINDS",
    "make_quickstart_data",
    "make_quickstart_model",
    "persian_normalizer",
    "quickstart_comparison",
    "quickstart_compression",
    "quickstart_pruning",
    "quickstart_quantization",
    "quickstart_spec",
)
