"""How many training steps does early stopping save?

Run by itself, on a folder of CoNLL-U files: `python -m benchmarks.bench_early_stopping FOLDER [--seeds 5]`, or with
`PERSOPT_BENCH_CONLLU` naming the folder.

Random search and successive halving see the same points in the same order, and the same point gives the same
curve, so the only difference is which trials are cut. Halving goes on beyond random search's number of trials,
at most to `--more` times as many (it spends its steps on many short trials), until a trial of its own has random
search's best value.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

QUESTION = "How many training steps does early stopping save?"
HOW = (
    "Needs a folder of CoNLL-U files, so it is run by itself: `python -m benchmarks.bench_early_stopping FOLDER`. "
    "Steps of successive halving until it has the best value of random search, beside all steps of random search."
)


def main() -> None:
    """Run both searches for every seed and print a Markdown table; a line on standard error after each search."""
    if sys.argv[1:2] == ["describe"]:
        print(json.dumps({"question": QUESTION, "how": HOW, "contestants": []}))
        return
    parser = argparse.ArgumentParser(description=QUESTION)
    parser.add_argument("folder", nargs="?", default=os.environ.get("PERSOPT_BENCH_CONLLU"))
    for name, default in (
        ("seeds", 5),
        ("trials", 12),
        ("rows", 256),
        ("epochs", 3),
        ("evaluations", 9),
        ("length", 24),
        ("rung", 2),
        ("width", 192),
        ("batch", 8),
        ("more", 6),
        ("first", 0),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    if given.folder is None:
        raise SystemExit("name the folder of the CoNLL-U files")
    with tempfile.TemporaryDirectory() as folder:
        model, data = _make_material(Path(given.folder), Path(folder), given.rows, given.width)
        rows = [
            _compare(model, data, Path(folder), seed, given) for seed in range(given.first, given.first + given.seeds)
        ]
    print(_table(rows, given))


def _make_material(source: Path, folder: Path, rows: int, width: int) -> tuple[Path, Path]:
    """Split the sentences of all files at random; make an untrained encoder (at width 192: 1.9 million weights)."""
    from persopt.quickstart import make_quickstart_model

    files = sorted(source.glob("*.conllu"))
    sentences = [block for file in files for block in file.read_text("utf-8").strip().split("\n\n")]
    random.Random(0).shuffle(sentences)
    data = folder / "data"
    data.mkdir()
    for name, part in (("train", sentences[:rows]), ("validation", sentences[rows : rows + rows // 2])):
        (data / f"{name}.conllu").write_text("\n\n".join(part) + "\n\n", "utf-8")
    texts = [line.removeprefix("# text = ") for block in sentences[:rows] for line in block.splitlines()[:4]]
    texts = [text for text in texts if not text.startswith("#")]
    return make_quickstart_model(folder / "model", texts, vocabulary=5000, hidden_size=width), data


def _compare(model: Path, data: Path, folder: Path, seed: int, given: argparse.Namespace) -> dict[str, Any]:
    whole = _search(model, data, folder / f"random-{seed}", seed, given, method="none", trials=given.trials)
    best = whole["best"]
    halved = _search(
        model, data, folder / f"asha-{seed}", seed, given, method="asha", trials=given.more * given.trials, target=best
    )
    return {"seed": seed, "random": whole, "asha": halved, "reached": halved["best"] >= best}


def _search(
    model: Path,
    data: Path,
    folder: Path,
    seed: int,
    given: argparse.Namespace,
    *,
    method: str,
    trials: int,
    target: float | None = None,
) -> dict[str, Any]:
    from persopt.domain.specs import TuneSpec
    from persopt.domain.validation import decode_struct
    from persopt.kernel.builtin_modules import BUILTIN_MODULES
    from persopt.plugins.discovery import load_registry
    from persopt.settings import load_settings
    from persopt.tuning.checks import resolve_tuning
    from persopt.tuning.journal import MemoryJournal, StudyHistory
    from persopt.tuning.run import run_tuning

    spec = decode_struct(
        {
            "baseModelPath": str(model),
            "datasetPath": str(data),
            "task": "token-classification",
            "config": {
                "learningRate": {"min": 1e-4, "max": 1e-2, "distribution": "log_uniform"},
                "weightDecay": {"min": 0.0, "max": 0.1},
                "dropout": {"min": 0.0, "max": 0.3},
                "batchSize": given.batch,  # the same for all, so that a step is a step
                "epochs": given.epochs,
            },
            "maxTrials": trials,
            "seed": seed,
            "targetValue": target,
            "data": {"maxLength": given.length},
            "training": {"evaluations": given.evaluations, "device": "cpu", "evaluationBatchSize": 128},
            "earlyStopping": {"method": "none"} if method == "none" else {"method": method, "minResource": given.rung},
            "executorOptions": {"threads": 1},
        },
        TuneSpec,
    )
    settings = load_settings({}, home=str(folder / "home"))
    registry = load_registry(settings, BUILTIN_MODULES)
    journal = MemoryJournal()
    folder.mkdir()
    begun = time.perf_counter()
    report = run_tuning(
        resolve_tuning(spec, settings, registry),
        settings=settings,
        registry=registry,
        folder=folder,
        journal=journal,
        history=StudyHistory(),
        environment={},
    )
    steps = [int(trial.attributes["persopt:step"]) for trial in journal.trials.values()]
    values = [trial.values[0] if trial.state == "succeeded" else 0.0 for trial in report.trials]
    reached = max(values)
    result = {
        "best": reached,
        "steps": sum(steps),
        "until_best": sum(steps[: values.index(reached) + 1]),
        "trials": len(steps),
        "stopped": sum(trial.state == "stopped" for trial in report.trials),
        "seconds": time.perf_counter() - begun,
    }
    print(f"{method} {seed}: {json.dumps(result)}", file=sys.stderr, flush=True)
    return result


def _table(rows: list[dict[str, Any]], given: argparse.Namespace) -> str:
    lines = [
        f"## {QUESTION}",
        "",
        f"Part-of-speech tags, {given.rows} sentences, width {given.width}, {given.epochs} epochs, "
        f"{given.evaluations} evaluations; {given.trials} trials of random search.",
        "",
        "| seed | random: best | steps | until its best | asha: best | steps | stopped/trials | share of all steps |",
        "|---|---|---|---|---|---|---|---|",
    ]
    shares = []
    for row in rows:
        whole, halved = row["random"], row["asha"]
        shares.append(halved["steps"] / whole["steps"])
        best = f"{halved['best']:.4f}" + ("" if row["reached"] else " (not reached)")
        lines.append(
            f"| {row['seed']} | {whole['best']:.4f} | {whole['steps']} | {whole['until_best']} | {best} "
            f"| {halved['steps']} | {halved['stopped']}/{halved['trials']} | {shares[-1]:.2f} |"
        )
    lines += ["", f"Median share {statistics.median(shares):.2f}, range {min(shares):.2f}-{max(shares):.2f}."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
