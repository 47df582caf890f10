"""The HTML report, read as a browser reads it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import pytest

from persopt.domain.errors import Fault
from persopt.domain.languages import LANGUAGES, Language
from persopt.domain.objectives import Constraint
from persopt.domain.reports import TuneReport
from persopt.domain.space import ParameterSpec
from persopt.tuning.html_report.document import make_html, tuning_locale
from persopt.tuning.html_report.summary import state_verdict
from persopt.tuning.plots.gallery import draw_plots
from persopt.tuning.ranking import find_best
from persopt.tuning.request_forms import to_command, to_json, to_python
from tests.support.reports import make_report

VOID = {"meta", "br", "hr", "img", "link", "input"}
EVIL = "<script>alert(1)</script>\"'&"


class Page(HTMLParser):
    """Collects elements with their text, and fails on a page that is not well-formed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[tuple[str, int]] = []
        self.inside: list[tuple[str, dict[str, str | None], str]] = []
        self._parts: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, len(self._parts)))
            self._attributes = dict(attrs)
            self._stack.append(dict(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        name, start = self._open.pop()
        assert name == tag, f"</{tag}> closes <{name}>"
        self.inside.append((tag, self._stack.pop(), "".join(self._parts[start:])))

    def handle_data(self, data: str) -> None:
        self._parts.append(data)

    @property
    def _stack(self) -> list[dict[str, str | None]]:
        if not hasattr(self, "_attribute_stack"):
            self._attribute_stack: list[dict[str, str | None]] = []
        return self._attribute_stack

    def text_of(self, tag: str, **wanted: str) -> list[str]:
        return [
            " ".join(text.split())
            for name, attributes, text in self.inside
            if name == tag and all(attributes.get(key) == value for key, value in wanted.items())
        ]

    def raw_of(self, identity: str) -> str:
        return next(text for _, attributes, text in self.inside if attributes.get("id") == identity)

    def rows_of(self, section: str) -> list[list[str]]:
        """Return the cells of the body's rows of the table in a section, in order."""
        rows: list[list[str]] = []
        cells: list[str] = []
        for tag, attributes, text in self.inside:
            if tag in ("td", "th"):
                cells.append(" ".join(text.split()))
            elif tag == "tr":
                rows.append(cells)
                cells = []
            elif tag == "section":
                if attributes.get("id") == section:
                    return rows[1:]
                rows = []
        raise LookupError(section)


@pytest.fixture(scope="module")
def report() -> TuneReport:
    return make_report(30)


@pytest.fixture(scope="module", params=LANGUAGES)
def html(request: pytest.FixtureRequest, report: TuneReport) -> str:
    return make_html(report, request.param)


def test_it_is_one_file_that_asks_for_nothing_and_runs_nothing(html: str) -> None:
    page = Page(html)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "img", "object", "embed", "form", "base"}
    policies = [attributes.get("content") or "" for tag, attributes in page.elements if "http-equiv" in attributes]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none';")
    assert "script-src" not in policies[0]
    assert "http" not in policies[0]
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href", "xlink:href"):
                assert (value or "").startswith(("#", "data:image/png")), (tag, value)
    assert not re.search(r"url\((?!#)|@import", html)


def test_ids_are_unique_and_references_point_at_them(html: str) -> None:
    page = Page(html)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(attributes.get("xlink:href") or "#")[1:] for _, attributes in page.elements} - {""}
    assert targets <= set(ids)


def test_every_trial_is_a_row_with_its_values(report: TuneReport) -> None:
    rows = Page(make_html(report, "en", {})).rows_of("trials")
    locale = tuning_locale("en")
    assert len(rows) == len(report.trials)
    for trial, row in zip(report.trials, rows, strict=True):
        assert row[0] == str(trial.number)
        assert row[1].startswith(trial.state)
        assert ("★" in row[1]) is (report.best is not None and trial.number == report.best.number)
        assert row[2:4] == ([locale.number(value) for value in trial.values] or ["", ""])
        assert row[4] == locale.number(float(trial.params["learningRate"]))
        assert row[8] == trial.params["optim"]
        assert row[-1] == "30.5 s"


def test_failures_are_grouped_by_their_reason(report: TuneReport) -> None:
    rows = Page(make_html(report, "en", {})).rows_of("failures")
    assert rows == [
        ["5", "failed", "the loss became NaNlower learningRate", "4, 10, 16, 22, 28"],
        ["5", "stopped", "below the median", "5, 11, 17, 23, 29"],
    ]


def test_the_space_is_told_with_the_conditions(report: TuneReport) -> None:
    rows = {row[0]: row[1:] for row in Page(make_html(report, "en", {})).rows_of("space")}
    assert rows["learningRate"][:2] == ["10⁻⁵ to 0.001", "real, log"]
    assert rows["batchSize"][:2] == ["8, 16, 32", "choice"]
    assert rows["weightDecay"][:2] == ["0 to 0.1, 3 points", "real, linear"]
    assert rows["warmupSteps"][:2] == ["10", "fixed"]
    assert rows["adamBeta2"][4] == "optim is adamw_torch"


def test_the_requests_can_be_copied(html: str, report: TuneReport) -> None:
    page, spec = Page(html), report.spec
    assert spec is not None
    assert page.raw_of("request-python") == to_python(spec)
    assert page.raw_of("request-cli") == to_command(spec)
    assert page.raw_of("request-json") == to_json(spec)


def test_where_it_ran_is_told(html: str) -> None:
    facts = " ".join(Page(html).text_of("section", id="environment"))
    assert "bdi" not in facts  # markup is not shown as text
    for fact in (
        "0123456789abcdef0123",
        "A processor",
        "abc123",
        "torch 2.13.0",
        "A_THREADS=1",
        "/data/reviews.csv",
        "noted",
    ):
        assert fact in facts


def test_persian_pages_are_right_to_left_with_persian_digits_and_jalali_days(report: TuneReport) -> None:
    page = Page(make_html(report, "fa", {}))
    assert ("html", {"lang": "fa", "dir": "rtl"}) in page.elements
    (under,) = page.text_of("p", **{"class": "under"})
    assert under.startswith("۳۰ آزمایش · ۳ آذر ۱۴۰۵")
    cells = [cell for row in page.rows_of("trials") for cell in row]
    assert not [cell for cell in cells if re.search("[0-9]", cell)]
    assert {"موفق", "ناموفق", "متوقف‌شده"} <= {cell.split(" ")[0] for cell in cells}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_users_wrote_is_harmless_everywhere(language: Language) -> None:
    report, fault = make_report(8, objectives=1, name=EVIL), Fault(message=EVIL, hint=EVIL)
    assert report.spec is not None
    trials = [
        msgspec.structs.replace(trial, params={EVIL: EVIL, "n": 1 + trial.number % 2}, fault=fault)
        for trial in report.trials
    ]
    spec = msgspec.structs.replace(
        report.spec,
        function=EVIL,
        dataset_path=EVIL,
        config={EVIL: [EVIL, "b"], "n": ParameterSpec(min=1, max=2, when={EVIL: EVIL})},
    )
    evil = msgspec.structs.replace(
        report,
        trials=trials,
        best=find_best(trials, report.objectives),
        spec=spec,
        environment={EVIL: EVIL, "python": EVIL},
        importances={"accuracy": {EVIL: 1.0}},
        model_path=EVIL,
        strategy=EVIL,
        ended_by=EVIL,
        job_id=EVIL,
    )
    html = make_html(evil, language)
    assert "<script" not in html
    page = Page(html)
    assert "script" not in {tag for tag, _ in page.elements}
    assert EVIL in " ".join(page.text_of("h1"))
    assert page.rows_of("trials")[0][3] == EVIL


def verdict(report: TuneReport) -> str:
    plain = [
        re.sub(r"<[^>]+>", "", str(sentence))
        for part in state_verdict(report, tuning_locale("en"))
        for sentence in part
    ]
    return " ".join(plain)


def test_the_verdict_names_the_best_and_its_gain(report: TuneReport) -> None:
    best, first = report.best, report.trials[0]
    assert best is not None
    gain = (best.values[0] / first.values[0] - 1) * 100
    said = verdict(report)
    assert f"The best is trial {best.number} of the Pareto front, with accuracy {best.values[0]:.4g}" in said
    assert f"That is {gain:.1f}".rstrip("0").rstrip(".") in said
    name, share = next(iter(report.importances["accuracy"].items()))
    assert f"mattered most is {name} ({round(share * 100, 1):g}%)" in said
    assert "all trials that were asked for had run" in said


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ([], "No trial gave a value"),
        ([4], "No trial gave a value"),
        ([0], "No other trial succeeded"),
        ([5], "It was stopped before its end"),
    ],
)
def test_the_verdict_on_little_is_a_sentence_too(numbers: list[int], sentence: str, report: TuneReport) -> None:
    trials = [msgspec.structs.replace(report.trials[number], number=at) for at, number in enumerate(numbers)]
    best = find_best(trials, report.objectives)
    assert sentence in verdict(msgspec.structs.replace(report, trials=trials, best=best))
    html = make_html(msgspec.structs.replace(report, trials=trials, best=best, curves=[], spec=None), "fa", {})
    assert len(Page(html).rows_of("trials")) == len(trials)


@pytest.mark.parametrize("language", LANGUAGES)
def test_limits_that_no_trial_keeps_are_told_and_the_front_is_empty(language: Language) -> None:
    limits = [Constraint("none", max=1.0)]
    report = msgspec.structs.replace(make_report(8), constraints=limits, feasible=0)
    plots = draw_plots(report, tuning_locale(language))
    said = " ".join(
        str(sentence) for paragraph in state_verdict(report, tuning_locale(language)) for sentence in paragraph
    )
    told = {"en": "No trial keeps every limit", "fa": "هیچ آزمایشی همهٔ حدها را رعایت نکرد"}
    assert told[language] in said
    Page(make_html(report, language, plots))
