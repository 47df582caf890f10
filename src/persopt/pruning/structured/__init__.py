"""Structured pruning: attention heads, feed-forward neurons, hidden width and whole layers.

The result is physically smaller and of one shape throughout, so that its configuration can say it and plain
`AutoModelFor….from_pretrained` loads it.
"""

from persopt.pruning.structured.ratios import LayerRule, StructuredRatios
from persopt.pruning.structured.report import StructuredReport
from persopt.pruning.structured.sizes import Sizes, plan_sizes

__all__ = ("LayerRule", "Sizes", "StructuredRatios", "StructuredReport", "plan_sizes")
