"""The quickstart's data: what kind of field is this text?

Values of Persian forms as people type them: words left out, letters slipped, Arabic letters for Persian ones.
A word alone is often ambiguous (a given name may also stand in a street's or a town's), so no model is right
every time, and how right it is depends on its hyperparameters.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faker import Faker

__all__ = ("FIELD_KINDS", "make_quickstart_data")

FIELD_KINDS: tuple[str, ...] = (
    "given name",
    "family name",
    "full name",
    "company",
    "job",
    "town",
    "street",
    "country",
    "colour",
    "sentence",
)

_DROPPED_WORD = 0.1
_SLIPPED_LETTER = 0.1
_ARABIC_LETTERS = 0.2
_LONGEST_SENTENCE = 4
_SHORTEST = 2
_ARABIC_FOR_PERSIAN = str.maketrans("یک", "يك")


def make_quickstart_data(
    folder: Path, seed: int = 0, *, train_rows: int = 6000, validation_rows: int = 1000, test_rows: int = 1000
) -> Path:
    """Write `train.jsonl`, `validation.jsonl` and `test.jsonl` with the columns `text` and `label`.

    The same seed gives the same bytes. Values repeat, as in
    real forms; each kind has the same number of rows.

    Args:
        folder: Where the files go; made if it does not exist.
        seed: Seed of the values and of their slips.
        train_rows: Rows to train on, a multiple of the number of kinds (`FIELD_KINDS`).
        validation_rows: Rows to choose by, likewise.
        test_rows: Rows to judge on what was chosen, likewise.

    Returns:
        The folder.

    Raises:
        ValueError: for a number of rows that the kinds cannot share evenly.
    """
    from faker import Faker

    for rows in (train_rows, validation_rows, test_rows):
        if rows < 1 or rows % len(FIELD_KINDS):
            raise ValueError(f"expected a multiple of {len(FIELD_KINDS)} rows, got {rows}")
    faker = Faker("fa_IR")
    faker.seed_instance(seed)
    chance = random.Random(seed)  # noqa: S311 - made-up data, not secrets
    makers = _makers(faker, chance)
    parts: dict[str, list[tuple[str, str]]] = {"train": [], "validation": [], "test": []}
    for kind in FIELD_KINDS:
        for part, rows in (("train", train_rows), ("validation", validation_rows), ("test", test_rows)):
            for _ in range(rows // len(FIELD_KINDS)):
                parts[part].append((_mistype(makers[kind](), chance), kind))
    folder.mkdir(parents=True, exist_ok=True)
    for part, fields in parts.items():
        chance.shuffle(fields)
        lines = [json.dumps({"text": text, "label": kind}, ensure_ascii=False) for text, kind in fields]
        (folder / f"{part}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def _makers(faker: Faker, chance: random.Random) -> Mapping[str, Callable[[], str]]:
    return {
        "given name": faker.first_name,
        "family name": faker.last_name,
        "full name": lambda: f"{faker.first_name()} {faker.last_name()}",
        "company": faker.company,
        "job": faker.job,
        "town": faker.city,
        "street": faker.street_name,
        "country": faker.country,
        "colour": faker.color_name,
        "sentence": lambda: " ".join(faker.words(chance.randint(2, _LONGEST_SENTENCE))),
    }


def _mistype(text: str, chance: random.Random) -> str:
    words = text.split()
    if len(words) > 1 and chance.random() < _DROPPED_WORD:
        words.pop(chance.randrange(len(words)))
    text = " ".join(words)
    while len(text) > _SHORTEST and chance.random() < _SLIPPED_LETTER:
        text = _slip(text, chance)
    return text.translate(_ARABIC_FOR_PERSIAN) if chance.random() < _ARABIC_LETTERS else text


def _slip(text: str, chance: random.Random) -> str:
    """Leave a letter out, write one twice, or two in the wrong order."""
    place = chance.randrange(len(text))
    before, letter, after = text[:place], text[place], text[place + 1 :]
    return chance.choice(
        (before + after, before + letter + letter + after, before + after[:1] + letter + after[1:])
    ).strip()
