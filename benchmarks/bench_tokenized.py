"""What does the cache of tokenized data save?"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.contest import contest
from benchmarks.material import make_program

ROWS = 20_000


def run_first() -> float:
    """Tokenize the data set and map it."""
    return _measure(calls=1)


def run_hit() -> float:
    """Find it in the cache and map it."""
    return _measure(calls=2)


def _measure(calls: int) -> float:
    from persopt.data.tokenized import tokenized_dataset
    from persopt.models.loading import load_tokenizer

    with tempfile.TemporaryDirectory() as folder:
        program = make_program(Path(folder), rows=ROWS)
        tokenizer = load_tokenizer(Path(program.model))
        for call in range(calls):
            begun = time.perf_counter()
            found = tokenized_dataset(program, program.data.max_length, tokenizer)
            seconds = time.perf_counter() - begun
            if found.from_cache != bool(call):
                raise SystemExit(f"call {call} came from the cache: {found.from_cache}")
    return seconds


if __name__ == "__main__":
    contest(
        f"Tokenized data of {ROWS:,} short Persian texts",
        "One call of `tokenized_dataset`: the first one reads, splits, tokenizes and writes; the second one finds "
        "it by content hash (all files are hashed again) and maps it.",
        {"first call": run_first, "cache hit": run_hit},
    )
