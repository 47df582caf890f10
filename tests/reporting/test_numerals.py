from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from persopt.domain.languages import LANGUAGES, Language
from persopt.reporting.numerals import format_number, format_percent, isolate, localize_digits

CASES: list[tuple[float, str, str]] = [
    (0, "0", "۰"),
    (12, "12", "۱۲"),
    (1234567, "1,234,567", "۱٬۲۳۴٬۵۶۷"),
    (-3, "−3", "−۳"),
    (0.5, "0.5", "۰٫۵"),
    (2.0, "2", "۲"),
    (0.89914, "0.8991", "۰٫۸۹۹۱"),
    (12345.6, "12,346", "۱۲٬۳۴۶"),
    (0.0003074, "0.0003074", "۰٫۰۰۰۳۰۷۴"),
    (1e-5, "10⁻⁵", "۱۰⁻⁵"),
    (1.857e-5, "1.857×10⁻⁵", "۱٫۸۵۷×۱۰⁻⁵"),
    (-1e-7, "−10⁻⁷", "−۱۰⁻⁷"),
    (3e12, "3×10¹²", "۳×۱۰¹²"),
    (math.inf, "∞", "∞"),
    (-math.inf, "−∞", "−∞"),
    (math.nan, "NaN", "NaN"),
]
BACK = str.maketrans("۰۱۲۳۴۵۶۷۸۹٫−⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789.-0123456789-", "٬,")


@pytest.mark.parametrize(("value", "english", "persian"), CASES)
def test_a_number_is_written_as_people_write_it(value: float, english: str, persian: str) -> None:
    assert format_number(value, "en") == english
    assert format_number(value, "fa") == persian


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.sampled_from(LANGUAGES))
@example(value=1e-5, language="en")  # a power of ten by itself
@example(value=-1e7, language="fa")
def test_what_is_written_is_the_number_to_four_digits(value: float, language: Language) -> None:
    mantissa, _, power = format_number(value, language).translate(BACK).partition("×")
    if "⁻" in format_number(value, language) or any(
        raised in format_number(value, language) for raised in "⁰¹²³⁴⁵⁶⁷⁸⁹"
    ):
        factor = 10.0 ** int((power or mantissa.lstrip("-")).removeprefix("10"))
        read = float(mantissa) * factor if power else (-factor if mantissa.startswith("-") else factor)
    else:
        read = float(mantissa)
    assert read == pytest.approx(value, rel=5.1e-4, abs=1e-300)


def test_percent_and_digits_in_text() -> None:
    assert (format_percent(0.1234, "en"), format_percent(0.1234, "fa")) == ("12.3%", "۱۲٫۳٪")
    assert localize_digits("13:45 a-b", "fa") == "۱۳:۴۵ a-b"
    assert localize_digits("13:45", "en") == "13:45"
    assert isolate("x") == "\u2066x\u2069"
