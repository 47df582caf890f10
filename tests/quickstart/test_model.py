from __future__ import annotations

import random
from pathlib import Path

import pytest
from safetensors.torch import load_file
from transformers import AutoTokenizer

from persopt.models.description import check_model
from persopt.quickstart import make_quickstart_model, persian_normalizer

TEXTS = ["کتاب‌خانه ملی ایران", "خیابان آزادی", "شرکت فولاد", "رنگ آبی"] * 5


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("كتاب علي", "کتاب علی"),
        ("می‌خواهم", "می خواهم"),
        ("۱۲۳ و ٤٥٦", "123 و 456"),
        ("کِتابٌ", "کتاب"),
        ("کتـــاب", "کتاب"),
        ("\u200fسلام\u200e ", "سلام"),
        ("ﻻﻟﻪ", "لاله"),
        ("ABC", "abc"),
    ],
)
def test_persian_is_written_in_one_way(typed: str, written: str) -> None:
    assert persian_normalizer().normalize_str(typed) == written


def test_the_model_is_one_that_persopt_accepts(tmp_path: Path) -> None:
    description = check_model(make_quickstart_model(tmp_path / "model", TEXTS))

    assert description.model_type == "bert"
    assert description.architecture == "BertModel"
    assert description.max_tokens == 64


def test_the_reloaded_tokenizer_normalizes_and_knows_digits(tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(make_quickstart_model(tmp_path / "model", TEXTS))

    assert tokenizer.tokenize("كتاب‌خانه ۱۲٫") == tokenizer.tokenize("کتاب خانه 12٫")
    assert tokenizer.tokenize("۴۰۷")[-3:] == ["4", "0", "7"]
    text = str(tokenizer.decode(tokenizer("شركت", "آبي")["input_ids"]))
    assert text.replace(" ", "") == "[CLS]شرکت[SEP]آبی[SEP]"


def test_the_same_texts_give_the_same_tokenizer(tmp_path: Path) -> None:
    texts = [
        "".join(chance.choices("ابپتثج", k=chance.randint(2, 9))) for chance in [random.Random(3)] for _ in range(900)
    ]

    made = [make_quickstart_model(tmp_path / str(turn), texts) / "tokenizer.json" for turn in range(3)]

    assert len({file.read_bytes() for file in made}) == 1


def test_the_seed_decides_the_weights(tmp_path: Path) -> None:
    models = [make_quickstart_model(tmp_path / name, TEXTS, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))]

    first, again, other = (load_file(model / "model.safetensors") for model in models)
    name = "encoder.layer.0.attention.self.query.weight"
    assert first[name].equal(again[name])
    assert not first[name].equal(other[name])
