"""A section for the card of each model: metrics as the Hub's `model-index`, a table, and how it was measured.

The form is that of https://github.com/huggingface/hub-docs/blob/main/modelcard.md
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib import metadata
from pathlib import PurePath
from typing import Any, Final

from persopt.comparison.reports.wording import name_metric, name_shape, reports_locale, say_interval
from persopt.domain.compare_reports import ComparedModel, CompareReport, ModelPair
from persopt.domain.programs import TaskName
from persopt.reporting.locale import Locale
from persopt.reporting.markdown import escape_markdown, render_table
from persopt.reporting.tables import Cell, Table

__all__ = ("make_model_card", "make_model_index")

_TASKS: Final[dict[TaskName, tuple[str, str]]] = {
    "text-classification": ("text-classification", "Text Classification"),
    "token-classification": ("token-classification", "Token Classification"),
    "causal-language-modeling": ("text-generation", "Text Generation"),
    "translation": ("translation", "Translation"),
    "summarization": ("summarization", "Summarization"),
    "image-classification": ("image-classification", "Image Classification"),
}
# Metrics as the Hub calls them, and what tells their kinds apart.
_METRICS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "f1": ("f1", {"average": "macro"}),
    "f1Weighted": ("f1", {"average": "weighted"}),
    "precision": ("precision", {"average": "macro"}),
    "recall": ("recall", {"average": "macro"}),
    "rouge1": ("rouge", {"kind": "rouge1"}),
    "rouge2": ("rouge", {"kind": "rouge2"}),
    "rougeL": ("rouge", {"kind": "rougeL"}),
}


def make_model_index(report: CompareReport, model: ComparedModel) -> dict[str, Any] | None:
    """Return `model-index` of a model as plain data; None where its quality is not known.

    The data set is called by its file's or folder's own name: where it lies is nobody's business.
    """
    if not model.quality or report.task is None:
        return None
    spec = report.spec
    name = PurePath(spec.dataset_path).stem if spec is not None and spec.dataset_path else "local"
    task, title = _TASKS[report.task]
    dataset = {"type": name, "name": name}
    if spec is not None:
        dataset["split"] = spec.split
    result = {
        "task": {"type": task, "name": title},
        "dataset": dataset,
        "metrics": [_metric(metric, estimate.value) for metric, estimate in model.quality.items()],
    }
    return {"model-index": [{"name": " ".join(model.label.split()), "results": [result]}]}


def _metric(metric: str, value: float) -> dict[str, Any]:
    kind, arguments = _METRICS.get(metric, (metric, {}))
    entry: dict[str, Any] = {"type": kind, "value": value, "name": name_metric(metric, reports_locale("en"))}
    return entry | ({"args": arguments} if arguments else {})


def make_model_card(report: CompareReport) -> str:
    """Return a section for each model in English, to be pasted into its card."""
    locale = reports_locale("en")
    lines = [
        "<!-- Paste the section of your model into its README.md, and the YAML block into the front matter at its"
        " top. -->\n"
    ]
    for model in report.models:
        pair = next((one for one in report.pairs if one.label == model.label), None)
        lines += _write_model(report, model, pair, locale)
    return "\n".join(lines)


def _write_model(report: CompareReport, model: ComparedModel, pair: ModelPair | None, locale: Locale) -> Iterator[str]:
    import yaml

    yield f"## {escape_markdown(model.label)}\n"
    index = make_model_index(report, model)
    if index is not None:
        text = yaml.safe_dump(index, allow_unicode=True, sort_keys=False, width=math.inf)
        yield f"```yaml\n{text}```\n"
    yield "### Evaluation results\n"
    yield render_table(_result_table(report, model, pair, locale))
    yield "### How it was measured\n"
    yield from _say_how(report, model, pair, locale)


def _result_table(report: CompareReport, model: ComparedModel, pair: ModelPair | None, locale: Locale) -> Table:
    rows = [
        [
            Cell(name_metric(name, locale)),
            Cell(locale.number(one.value), kind="number"),
            Cell(say_interval(one, locale)),
        ]
        for name, one in model.quality.items()
    ]
    rows += [
        [
            Cell(f"median time of a call, {name_shape(one.batch, one.length, locale)} (rows × tokens)"),
            Cell(f"{locale.number(one.p50)} ms", kind="number"),
            Cell(""),
        ]
        for one in model.speed
    ]
    rows.append([Cell("weights on disk"), Cell(locale.bytes(model.weight_bytes), kind="number"), Cell("")])
    if model.parameters is not None:
        rows.append([Cell("parameters"), Cell(locale.number(model.parameters), kind="number"), Cell("")])
    if model.memory is not None:
        rows.append([Cell("peak memory"), Cell(locale.bytes(model.memory.peak), kind="number"), Cell("")])
        seconds = locale.duration(model.memory.load_seconds)
        rows.append([Cell("load time"), Cell(seconds, kind="number"), Cell("")])
    if pair is not None and pair.speedup is not None:
        name = f"times faster than {report.baseline.label}"
        interval = say_interval(pair.speedup, locale)
        rows.append([Cell(name, kind="name"), Cell(locale.number(pair.speedup.value), kind="number"), Cell(interval)])
    heads = [Cell("figure"), Cell("value", kind="number"), Cell(f"{locale.percent(report.confidence)} interval")]
    return Table(name="results", title="Evaluation results", heads=heads, rows=rows)


def _say_how(report: CompareReport, model: ComparedModel, pair: ModelPair | None, locale: Locale) -> Iterator[str]:
    cpu = (report.environment.get("cpu") or {}).get("model")
    where = f"{report.device}, {locale.number(report.threads)} threads" + (f", {cpu}" if cpu else "")
    if model.quality:
        yield f"- {locale.number(report.rows)} rows; the intervals are bootstrapped over them."
    else:
        yield "- Its quality was not measured."
    if model.speed:
        yield f"- Timed in turn with the other models on {escape_markdown(where)}."
    if pair is not None:
        text = dict(zip([one.label for one in report.pairs], report.verdicts.get("en", []), strict=False))
        if pair.label in text:
            yield f"- Against {escape_markdown(report.baseline.label)}: {escape_markdown(text[pair.label])}"
    yield f"- By persopt {escape_markdown(str(_version(report)))}.\n"


def _version(report: CompareReport) -> str:
    return (report.environment.get("versions") or {}).get("persopt") or metadata.version("persopt")
