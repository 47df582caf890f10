"""What a structured pruning did."""

from __future__ import annotations

from persopt.domain.structured import StructuredReport

__all__ = ("StructuredReport",)
