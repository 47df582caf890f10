"""The languages in which persopt writes for people."""

from __future__ import annotations

from typing import Literal

__all__ = ("LANGUAGES", "Language")

Language = Literal["fa", "en"]

LANGUAGES: tuple[Language, ...] = ("fa", "en")
