from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from persopt.cli.measure_views import print_measures
from persopt.cli.output import open_console
from persopt.domain.measure_specs import MeasureReport, ModelMeasures, QualityChange
from persopt.domain.measurements import Estimate, MemoryUse, OutputError, SpeedComparison, SpeedMeasurement
from tests.cli.commands import one_object, run_persopt
from tests.support.tiny_models import make_text_program
from tests.support.tiny_tasks import make_language_program


def test_a_model_is_measured_whole_in_one_object(tmp_path: Path) -> None:
    program = make_language_program(tmp_path)
    words = ("--batch", "1,2", "--length", "8", "--threads", "1", "--seconds", "0.01", "--json")
    result = run_persopt("measure", program.model, "--data", program.dataset, "--max-length", "8", *words)
    assert result.returncode == 0, result.stderr
    report = one_object(result)
    model = report["model"]
    assert [(one["batch"], one["length"]) for one in model["speed"]] == [(1, 8), (2, 8)]
    assert 0 < model["speed"][0]["p50"] <= model["speed"][0]["p99"]
    assert model["memory"]["peak"] > model["memory"]["base"] > 10_000_000
    assert model["memory"]["loadSeconds"] > 0
    assert set(model["quality"]) == {"loss", "perplexity"}
    assert (report["task"], report["metric"]) == ("causal-language-modeling", "perplexity")


def test_both_models_are_shown_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    speed = SpeedMeasurement(batch=1, length=32, p50=10.0, p95=12.0, p99=13.0, throughput=100.0, calls=50)
    slower = msgspec.structs.replace(speed, p50=25.0)
    accuracy = Estimate(value=0.8125, low=0.79, high=0.83)
    memory = MemoryUse(peak=300_000_000, base=200_000_000, load_seconds=1.5)
    common: dict[str, Any] = {"format": "onnx", "weight_bytes": 22_700_000, "total_bytes": 23_000_000, "memory": memory}
    report = MeasureReport(
        model=ModelMeasures(path="/small", speed=[speed], quality={"accuracy": accuracy}, **common),
        against=ModelMeasures(path="/large", speed=[slower], quality={"accuracy": accuracy}, **common),
        comparisons=[
            SpeedComparison(
                before=slower, after=speed, speedup=Estimate(value=2.5, low=2.4, high=2.6), threads=2, device="cpu"
            )
        ],
        quality=QualityChange(
            change={"accuracy": Estimate(value=-0.01, low=-0.02, high=0.0)},
            p_values={"accuracy": 0.041},
            agreement=0.97,
            rows_needed=4000,
        ),
        outputs=OutputError(largest=0.5, mean=0.1, cosine=0.999, rows=256),
        rows=2000,
        threads=2,
        notes=["something to know"],
    )
    print_measures(open_console(), report)
    shown = capsys.readouterr().out
    for part in (
        "22.70 MB, 23.00 MB with all files",
        "300.0 MB at most, 100.0 MB of it more than its libraries",
        "2.5 (2.4 to 2.6)",
        "0.8125 (0.79 to 0.83)",
        "-0.01 (-0.02 to 0)",
        "0.041",
        "cosine 0.999000",
        "rows to tell  4000",
        "something to know",
    ):
        assert part in shown
    assert shown.index("/small") < shown.index("/large")


def test_bad_words_are_told_all_at_once_and_nothing_runs(tmp_path: Path) -> None:
    model = make_text_program(tmp_path).model
    result = run_persopt("measure", model, "--batch", "1,x", "--length", "0", "--threads", "none")
    assert result.returncode == 2
    for part in ("batchSizes: expected whole numbers", "'1,x'", "lengths: ", "threads: "):
        assert part in result.stderr
    assert result.stdout == ""
