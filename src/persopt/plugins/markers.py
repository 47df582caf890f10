"""The marker that makes a function of a plugin an implementation of a hook."""

from __future__ import annotations

from typing import Final

import pluggy

__all__ = ("PROJECT", "hookimpl", "hookspec")

PROJECT: Final = "persopt"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
