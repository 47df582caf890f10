"""Every plot, as a file: its texts are text, its marks are the records."""

from __future__ import annotations

import os
import re
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.objectives import Objective
from persopt.domain.reports import TuneReport
from persopt.domain.trials import TrialRecord
from persopt.reporting.figures import ACCENT, MUTED
from persopt.reporting.locale import Locale
from persopt.tuning.html_report.document import tuning_locale
from persopt.tuning.plots.gallery import PLOTS, draw_plots
from persopt.tuning.plots.pareto import front_of
from persopt.tuning.ranking import find_best
from tests.support.reports import make_report

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def english() -> Locale:
    return tuning_locale("en")


@pytest.fixture(scope="module")
def report() -> TuneReport:
    return make_report(30)


@pytest.fixture(scope="module")
def plots(report: TuneReport, english: Locale) -> dict[str, str]:
    return draw_plots(report, english)


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own file
    return [" ".join("".join(node.itertext()).split()) for node in root.iter(f"{SVG}text")]


def count_uses(svg: str, style: str) -> int:
    """Return how many marks there are whose style contains this."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own file
    return sum(style in node.get("style", "") for node in root.iter(f"{SVG}use"))


def count_lines(svg: str, style: str) -> int:
    """Return how many lines lie in the drawing, each from axis to axis, with this in their style."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own file
    return sum(style in node.get("style", "") for node in root.iter(f"{SVG}path"))


def test_all_plots_are_drawn_whole_and_ask_for_nothing(plots: dict[str, str]) -> None:
    assert tuple(plots) == PLOTS
    for svg in plots.values():
        assert set(re.findall(r'href="(.)', svg)) <= {"#"}
        assert "@import" not in svg
        assert texts(svg)


def test_the_history_shows_each_trial_by_its_state(plots: dict[str, str], report: TuneReport) -> None:
    shown = texts(plots["history"])
    best = report.best
    assert best is not None
    for text in ("trial", "accuracy (maximize)", "loss (minimize)", "best so far", "succeeded", "stopped"):
        assert text in shown
    assert f"best: {best.values[0]:.4g} in trial {best.number}" in shown
    states = [trial.state for trial in report.trials]
    succeeded, stopped = states.count("succeeded"), states.count("stopped")
    # In both panels; full points once more in the legend.
    assert count_uses(plots["history"], f"fill: {ACCENT}; stroke: {ACCENT}") == 2 * succeeded + 1
    assert count_uses(plots["history"], f"fill: none; stroke: {ACCENT}") == 2 * stopped


def test_the_importances_are_written_beside_their_names(plots: dict[str, str], report: TuneReport) -> None:
    shown = texts(plots["importances"])
    for objective in report.objectives:
        for name, share in report.importances[objective.metric].items():
            assert name in shown
            assert f"{round(share * 100, 1):g}%" in shown


def test_parallel_coordinates_have_an_axis_a_parameter_and_a_line_a_trial(
    plots: dict[str, str], report: TuneReport
) -> None:
    shown = texts(plots["parallel-coordinates"])
    for name in ("learningRate", "batchSize", "epochs", "weightDecay", "optim", "adamBeta2", "accuracy", "loss"):
        assert name in shown
    assert "warmupSteps" not in shown  # the same in every trial
    assert {"adamw_torch", "sgd", "8", "16", "32"} <= set(shown)
    valued = [trial for trial in report.trials if trial.values]
    good = -(-len(valued) // 10)
    muted = count_lines(plots["parallel-coordinates"], f"stroke: {MUTED}; stroke-opacity: 0.45")
    assert muted == len(valued) - good


def test_slices_have_a_panel_a_parameter(plots: dict[str, str]) -> None:
    shown = texts(plots["slices"])
    for name in ("learningRate", "batchSize", "epochs", "weightDecay", "optim", "adamBeta2"):
        assert shown.count(name) == 2  # for each objective
    assert "warmupSteps" not in shown


def test_learning_curves_mark_stopped_trials(plots: dict[str, str], report: TuneReport) -> None:
    svg = plots["learning-curves"]
    assert {"step", "accuracy (maximize)", "best trial", "other trials", "stopped"} <= set(texts(svg))
    assert "loss (minimize)" not in texts(svg)  # was not reported on the way
    with_curves = {evaluation.number for evaluation in report.curves}
    stopped = sum(trial.state == "stopped" for trial in report.trials)
    assert count_lines(svg, f"stroke: {ACCENT}; stroke-opacity: 0.55") == len(with_curves) - 1
    assert count_lines(svg, "stroke-dasharray: 4") == stopped


def test_in_persian_the_words_and_the_digits_are_persian(report: TuneReport) -> None:
    drawn = draw_plots(report, tuning_locale("fa"))
    for svg in drawn.values():
        assert not [text for text in texts(svg) if re.search("[0-9]", text) and "adamBeta2" not in text]
    assert {"آزمایش", "accuracy (بیشینه)", "بهترین تا این لحظه"} <= set(texts(drawn["history"]))


def test_the_same_report_gives_the_same_files_and_touches_nobodys_settings(
    report: TuneReport, plots: dict[str, str], english: Locale
) -> None:
    import matplotlib as mpl

    before, environment = dict(mpl.rcParams), dict(os.environ)
    assert draw_plots(report, english) == plots
    assert (dict(mpl.rcParams), dict(os.environ)) == (before, environment)


@pytest.mark.parametrize("kept", [slice(0), slice(4, 5), slice(1), slice(5, 6), slice(4, 6)])
def test_little_is_drawn_as_well(kept: slice, report: TuneReport, english: Locale) -> None:
    trials = [msgspec.structs.replace(trial, number=at) for at, trial in enumerate(report.trials[kept])]
    notes = {"accuracy": "too-few-trials", "loss": "too-few-trials"}
    little = msgspec.structs.replace(
        report,
        trials=trials,
        best=find_best(trials, report.objectives),
        curves=[],
        importances={"accuracy": {}, "loss": {}},
        importance_notes=notes,
    )
    drawn = draw_plots(little, english)
    assert "accuracy (maximize)" in texts(drawn["history"])
    assert "Fewer than five trials succeeded: too few to say what mattered." in texts(drawn["importances"])


def test_thousands_of_trials_become_an_image_and_not_a_huge_file(english: Locale) -> None:
    report = make_report(1400, objectives=1)
    drawn = draw_plots(report, english)
    assert max(map(len, drawn.values())) < 1_000_000
    for name in ("history", "learning-curves", "parallel-coordinates", "slices"):
        assert "<image" in drawn[name]


values = st.lists(
    st.lists(st.integers(0, 4), min_size=3, max_size=3).map(lambda items: [float(item) for item in items]), max_size=12
)


@given(values, st.lists(st.sampled_from(["maximize", "minimize"]), min_size=3, max_size=3))
def test_the_front_is_what_comparing_every_pair_gives(points: list[list[float]], directions: list[str]) -> None:
    objectives = [Objective(f"m{index}", way) for index, way in enumerate(directions)]  # type: ignore[arg-type]
    trials = [TrialRecord(number=at, state="succeeded", params={}, values=point) for at, point in enumerate(points)]
    report = msgspec.structs.replace(make_report(0), trials=trials, objectives=objectives)

    def beats(one: list[float], other: list[float]) -> bool:
        better = [goal.is_better(a, b) for goal, a, b in zip(objectives, one, other, strict=True)]
        worse = [goal.is_better(b, a) for goal, a, b in zip(objectives, one, other, strict=True)]
        return any(better) and not any(worse)

    expected = {at for at, point in enumerate(points) if not any(beats(other, point) for other in points)}
    assert front_of(report) == expected
