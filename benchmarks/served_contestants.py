"""All contestants that can run in a process of their own, by name."""

from __future__ import annotations

from typing import Final

from benchmarks.compression_contestants import COMPRESSED, TOOLS
from benchmarks.quantization_ours import OURS
from benchmarks.quantization_peers import PEERS, Peer

__all__ = ("CONTESTANTS",)

CONTESTANTS: Final[dict[str, Peer]] = PEERS | OURS | TOOLS | COMPRESSED
