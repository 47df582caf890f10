"""The command line: a thin face that builds specs, hands them to the kernel and shows what comes back."""

from __future__ import annotations

from persopt.cli.app import main

__all__ = ("main",)
