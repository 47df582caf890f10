"""What to know about a comparison, said in every language."""

from __future__ import annotations

from typing import Any

from persopt.comparison.verdict import comparison_locale
from persopt.domain.languages import LANGUAGES, Language

__all__ = ("Notes",)


class Notes:
    """Gathers notes, each once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, tuple[tuple[str, Any], ...]], None] = {}

    def add(self, key: str, **values: Any) -> None:
        """Keep a note of `messages/*.json`, its values by their names there."""
        self._found[key, tuple(values.items())] = None

    def write(self) -> dict[Language, list[str]]:
        """Return the texts."""
        return {language: self._write(language) for language in LANGUAGES}

    def _write(self, language: Language) -> list[str]:
        locale = comparison_locale(language)
        around = ("\u2068", "\u2069") if language == "fa" else ("", "")  # what is put in keeps its own direction
        return [
            locale.text(f"note.{key}", **{name: str(value).join(around) for name, value in values})
            for key, values in self._found
        ]
