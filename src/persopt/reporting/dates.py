"""Moments and spans of time as people of a language write them: Jalali in Persian."""

from __future__ import annotations

from datetime import datetime

from persopt.domain.languages import Language
from persopt.reporting.numerals import format_number, isolate, localize_digits

__all__ = ("format_duration", "format_moment")

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_UNITS = {
    "en": {"day": "d", "hour": "h", "minute": "min", "second": "s", "and": " "},
    "fa": {"day": "روز", "hour": "ساعت", "minute": "دقیقه", "second": "ثانیه", "and": " و "},
}


def format_moment(moment: datetime, language: Language) -> str:
    """Return day and time in this machine's time zone, which is named: `24 November 2026, 13:45 (UTC)`.

    In Persian by the Jalali calendar: `۳ آذر ۱۴۰۵، ۱۳:۴۵ (UTC)`.
    """
    local = moment.astimezone()
    zone = isolate(f"({local.tzname()})")
    if language == "en":
        return f"{local.day} {local:%B %Y, %H:%M} {zone}"
    from persiantools.jdatetime import JalaliDateTime

    jalali = JalaliDateTime.to_jalali(local)  # type: ignore[no-untyped-call]
    month = jalali.strftime("%B", locale="fa")
    return localize_digits(f"{jalali.day} {month} {jalali.year}، {local:%H:%M} ", language) + zone


def format_duration(seconds: float, language: Language) -> str:
    """Return seconds as people say them: `4.2 s`, `3 min 5 s`, `2 h 7 min`, `1 d 3 h`."""
    units = _UNITS[language]
    if seconds < _MINUTE:
        return f"{format_number(round(seconds, 2), language, digits=3)} {units['second']}"
    whole = round(seconds)
    if whole < _HOUR:
        parts = ((whole // _MINUTE, "minute"), (whole % _MINUTE, "second"))
    elif whole < _DAY:
        parts = ((whole // _HOUR, "hour"), (whole % _HOUR // _MINUTE, "minute"))
    else:
        parts = ((whole // _DAY, "day"), (whole % _DAY // _HOUR, "hour"))
    return units["and"].join(f"{format_number(count, language)} {units[unit]}" for count, unit in parts if count)
