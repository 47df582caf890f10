"""What every contribution has: a name, a title, options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from msgspec import Struct

__all__ = ("Contribution", "NoOptions")


class NoOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a contribution that has none."""


@runtime_checkable
class Contribution(Protocol):
    """A stateless object that a plugin yields from a hook; class attributes will do.

    Attributes:
        name: Unique within its plugin point; lower-case words joined by `-`.
        title: Name for people, by language: at least `en` and `fa`.
        options: A frozen msgspec Struct whose fields all have defaults; constraints, titles and descriptions
            stand in its annotations, and validation, flags, schema and forms are made from them.
    """

    @property
    def name(self) -> str:
        """The unique name."""
        ...

    @property
    def title(self) -> Mapping[str, str]:
        """Names for people, by language."""
        ...

    @property
    def options(self) -> type[Struct]:
        """The type of the options."""
        ...
