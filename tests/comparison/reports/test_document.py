"""The page of a comparison, parsed by lxml."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import etree, html
from msgspec import Struct

from persopt.comparison.reports.document import make_html
from persopt.comparison.reports.wording import reports_locale
from persopt.domain.compare_reports import CompareReport
from persopt.domain.languages import LANGUAGES, Language
from persopt.domain.measurements import Estimate
from persopt.reporting.locale import Locale
from persopt.reporting.numerals import isolate
from tests.support.comparison_reports import EVIL, make_comparison

RTL_OVERRIDE = "a\u202egnp.exe"


def parse(page: str) -> Any:
    """Return the document; each element that is opened is closed in its place."""
    body = re.sub("<(br|hr)>", r"<\1/>", page.partition("<body>")[2].partition("</body>")[0])
    etree.fromstring(f"<body>{body}</body>")
    return html.document_fromstring(page)


def figures_of(report: CompareReport, language: Language) -> set[str]:
    """Return every number below models, pairs and slices, as the language writes it."""
    locale = reports_locale(language)
    told = {locale.number(report.rows), locale.number(report.differences), locale.duration(report.seconds)}

    def walk(value: object, name: str) -> None:
        if isinstance(value, Struct):
            for field in value.__struct_fields__:
                below = f"{name}.{field}" if field in ("value", "low", "high") else field
                walk(getattr(value, field), name if isinstance(value, Estimate) and "change" in name else below)
        elif isinstance(value, dict):
            for item in value.values():
                walk(item, name)
        elif isinstance(value, list):
            for item in value:
                walk(item, name)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            told.add(_write(value, name, locale))

    walk([report.models, report.pairs, report.slices], "")
    return told - {locale.number(report.confidence), locale.number(report.confidence, signed=True)}


def _write(value: float, name: str, locale: Locale) -> str:
    if name in ("weight_bytes", "total_bytes", "peak", "base"):
        return locale.text("unit.B", number=value)
    if name == "load_seconds":
        return locale.duration(value)
    return locale.number(value, signed="change" in name)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unjudged", [(), (1,), (0, 1, 2)])
def test_every_figure_stands_in_a_table_in_both_languages(
    language: Language, unjudged: tuple[int, ...], tmp_path: Path
) -> None:
    report = make_comparison(unjudged=unjudged, labelled=len(unjudged) < 3)
    document = parse(make_html(report, language, tmp_path, {}))
    cells = {text.text_content() for text in document.iter("bdi")}
    alone = cells | {part for cell in cells for part in re.split(" to | تا | از | × |[\u2066\u2069]", cell)}
    alone |= {word for cell in cells for word in cell.split()}  # of the names of slices
    alone |= {isolate(part) for part in alone}
    assert len(figures_of(report, language)) > 60
    assert figures_of(report, language) <= alone
    assert [text.text_content() for text in document.xpath("//div[@class='verdict']/p")] == report.verdicts[language]
    assert document.xpath("//section[@id='notes']//li")[0].text == report.notes[language][0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_one_file_that_asks_for_nothing_and_runs_nothing(language: Language, tmp_path: Path) -> None:
    page = make_html(make_comparison(), language, tmp_path)
    document = parse(page)
    tags = {str(node.tag) for node in document.iter()}
    assert not tags & {"script", "link", "iframe", "img", "object", "embed", "form", "base", "a"}
    (policy,) = document.xpath("//meta[@http-equiv]/@content")
    assert policy.startswith("default-src 'none';")
    for node in document.iter(etree.Element):
        for name, value in node.attrib.items():
            assert not name.startswith("on")
            assert name not in ("src", "href", "xlink:href") or value.startswith("#")
    assert not re.search(r"url\((?!#)|@import", page)
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert document.get("dir") == ("rtl" if language == "fa" else "ltr")


def test_each_plot_is_followed_by_its_table(tmp_path: Path) -> None:
    document = parse(make_html(make_comparison(), "en", tmp_path))
    plots = [node.get("id") for node in document.iter("figure")]
    assert plots == ["plot-trade", "plot-quality", "plot-speedups", "plot-slices"]
    for name in plots:
        (figure,) = document.xpath(f"//figure[@id='{name}']")
        assert figure.getnext().get("id") == name.replace("plot", "table")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_users_wrote_is_harmless_and_isolated(language: Language, tmp_path: Path) -> None:
    labels = (EVIL, RTL_OVERRIDE, "نام فارسی & <b>")
    report = make_comparison(labels, name=EVIL)
    (tmp_path / "differences.jsonl").write_text(
        json.dumps({"row": 3, "columns": {EVIL: EVIL}, "answers": dict.fromkeys(labels, EVIL), "right": {EVIL: True}})
    )
    report = msgspec.structs.replace(
        report,
        classes=[EVIL],
        environment=report.environment | {EVIL: EVIL},
        verdicts={one: [EVIL, EVIL] for one in LANGUAGES},
        notes={one: [EVIL] for one in LANGUAGES},
        task=None,
    )
    page = make_html(report, language, tmp_path)
    assert "<script" not in page
    document = parse(page)
    for label in labels:
        found = [node for node in document.iter("td", "th", "h3") if node.text_content().strip() == label]
        assert found
        assert all([child.tag for child in node] == ["bdi"] for node in found)
    paths = document.xpath("//td/bdi[@dir='ltr']/text()")
    assert {model.path for model in report.models} <= set(paths)
    (row,) = document.xpath("//div[@id='table-differences']//tbody/tr")
    cells = [cell.text_content() for cell in row]
    assert cells[1:3] == [EVIL, f"{EVIL} ✓"]


def test_persian_pages_have_persian_digits(tmp_path: Path) -> None:
    document = parse(make_html(make_comparison(("الف", "ب", "پ")), "fa", tmp_path, {}))
    numbers = [node.text_content() for node in document.xpath("//td[@class='num'] | //dl[@class='figures']//dd")]
    assert len(numbers) > 100
    assert not [number for number in numbers if re.search("[0-9]", number)]


def test_little_that_was_measured_makes_a_page_too(tmp_path: Path) -> None:
    report = make_comparison(labelled=False)
    bare = msgspec.structs.replace(
        report,
        models=[msgspec.structs.replace(one, memory=None, speed=[], parameters=None) for one in report.models],
        pairs=[type(pair)(label=pair.label, size_ratio=pair.size_ratio) for pair in report.pairs],
        rows=0,
        spec=None,
        verdicts={},
        environment={},
    )
    for language in LANGUAGES:
        document = parse(make_html(bare, language, tmp_path))
        assert [node.get("id") for node in document.iter("section")] == ["notes", "models", "pairs", "environment"]


def test_a_torn_file_of_differences_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "differences.jsonl").write_text('{"row": 3, "colu')
    document = parse(make_html(make_comparison(), "en", tmp_path, {}))
    assert not document.xpath("//div[@id='table-differences']")
