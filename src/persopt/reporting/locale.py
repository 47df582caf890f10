"""One language: its messages, and how it writes numbers, dates and lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from persopt.domain.languages import Language
from persopt.reporting.dates import format_duration, format_moment
from persopt.reporting.numerals import format_number, format_percent, isolate

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ("Locale", "load_locale", "read_messages")

FRAME = "persopt.reporting"


class Locale:
    """What a report says and how.

    Args:
        language: The language.
        messages: Texts by key; `{name}` is the place of a value. A key that counts has the forms `.one` and
            `.other`.
    """

    def __init__(self, language: Language, messages: dict[str, str]) -> None:
        self.language = language
        self.direction: Literal["rtl", "ltr"] = "rtl" if language == "fa" else "ltr"
        self._messages = messages

    def text(self, key: str, **values: Any) -> str:
        """Return a message as plain text; numbers among the values are written as the language does.

        Raises:
            KeyError: if there is no such message.
        """
        return self._messages[key].format(**{name: self._show(value) for name, value in values.items()})

    def html(self, key: str, **values: Any) -> Markup:
        """Return a message as HTML: every value escaped and isolated from the direction of what is around it."""
        from markupsafe import Markup, escape

        shown = {name: Markup("<bdi>{}</bdi>").format(self._show(value)) for name, value in values.items()}
        return Markup(escape(self._messages[key])).format(**shown)  # noqa: S704 - escaped

    def count(self, key: str, number: int, **values: Any) -> str:
        """Return the form of a message that suits a number, which is its value `number`."""
        form = "one" if number == 1 else "other"
        return self.text(f"{key}.{form}", number=number, **values)

    def has(self, key: str) -> bool:
        """Return whether there is such a message."""
        return key in self._messages

    def number(self, value: float, *, signed: bool = False) -> str:
        """Return a number, four significant digits; a change with its sign."""
        text = ("+" if signed and value > 0 else "") + format_number(value, self.language)
        return isolate(text) if self.language == "fa" and any(sign in text for sign in "×−+") else text

    def tick(self, value: float) -> str:
        """Return a number for the axis of a plot, which runs from left to right in every language."""
        return format_number(float(f"{value:.6g}"), self.language, digits=6)

    def percent(self, share: float, *, signed: bool = False) -> str:
        """Return a share of one as percent, a gain with its sign."""
        text = ("+" if signed and share > 0 else "") + format_percent(share, self.language)
        return isolate(text) if self.language == "fa" else text

    def bytes(self, number: int) -> str:
        """Return a size on disk or in memory in the unit that suits it, by powers of 1000."""
        for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
            if number >= size:
                return self.text(f"unit.{unit}", number=number / size)
        return self.text("unit.B", number=number)

    def duration(self, seconds: float) -> str:
        """Return a span of time."""
        return format_duration(seconds, self.language)

    def moment(self, moment: datetime) -> str:
        """Return a day with its time."""
        return format_moment(moment, self.language)

    def value(self, value: object) -> str:
        """Return a value of any kind: numbers as the language writes them, all else as it is."""
        if isinstance(value, str):  # HTML stays HTML
            return value
        return "" if value is None else str(self._show(value))

    def enumerate(self, items: Sequence[str]) -> str:
        """Return items as a list in a sentence; HTML if they are."""
        from markupsafe import Markup

        separator = self._messages["list.separator"]
        return (Markup(separator) if any(isinstance(item, Markup) for item in items) else separator).join(items)  # noqa: S704 - our own

    def isolated(self, values: Sequence[object]) -> Markup:
        """Return values as a list in HTML, each escaped and in its own direction."""
        from markupsafe import Markup

        return Markup(self.enumerate([Markup("<bdi>{}</bdi>").format(self.value(value)) for value in values]))  # noqa: S704 - escaped by format

    def _show(self, value: object) -> Any:
        if isinstance(value, bool):
            return "true" if value else "false"
        return self.number(value) if isinstance(value, int | float) else value


def load_locale(language: Language, *packages: str) -> Locale:
    """Return a language with the messages of the frame and of these packages, whose keys must differ."""
    messages: dict[str, str] = {}
    for package in (FRAME, *packages):
        messages |= read_messages(package, language)
    return Locale(language, messages)


def read_messages(package: str, language: Language) -> dict[str, str]:
    """Return the messages of a package: `messages/<language>.json` beside its code, a file for translators."""
    content = (resources.files(package) / "messages" / f"{language}.json").read_bytes()
    return msgspec.json.decode(content, type=dict[str, str])
