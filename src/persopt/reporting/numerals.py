"""Numbers as people of a language write them."""

from __future__ import annotations

import math
from typing import Final

from persopt.domain.languages import Language

__all__ = ("format_number", "format_percent", "isolate", "localize_digits")

_PERSIAN: Final = str.maketrans("0123456789.,%-", "۰۱۲۳۴۵۶۷۸۹٫٬٪−")
_WESTERN: Final = str.maketrans("-", "−")
_RAISED: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
# Between these, numbers are written from left to right by themselves (powers, minus signs, units).
_ISOLATE, _POP = "\u2066", "\u2069"
_SMALLEST, _LARGEST = 1e-4, 1e6


def format_number(value: float, language: Language, *, digits: int = 4) -> str:
    """Return a number with at most so many significant digits, very large and small ones as powers of ten.

    Whole numbers keep all their digits. Nothing here sets the direction: see `isolate`.
    """
    if isinstance(value, int):
        return _localize(f"{value:,}", language)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == 0 or _SMALLEST <= abs(value) < _LARGEST:
        places = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
        text = f"{value:,.{places}f}"
        return _localize(text.rstrip("0").rstrip(".") if "." in text else text, language)
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    power = f"10{str(int(exponent)).translate(_RAISED)}"
    sign = "−" if mantissa == "-1" else ""
    text = f"{sign}{power}" if mantissa in ("1", "-1") else f"{mantissa}×{power}"
    return _localize(text, language)


def format_percent(share: float, language: Language) -> str:
    """Return a share of one as percent: `12.5%`, `۱۲٫۵٪`."""
    return format_number(round(share * 100, 1), language) + _localize("%", language)


def localize_digits(text: str, language: Language) -> str:
    """Return a text with its digits in the script of the language, and nothing else changed."""
    return text.translate({ord(str(digit)): "۰۱۲۳۴۵۶۷۸۹"[digit] for digit in range(10)}) if language == "fa" else text


def isolate(text: str) -> str:
    """Return a text that keeps its own order from left to right inside a text of any direction."""
    return f"{_ISOLATE}{text}{_POP}"


def _localize(text: str, language: Language) -> str:
    return text.translate(_PERSIAN if language == "fa" else _WESTERN)
