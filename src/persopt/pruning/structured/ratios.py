"""How much of each kind of unit a structured pruning cuts."""

from __future__ import annotations

from persopt.domain.structured import LayerRule, Ratio, StructuredRatios

__all__ = ("LayerRule", "Ratio", "StructuredRatios")
