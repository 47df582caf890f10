from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persopt.data.delimited import read_delimited
from persopt.domain.errors import DataError


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, "utf-8", newline="")
    return file


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "text,label\nخوب بود,1\nبد بود,0\n"),
        ("a.csv", "\ufefftext,label\r\nخوب بود,1\r\nبد بود,0\r\n"),
        ("a.csv", "text\tlabel\nخوب بود\t1\nبد بود\t0\n"),
        ("a.csv", "text;label\nخوب بود;1\nبد بود;0"),
        ("a.tsv", "text\tlabel\nخوب بود\t1\nبد بود\t0\n"),
        ("a.tsv", "text,label\nخوب بود,1\n\nبد بود,0\n"),
        ("a.tab", ' text \t label\n"خوب بود"\t1\nبد بود\t0\n'),
    ],
)
def test_the_delimiter_is_found_whatever_the_suffix(name: str, text: str, tmp_path: Path) -> None:
    table = read_delimited(write(tmp_path, name, text))
    assert table.to_pydict() == {"text": ["خوب بود", "بد بود"], "label": ["1", "0"]}


def test_values_stay_as_they_are_written(tmp_path: Path) -> None:
    table = read_delimited(write(tmp_path, "a.csv", "phone,date,missing\n007,2020-01-01,NA\n1e3,true,\n"))
    assert table.to_pylist() == [
        {"phone": "007", "date": "2020-01-01", "missing": "NA"},
        {"phone": "1e3", "date": "true", "missing": ""},
    ]


def test_quoted_fields_may_hold_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    text = 'text,label\n"one, ""two""\nthree",a\nfour,b\n'
    assert read_delimited(write(tmp_path, "a.csv", text))["text"].to_pylist() == ['one, "two"\nthree', "four"]


def test_quoted_tabs_of_a_tab_separated_file_are_kept(tmp_path: Path) -> None:
    text = 'text\tlabel\n"one\ttwo"\ta\n"""three"" four"\tb\n'
    assert read_delimited(write(tmp_path, "a.csv", text))["text"].to_pylist() == ["one\ttwo", '"three" four']


def test_unpaired_quotes_of_a_tab_separated_file_are_text(tmp_path: Path) -> None:
    text = 'label\ttext\na\t"no end\nb\t"one" and "two"\n'
    assert read_delimited(write(tmp_path, "a.tsv", text))["text"].to_pylist() == ['"no end', '"one" and "two"']


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.text("ab ,\t\"'\n؛خ", min_size=1).filter(str.strip), st.sampled_from(["x", "y"])),
        min_size=1,
        max_size=8,
    )
)
def test_what_the_csv_module_writes_is_read(rows: list[tuple[str, str]], tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([("text", "label"), *rows])
    table = read_delimited(file)
    assert list(zip(table["text"].to_pylist(), table["label"].to_pylist(), strict=True)) == rows


def test_columns_are_named_where_there_is_no_header(tmp_path: Path) -> None:
    file = write(tmp_path, "a.tsv", "1\t2.5\tGood\n2\t-1\tBad\n")
    table = read_delimited(file, ["id", "rating", "text"])
    assert table.to_pydict() == {"id": ["1", "2"], "rating": ["2.5", "-1"], "text": ["Good", "Bad"]}
    with pytest.raises(DataError, match=r"names 2 columns, but .* has 3") as caught:
        read_delimited(file, ["id", "text"])
    assert caught.value.faults[0].path == "$.data.columns"


def test_names_that_the_header_has_too_are_not_a_row(tmp_path: Path) -> None:
    file = write(tmp_path, "a.csv", "text,label\ngood,1\n")
    assert read_delimited(file, ["text", "label"]).num_rows == 1


def test_a_row_of_another_length_is_named(tmp_path: Path) -> None:
    file = write(tmp_path, "a.csv", "text,label\ngood,1\nbad, very,0\n")
    with pytest.raises(DataError, match=r"a\.csv, row 3: 3 comma-separated fields where the first row has 2"):
        read_delimited(file)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"several columns named 'text' .*data\.columns"):
        read_delimited(write(tmp_path, "a.csv", "text,text\na,b\n"))


def test_a_column_without_a_name_gets_its_number(tmp_path: Path) -> None:
    table = read_delimited(write(tmp_path, "a.csv", ",text,label\n0,a,b\n"))
    assert table.column_names == ["column 1", "text", "label"]
