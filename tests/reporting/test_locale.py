from __future__ import annotations

import re
from string import Formatter

import pytest

from persopt.reporting.locale import Locale, load_locale, read_messages

PACKAGES = (
    "persopt.reporting",
    "persopt.tuning.html_report",
    "persopt.comparison.reports",
)


def fields(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name is not None}


@pytest.mark.parametrize("package", PACKAGES)
def test_both_languages_say_the_same_things(package: str) -> None:
    english, persian = read_messages(package, "en"), read_messages(package, "fa")
    assert list(english) == list(persian)
    assert {key: fields(text) for key, text in english.items()} == {key: fields(text) for key, text in persian.items()}
    assert all(text.strip() for text in (*english.values(), *persian.values()))


@pytest.mark.parametrize("package", PACKAGES)
def test_persian_is_written_with_persian_letters_and_half_spaces(package: str) -> None:
    persian = " ".join(read_messages(package, "fa").values())
    assert not re.search("[كيى٠-٩0-9]", persian)
    # The prefix of verbs and the plural are joined by a half-space, never by a space.
    assert not re.search(r"(?<!\w)(?:ن?می) \w", persian)
    assert not re.search(r"\w ها(?!\w)", persian)
    assert not re.search("[,;?]", persian)


def test_no_package_takes_anothers_key() -> None:
    keys = [key for package in PACKAGES for key in read_messages(package, "en")]
    assert len(keys) == len(set(keys))


def test_values_are_written_as_the_language_does_and_escaped_in_html() -> None:
    messages = {"best": "<{name}> is {value}", "trials.one": "{number} trial", "trials.other": "{number} trials"}
    locale = Locale("fa", messages | {"list.separator": "، "})
    assert locale.direction == "rtl"
    assert locale.text("best", name="<b>", value=0.25) == "<<b>> is ۰٫۲۵"
    expected = "&lt;<bdi>&lt;script&gt;</bdi>&gt; is <bdi>۲</bdi>"
    assert str(locale.html("best", name="<script>", value=2)) == expected
    assert [locale.count("trials", number) for number in (1, 3)] == ["۱ trial", "۳ trials"]
    assert str(locale.isolated(["<i>", 3])) == "<bdi>&lt;i&gt;</bdi>، <bdi>۳</bdi>"
    assert locale.number(-1.5) == "\u2066−۱٫۵\u2069"
    assert locale.tick(-1.5) == "−۱٫۵"
    assert [locale.value(value) for value in (None, True, "متن")] == ["", "true", "متن"]
    assert [locale.number(value, signed=True) for value in (0.5, 0.0)] == ["\u2066+۰٫۵\u2069", "۰"]
    assert locale.percent(0.5, signed=True) == "\u2066+۵۰٪\u2069"


def test_sizes_have_the_unit_that_suits_them() -> None:
    sizes = (0, 999, 1000, 1_234_567, 438_012_345, 10**9, 3 * 10**12)
    english = ["0 B", "999 B", "1 kB", "1.235 MB", "438 MB", "1 GB", "3,000 GB"]
    assert [load_locale("en").bytes(size) for size in sizes] == english
    assert load_locale("fa").bytes(1_500_000) == "۱٫۵ مگابایت"


def test_an_unknown_message_is_an_error() -> None:
    with pytest.raises(KeyError, match="no-such"):
        load_locale("en").text("no-such")
