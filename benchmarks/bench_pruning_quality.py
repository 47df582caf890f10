"""What does pruning cost, and what does it bring?

Run by itself: `python -m benchmarks.bench_pruning_quality OUT --model MODEL --data DATA`, or with `PERSOPT_BENCH_MODEL`
and `PERSOPT_BENCH_REVIEWS`. DATA has lines of id, mean rating from -4 to 4 and text, separated by tabs; the classes
are the signs of ratings beyond one half. What is done lies in OUT; a run that was
ended goes on where it was.

MODEL is tuned on the data first, long enough that more training alone brings little. Then each contestant prunes the
tuned model and trains it for the same number of steps: at once and all steps afterwards, or gradually in half of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.reviews import describe_if_asked, make_parser, prepare

QUESTION = "What does pruning cost, and what does it bring?"
HOW = (
    "Needs a model and a data set of reviews, so it is run by itself: `python -m benchmarks.bench_pruning_quality OUT "
    "--model MODEL --data DATA`. Size, weights, latency and accuracy at 30, 50 and 70 %."
)
KINDS: dict[str, dict[str, Any]] = {
    "single weights, at once": {},
    "single weights, gradually": {"gradual": True},
    "units, at once": {"structured": True},
    "units, gradually": {"structured": True, "gradual": True},
}


def main() -> None:
    """Prune by every method at every sparsity and print a Markdown table; a line on standard error after each."""
    if describe_if_asked(QUESTION, HOW):
        return
    parser = make_parser(QUESTION, rows=1500, validation_rows=500, epochs=3)
    parser.add_argument("--epochs", type=float, default=0.5, help="of training for each contestant")
    parser.add_argument("--methods", nargs="+", default=["magnitude", "gradient", "random"])
    parser.add_argument("--sparsities", nargs="+", type=float, default=[0.3, 0.5, 0.7])
    given = parser.parse_args()
    tuned = prepare(given)
    cells = product(given.sparsities, given.methods, KINDS)
    rows = [_prune(tuned, sparsity, method, kind, given) for sparsity, method, kind in cells]
    print(_table(rows, given))


def _data(given: argparse.Namespace) -> dict[str, Any]:
    return {"maxLength": given.length}


def _prune(tuned: Path, sparsity: float, method: str, kind: str, given: argparse.Namespace) -> dict[str, Any]:
    from persopt.domain.prune_specs import PruneSpec
    from persopt.domain.validation import decode_struct
    from persopt.kernel.builtin_modules import BUILTIN_MODULES
    from persopt.plugins.discovery import load_registry
    from persopt.pruning.checks import resolve_pruning
    from persopt.pruning.run import run_pruning
    from persopt.settings import load_settings

    name = f"{method}-{sparsity:g}-{list(KINDS).index(kind)}"
    kept = given.out / f"{name}.json"
    if kept.exists():
        row: dict[str, Any] = json.loads(kept.read_text())
        return row
    gradual = "gradual" in KINDS[kind]
    training = {"recoveryEpochs": given.epochs / (2 if gradual else 1)}
    if gradual:
        training["pruningEpochs"] = given.epochs / 2
    spec = decode_struct(
        {
            "modelPath": str(tuned),
            "outputPath": str(given.out / name),
            "datasetPath": str(given.data),
            "data": _data(given),
            "config": {"method": method, "sparsity": sparsity, **KINDS[kind]},
            "training": training,
            "measureLatency": True,
            "device": "cpu",
        },
        PruneSpec,
    )
    settings = load_settings({}, home=str(given.out / "home"))
    registry = load_registry(settings, BUILTIN_MODULES)
    folder = given.out / f"{name}.run"
    folder.mkdir(exist_ok=True)
    report = run_pruning(
        resolve_pruning(spec, settings, registry), settings=settings, registry=registry, folder=folder, environment={}
    )
    row = {"kind": kind, **report.to_builtins()}
    row.pop("tensors")
    part = kept.with_suffix(".part")
    part.write_text(json.dumps(row))
    part.replace(kept)
    print(f"{name}: {json.dumps(row['quality'])}", file=sys.stderr, flush=True)
    return row


def _table(rows: list[dict[str, Any]], given: argparse.Namespace) -> str:
    before = rows[0]["quality"]["before"]["accuracy"]
    lines = [
        f"## {QUESTION}",
        "",
        f"{given.rows} training rows of at most {given.length} tokens, {given.validation_rows} validation rows, "
        f"{given.tuning_epochs} epochs of tuning, then {given.epochs:g} epochs of training for each; "
        f"accuracy before {before:.3f}, "
        f"{rows[0]['before']['bytes'] / 1e6:.1f} MB, {rows[0]['before']['parameters'] / 1e6:.2f} M weights.",
        "",
        "| asked | method | of | sparsity | MB | MB sparsely encoded | weights not zero | times as fast | pruned "
        "| recovered |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        speed, quality = row["latency"] or {}, row["quality"]
        fast = f"{speed['speedup']:.2f} ({speed['low']:.2f}-{speed['high']:.2f})" if speed else "not measured"
        lines.append(
            f"| {row['asked']:.0%} | {row['method']} | {row['kind']} | {row['sparsity']:.3f} "
            f"| {row['after']['bytes'] / 1e6:.1f} | {row['sparseBytes'] / 1e6:.1f} "
            f"| {row['after']['nonzero'] / 1e6:.2f} M | {fast} | {quality['after']['accuracy']:.3f} "
            f"| {quality['recovered']['accuracy']:.3f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
