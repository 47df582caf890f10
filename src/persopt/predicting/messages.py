"""What goes between a server and its process that predicts; framed by `persopt.kernel.messages.Channel`."""

from __future__ import annotations

from msgspec import Struct

__all__ = ("Ask", "AskedModel")


class AskedModel(Struct, frozen=True, kw_only=True):
    """A model: what it is called, and the folder where it lies."""

    name: str
    folder: str


class Ask(Struct, frozen=True, kw_only=True):
    """Try these models on a text; a `ModelPrediction` comes back of each, in their order."""

    models: list[AskedModel]
    text: str
    text_pair: str | None
    block_plugins: list[str] = []
