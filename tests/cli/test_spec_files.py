from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from persopt.cli.spec_files import read_mapping
from persopt.domain.errors import InputError

MEANT: dict[str, Any] = {
    "learningRate": {"min": 1e-5, "max": 1e-3, "distribution": "log_uniform"},
    "batchSize": [8, 16],
    "epochs": 2,
    "bf16": False,
    "optim": "no",
    "نام": "آزمایش",
}
JSON = (
    '{"learningRate": {"min": 1e-5, "max": 1e-3, "distribution": "log_uniform"}, "batchSize": [8, 16],'
    ' "epochs": 2, "bf16": false, "optim": "no", "نام": "آزمایش"}'
)
TOML = """
learningRate = {min = 1e-5, max = 1e-3, distribution = "log_uniform"}
batchSize = [8, 16]
epochs = 2
bf16 = false
optim = "no"
"نام" = "آزمایش"
"""
YAML = """
learningRate: {min: 1e-5, max: 1e-3, distribution: log_uniform}
batchSize: [8, 16]
epochs: 2
bf16: false
optim: no
نام: آزمایش
"""


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", JSON), ("a.toml", TOML), ("a.yaml", YAML), ("a.yml", YAML), ("a.YAML", YAML)]
)
def test_the_three_formats_mean_the_same(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    assert read_mapping(str(tmp_path / name), "--config") == MEANT


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(JSON, "utf-8-sig")
    assert read_mapping(str(tmp_path / "a.json"), "--config") == MEANT


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.txt", b"{}", "--spec: expected a file that ends in .json, .toml, .yaml, .yml"),
        ("a.json", b"{", "is not valid JSON"),
        ("a.toml", b"a = ", "is not valid TOML"),
        ("a.yaml", b"a: [", "is not valid YAML"),
        ("a.yaml", b"a: 1\na: 2\n", "'a' is given twice"),
        ("a.yaml", b"!!python/object:os.system {}", "is not valid YAML"),
        ("a.json", b"[1]", "must hold a mapping of names, got list"),
        ("a.yaml", b"", "is empty; expected a mapping of names"),
        ("a.yaml", b"1: 2\n", "must hold a mapping of names"),
        ("a.json", '{"a": "ي"}'.encode("cp1256"), "is not UTF-8: byte 7 is 0xed"),
        ("missing/a.json", None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(
    tmp_path: Path, name: str, content: bytes | None, told: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_mapping(str(tmp_path / name), "--spec")
    assert told in str(caught.value)
    assert str(caught.value).startswith("--spec: ")
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
