"""The files: Markdown by a Markdown parser, model-index by the Hub's own library, plots by an XML parser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from markdown_it import MarkdownIt

from persopt.comparison.reports.markdown_report import make_markdown
from persopt.comparison.reports.model_card import make_model_card, make_model_index
from persopt.comparison.reports.wording import reports_locale
from persopt.comparison.reports.writing import write_comparison_page, write_comparison_reports
from persopt.domain.errors import ConflictError, OutputError
from persopt.domain.languages import LANGUAGES, Language
from tests.support.comparison_reports import EVIL, make_comparison

LABELS = (EVIL, "a\u202eb | c", "نام")


def tables_of(markdown: str) -> list[list[list[str]]]:
    """Return the cells of each table, as they are shown, and see that nothing becomes HTML or a link."""
    tables: list[list[list[str]]] = []
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown):
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type == "inline":
            children = token.children or []
            assert not {child.type for child in children} & {"html_inline", "link_open", "image", "code_inline"}
            if tables and token.level >= 3:
                tables[-1][-1].append("".join(child.content for child in children))
    return tables


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_markdown_has_the_same_tables_whatever_the_names(language: Language, tmp_path: Path) -> None:
    tables = tables_of(make_markdown(make_comparison(LABELS, name=EVIL), language, tmp_path))
    assert len(tables) == 14
    for rows in tables:
        assert len({len(row) for row in rows}) == 1
        assert len(rows) > 1
    assert tables[0][1][0].startswith(EVIL[:25])
    assert tables[0][2][0] == "ab | c"
    locale, quality = reports_locale(language), make_comparison().models[0].quality["accuracy"]
    assert any(cell.startswith(locale.number(quality.value)) for cell in tables[0][1])


def test_a_model_index_is_what_the_hubs_library_reads() -> None:
    from huggingface_hub.repocard_data import model_index_to_eval_results

    report = make_comparison(LABELS)
    card = make_model_card(report)
    blocks = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", card, re.DOTALL | re.MULTILINE)]
    assert blocks == [make_model_index(report, model) for model in report.models]
    for model, block in zip(report.models, blocks, strict=True):
        name, results = model_index_to_eval_results(block["model-index"])
        assert name == model.label
        assert [one.metric_type for one in results] == ["accuracy", "f1", "loss"]
        assert [one.metric_value for one in results] == [one.value for one in model.quality.values()]
        assert {(one.task_type, one.dataset_name, one.dataset_split) for one in results} == {
            ("text-classification", "reviews", "validation")
        }
    assert "somebody" not in card
    assert len(tables_of(card)) == 3


def test_a_model_whose_quality_is_not_known_has_no_model_index() -> None:
    report = make_comparison(unjudged=(1,))
    assert make_model_index(report, report.models[1]) is None
    card = make_model_card(report)
    assert card.count("```yaml") == 2
    assert "Its quality was not measured." in card


def test_all_files_are_written_and_the_plots_are_whole(tmp_path: Path) -> None:
    made = write_comparison_reports(tmp_path / "new", make_comparison(LABELS))
    pages = {f"report.{language}.{kind}" for language in LANGUAGES for kind in ("html", "md")}
    plots = {f"{name}.svg" for name in ("trade", "quality", "speedups", "slices")}
    assert set(made) == pages | plots | {"model-card.md"}
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(made)
    for name in plots:
        root: Any = ElementTree.fromstring(Path(made[name]).read_text("utf-8"))  # noqa: S314 - our own file
        assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "fa"
        assert any("نام" in "".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text"))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_comparison_reports(tmp_path / "file", make_comparison(labelled=False))


def test_a_page_is_made_again_in_either_language_and_takes_no_other_files_place(tmp_path: Path) -> None:
    report = make_comparison()
    written = write_comparison_reports(tmp_path / "artifacts", report)
    for language in LANGUAGES:
        write_comparison_page(report, tmp_path / f"{language}.html", language)
        page = (tmp_path / f"{language}.html").read_text("utf-8")
        assert page == Path(written[f"report.{language}.html"]).read_text("utf-8")
    with pytest.raises(ConflictError, match="exists already"):
        write_comparison_page(report, tmp_path / "en.html")
    write_comparison_page(report, tmp_path / "fa.html", "en", overwrite=True)
    assert (tmp_path / "fa.html").read_text("utf-8") == (tmp_path / "en.html").read_text("utf-8")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["artifacts", "en.html", "fa.html"]
