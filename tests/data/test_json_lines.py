from __future__ import annotations

import json
from pathlib import Path

import pytest

from persopt.data.json_lines import read_json
from persopt.domain.errors import DataError

ROWS = [{"text": "خوب\u2028بود", "label": 1}, {"text": "بد", "label": 0, "extra": [1, 2]}]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS),
        "\r\n\r\n".join(json.dumps(row) for row in ROWS) + "\r\n",
        json.dumps(ROWS, indent=1),
    ],
)
def test_lines_and_arrays_give_the_same_rows(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text, "utf-8", newline="")
    assert read_json(tmp_path / "a.json").to_pylist() == [{**ROWS[0], "extra": None}, ROWS[1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}\n\n{"a": 2\n', r"a\.jsonl, line 3: not valid JSON"),
        ('{"a": 1}\n[1]\n', r"a\.jsonl, line 2: expected a JSON object"),
        ('[{"a": 1}, 5]', r"a\.jsonl, object 2: expected a JSON object"),
        ("[1", r"a\.jsonl is not valid JSON"),
        ("text,label", r"a\.jsonl, line 1: not valid JSON"),
        ('{"a": 1}\n{"a": "x"}\n', r"'a' are not all of one kind \(int first at line 1, str first at line 2\)"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(DataError, match=message):
        read_json(tmp_path / "a.jsonl")
