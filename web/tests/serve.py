"""Serve the built studio over a workspace with a real tiny model and real tiny data; for browser tests and screenshots.

Prints the address on standard error, as `persopt studio` does, and runs until it is interrupted. A workspace that is
there already is served as it is, so a server can be ended and started again over the same jobs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = {"train": 120, "validation": 40}
MIXTURES = 600
WRONG = 1 / 8


def main() -> None:
    """Make what is missing, then become `persopt studio`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", default="0")
    given, more = parser.parse_known_args()
    if not (given.home / "models").is_dir():
        fill_workspace(given.home)
    command = [
        sys.executable,
        "-c",
        "import sys; from persopt.cli import main; sys.exit(main())",
        "studio",
        "--home",
        str(given.home),
        "--port",
        given.port,
        *more,
    ]
    os.execv(sys.executable, command)  # noqa: S606 - a program and its arguments, no shell


def fill_workspace(home: Path) -> None:
    """Put two tiny encoders and three data sets of Persian words into a workspace."""
    sys.path.insert(0, str(ROOT))
    from tests.support.tiny_models import WORDS, make_tiny_model

    chance = random.Random(7)  # noqa: S311 - rows of a test
    make_tiny_model(home / "models" / "tiny-bert-fa")
    make_tiny_model(home / "models" / "tiny-bert-fa-2", seed=1)
    kinds = list(WORDS)
    every = [word for words in WORDS.values() for word in words]
    single, pairs = home / "datasets" / "word-kinds", home / "datasets" / "word-pairs.jsonl"
    single.mkdir(parents=True)
    for split, count in ROWS.items():
        rows = [
            {"text": " ".join(chance.choices(WORDS[kind], k=3)), "label": kind}
            for kind in chance.choices(kinds, k=count)
        ]
        write(single / f"{split}.jsonl", rows)
    noisy = home / "datasets" / "word-mixtures"  # one label in eight is any kind, so no model gets all of them right
    noisy.mkdir()
    for split in ROWS:
        rows = [
            {
                "text": " ".join([*chance.choices(WORDS[kind], k=2), chance.choice(every)]),
                "label": kind if chance.random() > WRONG else chance.choice(kinds),
            }
            for kind in chance.choices(kinds, k=MIXTURES)
        ]
        write(noisy / f"{split}.jsonl", rows)
    couples = [chance.choices(kinds, k=2) for _ in range(sum(ROWS.values()))]
    write(
        pairs,
        [
            {
                "first": chance.choice(WORDS[a]),
                "second": chance.choice(WORDS[b]),
                "label": "same" if a == b else "other",
            }
            for a, b in couples
        ],
    )


def write(file: Path, rows: list[dict[str, str]]) -> None:
    """Write rows as JSON lines."""
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


if __name__ == "__main__":
    main()
