"""What does quantization-aware training win back?

Run by itself: `python -m benchmarks.bench_qat OUT --model MODEL --data DATA`, or with `PERSOPT_BENCH_MODEL` and
`PERSOPT_BENCH_REVIEWS`. DATA is as for `bench_pruning_quality`. What is done lies in OUT; a run that was ended goes on
where it was.

MODEL is tuned on the data first, long enough that more training alone brings little. Then, for each form of numbers,
three weights are quantized alike and judged on the same rows: the tuned ones, the tuned ones trained for as many steps
more in floating point, and those of the quantization-aware training. They are judged in torch, by the formulas of
`persopt.quantization.schemes`, so that the figures are those of the numbers and not of an engine. With `--engines` the
same three are quantized by the backends too, and judged by what runs them (`benchmarks.qat_engines`).
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.qat_engines import judge_by_engines, write_engine_table
from benchmarks.reviews import describe_if_asked, make_parser, prepare

QUESTION = "What does quantization-aware training win back?"
HOW = (
    "Needs a model and a data set of reviews, so it is run by itself: `python -m benchmarks.bench_qat OUT "
    "--model MODEL --data DATA`. Accuracy in floating point, quantized as it is, and quantized after training for it."
)
FORMS: dict[str, dict[str, Any]] = {
    "4 bits, a scale a channel": {"bits": 4, "groupSize": 1536},
    "4 bits, a scale for 32 weights": {"bits": 4, "groupSize": 32},
    "8 bits, activations too, a scale a tensor": {"bits": 8, "perChannel": False},
    "8 bits, activations too, a scale a channel": {"bits": 8},
    "4 bits, a scale a tensor": {},
}
"""Configs of a quantization; of the last, which none can ask for, `_schemes` knows what is meant."""


def main() -> None:
    """Train and judge in every form and print a Markdown table; a line on standard error after each."""
    if describe_if_asked(QUESTION, HOW):
        return
    parser = make_parser(QUESTION, rows=1500, validation_rows=2000, epochs=3)
    parser.add_argument("--epochs", type=float, default=1.0, help="of the training for quantization")
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--distill", action="store_true")
    parser.add_argument("--forms", nargs="+", type=int, default=list(range(len(FORMS))))
    parser.add_argument("--engines", action="store_true", help="judge by the backends' runners too")
    given = parser.parse_args()
    tuned = prepare(given)
    more = _train(tuned, given.out / "trained-on", given, None)
    rows, by_engines = [], []
    for index in given.forms:
        name, form = list(FORMS.items())[index]
        aware = _train(tuned, given.out / f"aware-{index}", given, form)
        rows.append((name, [_judge(folder, form, given) for folder in (tuned, more, aware)]))
        print(name, rows[-1][1], file=sys.stderr, flush=True)
        if given.engines:
            models = {"tuned": tuned, "trained-on": more, f"aware-{index}": aware}
            judged = judge_by_engines(models, name, form, partial(_spec, given=given), given.out)
            by_engines += [(name, engine, right) for engine, right in judged]
    print(_table([_judge(folder, None, given) for folder in (tuned, more)], rows, given))
    if by_engines:
        print("", write_engine_table(by_engines), sep="\n")


def _spec(model: Path, form: dict[str, Any] | None, given: argparse.Namespace) -> Any:
    from persopt.domain.quantize_specs import QuantizeSpec
    from persopt.domain.validation import decode_struct

    return decode_struct(
        {
            "modelPath": str(model),
            "datasetPath": str(given.data),
            "task": "text-classification",
            "data": {"textColumns": ["text"], "labelColumn": "label", "maxLength": given.length},
            "config": {"method": "qat", **(form or {})},
            "training": {"epochs": given.epochs, "learningRate": given.rate, "distill": given.distill},
            "device": "cpu",
        },
        QuantizeSpec,
    )


def _schemes(form: dict[str, Any], given: argparse.Namespace) -> Any:
    """Return the forms of weights and of activations."""
    from persopt.quantization.requests import make_request
    from persopt.quantization.schemes import Scheme
    from persopt.quantization.training import trained_schemes

    if form:
        return trained_schemes(make_request(_spec(given.out, form, given)))
    return Scheme(bits=4, granularity="tensor"), None


def _open(model: Path, form: dict[str, Any] | None, given: argparse.Namespace) -> Any:
    from persopt.training.session import TrainingSession

    spec = _spec(model, form, given)
    scratch = given.out / "scratch"
    return TrainingSession(spec, model, given.out / "cache", scratch, lambda: None, lambda: False)


def _train(model: Path, target: Path, given: argparse.Namespace, form: dict[str, Any] | None) -> Path:
    """Train a copy of the model, for the form of numbers or, without one, as it is; unless that was done."""
    from persopt.models.side_files import copy_side_files
    from persopt.quantization.fake_quantization import add_fake_quantization, remove_fake_quantization
    from persopt.quantization.training import train_aware
    from persopt.ticker import Ticker
    from persopt.training.saving import replace_model
    from persopt.training.session import count_steps

    if target.exists():
        return target
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    if form:
        ticker = Ticker(lambda _: None, lambda: False)
        train_aware(model, part, _spec(model, form, given), given.out / "cache", ticker)
    else:
        session = _open(model, None, given)
        network = session.load_model()
        if form is not None:
            add_fake_quantization(network, *_schemes(form, given))
        session.train(network, count_steps(given.epochs, given.rows, _spec(model, None, given).batch_size))
        remove_fake_quantization(network)
        copy_side_files(model, part, keep_index=False)
        replace_model(network, part)
    part.replace(target)
    return target


def _judge(folder: Path, form: dict[str, Any] | None, given: argparse.Namespace) -> float:
    """Return the accuracy of a model that computes in this form of numbers; ranges are those of 256 training rows."""
    import torch

    from persopt.evaluation.batches import InputBatches
    from persopt.evaluation.rows import open_rows
    from persopt.quantization.fake_quantization import ActivationQuantizer, add_fake_quantization
    from persopt.quantization.linears import iterate_outputs

    kept = given.out / f"{folder.name}-judged-{list(FORMS.values()).index(form) if form is not None else 'float'}.json"
    if kept.exists():
        return float(json.loads(kept.read_text()))
    session = _open(folder, form, given)
    model = session.load_model().eval()
    if form is not None:
        spec = _spec(folder, form, given)
        add_fake_quantization(model, *_schemes(form, given))
        rows = open_rows(
            str(folder), str(given.data), spec.task, spec.data, given.out / "cache", split="train", limit=256
        )
        quantizers = [module for module in model.modules() if isinstance(module, ActivationQuantizer)]
        for quantizer in quantizers:
            quantizer.train()
        for _ in iterate_outputs(model, InputBatches(rows) if quantizers else []):
            pass
        model.eval()
    with torch.no_grad():
        accuracy = float(session.judge(model)["accuracy"])
    kept.write_text(json.dumps(accuracy))
    return accuracy


def _table(before: list[float], rows: list[tuple[str, list[float]]], given: argparse.Namespace) -> str:
    lines = [
        f"## {QUESTION}",
        "",
        f"{given.rows} training rows of at most {given.length} tokens, {given.validation_rows} validation rows, "
        f"{given.tuning_epochs} epochs of tuning, then {given.epochs:g} epochs more at {given.rate:g}"
        f"{', distilled from the tuned model' if given.distill else ''}. Accuracy in floating point: "
        f"{before[0]:.4f} tuned, {before[1]:.4f} trained on.",
        "",
        "| numbers | tuned, quantized | trained on, quantized | trained for it, quantized | of the loss won back |",
        "|---|---|---|---|---|",
    ]
    for name, (plain, more, aware) in rows:
        lost = before[0] - plain
        share = f"{(aware - plain) / lost:.0%} of {lost:.4f}" if lost > 0 else "nothing was lost"
        lines.append(f"| {name} | {plain:.4f} | {more:.4f} | {aware:.4f} | {share} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
