from __future__ import annotations

from datetime import date, datetime

import pytest

from persopt.reporting.dates import format_duration, format_moment

# Days that the official calendar of Iran gives.
KNOWN = [
    (date(2026, 11, 24), "۳ آذر ۱۴۰۵"),
    (date(2024, 3, 20), "۱ فروردین ۱۴۰۳"),
    (date(2025, 3, 20), "۳۰ اسفند ۱۴۰۳"),
    (date(2025, 3, 21), "۱ فروردین ۱۴۰۴"),
    (date(1979, 2, 11), "۲۲ بهمن ۱۳۵۷"),
]


@pytest.mark.parametrize(("day", "jalali"), KNOWN)
def test_days_are_jalali_in_persian(day: date, jalali: str) -> None:
    moment = datetime(day.year, day.month, day.day, 13, 5).astimezone()
    assert format_moment(moment, "fa") == f"{jalali}، ۱۳:۰۵ \u2066({moment.tzname()})\u2069"


def test_days_are_gregorian_in_english() -> None:
    moment = datetime(2026, 11, 4, 9, 5).astimezone()
    assert format_moment(moment, "en") == f"4 November 2026, 09:05 \u2066({moment.tzname()})\u2069"


@pytest.mark.parametrize(
    ("seconds", "english", "persian"),
    [
        (0.0, "0 s", "۰ ثانیه"),
        (4.25, "4.25 s", "۴٫۲۵ ثانیه"),
        (185.0, "3 min 5 s", "۳ دقیقه و ۵ ثانیه"),
        (120.0, "2 min", "۲ دقیقه"),
        (7620.0, "2 h 7 min", "۲ ساعت و ۷ دقیقه"),
        (97200.0, "1 d 3 h", "۱ روز و ۳ ساعت"),
    ],
)
def test_spans_are_said_in_their_two_largest_units(seconds: float, english: str, persian: str) -> None:
    assert (format_duration(seconds, "en"), format_duration(seconds, "fa")) == (english, persian)
