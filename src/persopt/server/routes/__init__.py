"""The routes, one file for each group of them."""

from __future__ import annotations
