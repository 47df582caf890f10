"""Seeds that depend on nothing but what they are for."""

from __future__ import annotations

import hashlib

__all__ = ("derive_seed",)


def derive_seed(seed: int, *purpose: str | int) -> int:
    """Return a seed in [0, 2**32) that is the same on every machine, in every process and after a resume.

    Args:
        seed: The study's seed.
        *purpose: What the new seed is for, such as `"trial", 7, "attempt", 0`; seeds of different purposes are
            as good as independent.
    """
    text = "\x1f".join([str(seed), *(f"{type(part).__name__}:{part}" for part in purpose)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")
