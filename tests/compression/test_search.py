"""A whole compression of a tiny classifier: what is tried, kept, chosen, delivered and told."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from persopt.compression.run import run_compression
from persopt.domain.compress_reports import CompressReport
from persopt.domain.errors import InputError, JobCancelledError
from persopt.domain.jobs import Progress
from persopt.domain.trials import TrialRecord
from persopt.models.manifest import verify_manifest
from persopt.settings import load_settings
from tests.support.compressions import compress_here, make_compressible, registry_of, resolve_here, write_rows
from tests.support.threads import one_torch_thread
from tests.support.tiny_models import WORDS

__all__ = ("one_torch_thread",)

pytestmark = pytest.mark.usefixtures("one_torch_thread")

CANDIDATES = 6
_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_compressible(tmp_path_factory.mktemp("task"))


class Journal:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.finished: dict[int, TrialRecord] = {}

    def start_trial(self, trial: TrialRecord, /) -> None:
        self.started.append(trial.number)

    def finish_trial(self, trial: TrialRecord, progress: Progress, /) -> None:
        self.finished[trial.number] = trial
        assert progress.done == len(self.finished)


@pytest.fixture(scope="module")
def journal() -> Journal:
    return Journal()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("finished")


@pytest.fixture(scope="module")
def finished(home: Path, task: tuple[Path, Path], journal: Journal) -> CompressReport:
    """A search for the smallest model: sizes are the same however busy the machine is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        return compress_here(home, *task, minimize="size", max_candidates=CANDIDATES, run={"journal": journal})


def _essence(report: CompressReport) -> list[Any]:
    """What of a search must not depend on the clock."""
    names = ("drop", "size", "accuracy", "loss")
    return [
        (one.number, one.summary, one.state, [one.metrics.get(name) for name in names]) for one in report.candidates
    ] + [report.chosen.number, report.pareto]


def test_quantization_alone_comes_first_then_cut_models(finished: CompressReport) -> None:
    recipes = [one.recipe for one in finished.candidates]
    assert len(recipes) == CANDIDATES
    assert [recipe.cut is None for recipe in recipes[:3]] == [True] * 3
    assert {recipe.quantize.method for recipe in recipes[:3] if recipe.quantize} == {"static", "dynamic", "weight-only"}
    assert sum(recipe.cut is not None for recipe in recipes) >= 3
    assert any(one.state == "judged" and one.recipe.train is not None for one in finished.candidates)


def test_trimming_is_tried_where_nothing_else_can_be(tmp_path: Path, task: tuple[Path, Path]) -> None:
    report = compress_here(tmp_path, *task, minimize="size", max_candidates=1, techniques=["vocabulary"], backends=[])
    assert [(one.state, one.recipe.trim) for one in report.candidates] == [("judged", True)]


def test_only_the_promising_are_trained_and_each_of_the_others_says_why(finished: CompressReport) -> None:
    trained = [one for one in finished.candidates if any(stage.name == "train" for stage in one.stages)]
    cut = [one for one in finished.candidates if one.recipe.cut is not None]
    assert 0 < len(trained) < len(cut)
    assert all(bool(one.reason) == (one.state != "judged") for one in finished.candidates)
    assert all({"cut", "quantize", "time", "judge-slice"} <= {stage.name for stage in one.stages} for one in cut)


def test_stages_are_shared_by_candidates(finished: CompressReport) -> None:
    trims = [stage for one in finished.candidates for stage in one.stages if stage.name == "trim"]
    assert [stage.cached for stage in trims] == [False] + [True] * (len(trims) - 1)
    assert len(trims) > 3


def test_the_chosen_one_is_smaller_and_delivered_whole(finished: CompressReport, task: tuple[Path, Path]) -> None:
    output = Path(finished.model_path)
    chosen = finished.chosen
    assert finished.met
    assert chosen.within
    assert chosen.on_front
    assert (output / "model.safetensors").stat().st_size == chosen.metrics["size"] < finished.original.size
    assert finished.original.size == (task[0] / "model.safetensors").stat().st_size
    manifest = verify_manifest(output)
    assert (manifest.backend, manifest.model.path) == ("casting", str(task[0]))
    assert json.loads((output / "recipe.json").read_text()) == msgspec.to_builtins(chosen.recipe)


def test_the_confirmation_is_what_both_models_do_on_the_test_rows(
    finished: CompressReport, task: tuple[Path, Path]
) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    rows = [json.loads(line) for line in (task[1] / "test.jsonl").read_text("utf-8").splitlines()]
    shares = []
    for folder in (task[0], finished.model_path):
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForSequenceClassification.from_pretrained(folder, dtype="float32").eval()
        best = [model(**tokenizer(row["text"], return_tensors="pt")).logits.argmax().item() for row in rows]
        shares.append(sum(model.config.id2label[one] == row["label"] for one, row in zip(best, rows, strict=True)))
    confirmed = finished.confirmation
    assert (confirmed.rows, confirmed.source) == (24, "test-split")
    assert confirmed.original["accuracy"].value == pytest.approx(shares[0] / 24)
    assert confirmed.model["accuracy"].value == pytest.approx(shares[1] / 24)
    assert confirmed.drop.value == pytest.approx(100 * (shares[0] - shares[1]) / 24)


def test_the_sensitivity_is_that_of_leaving_a_layer_out(finished: CompressReport, task: tuple[Path, Path]) -> None:
    """Against a model whose layer was really taken out."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    assert [one.number for one in finished.sensitivity.layers] == [0, 1, 2]
    assert sum(finished.sensitivity.parts.values()) == pytest.approx(1)
    from datasets import load_from_disk

    (search,) = (Path(finished.model_path).parent / "home" / "cache" / "compression-data").glob("*/search")
    rows: Any = load_from_disk(str(search))["train"]
    tokenizer = AutoTokenizer.from_pretrained(task[0])

    def loss(model: Any) -> float:
        wanted = 32  # as many calibration rows as the search was given, chosen by its seed
        import numpy as np

        chosen = np.sort(np.random.default_rng((0, wanted)).permutation(rows.num_rows)[:wanted])
        total = 0.0
        for row in rows.select(chosen.tolist()):
            label = torch.tensor([model.config.label2id[row["label"]]])
            with torch.inference_mode():
                total += float(model(**tokenizer(row["text"], return_tensors="pt"), labels=label).loss)
        return total / wanted

    whole = AutoModelForSequenceClassification.from_pretrained(task[0]).eval()
    lacking = AutoModelForSequenceClassification.from_pretrained(task[0]).eval()
    del lacking.bert.encoder.layer[2]
    assert finished.sensitivity.layers[2].rise == pytest.approx(loss(lacking) - loss(whole), abs=1e-4)
    removal = finished.sensitivity.removal
    least = AutoModelForSequenceClassification.from_pretrained(task[0]).eval()
    for number in sorted((one.number for one in removal), reverse=True):
        del least.bert.encoder.layer[number]
    assert len(least.bert.encoder.layer) == 1  # a third of three
    assert removal[-1].rise == pytest.approx(loss(least) - loss(whole), abs=1e-4)


def test_the_chosen_model_is_compared_with_the_original_on_the_test_rows(finished: CompressReport) -> None:
    comparison = finished.comparison
    assert comparison is not None
    assert (comparison.models[1].path, comparison.rows) == (finished.model_path, 24)
    change = comparison.pairs[0].changes["accuracy"].change
    assert -100 * change.value == pytest.approx(finished.confirmation.drop.value)
    assert comparison.verdicts.keys() == {"en", "fa"}


def test_each_candidate_is_a_trial_of_the_job(finished: CompressReport, journal: Journal) -> None:
    assert sorted(journal.started) == list(journal.finished) == list(range(CANDIDATES))
    judged = {one.number for one in finished.candidates if one.state == "judged"}
    assert judged
    for number in judged:
        trial = journal.finished[number]
        assert trial.values == [trial.metrics["size"], trial.metrics["drop"]]
        assert trial.metrics == finished.candidates[number].metrics


def test_the_table_and_the_picture_tell_of_all(finished: CompressReport) -> None:
    with Path(finished.artifacts["candidates.csv"]).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["state"] for row in rows] == [one.state for one in finished.candidates]
    assert [row["number"] for row in rows if row["onFront"] == "true"] == [str(number) for number in finished.pareto]
    assert "points of accuracy lost" in Path(finished.artifacts["front.svg"]).read_text("utf-8")
    file_ = Path(finished.artifacts["front.svg"]).parents[1] / "report.json"
    assert msgspec.json.decode(file_.read_bytes(), type=CompressReport) == finished


def test_the_example_runs_by_itself(finished: CompressReport) -> None:
    _run_example(Path(finished.model_path), "tests.support.casting_backend")


def test_a_run_that_died_after_its_delivery_gives_its_report_again(
    finished: CompressReport, home: Path, task: tuple[Path, Path]
) -> None:
    settings = load_settings({}, home=str(home / "home"))
    spec = resolve_here(home, *task, minimize="size", max_candidates=CANDIDATES, output_path=str(home / "other"))
    spec = msgspec.structs.replace(spec, output_path=finished.model_path)
    registry = registry_of(home)
    again = run_compression(spec, settings=settings, registry=registry, folder=home / "run", environment={})
    assert again == finished


def test_a_second_search_reuses_every_stage_and_finds_the_same(
    finished: CompressReport, home: Path, task: tuple[Path, Path]
) -> None:
    again = compress_here(
        home,
        *task,
        minimize="size",
        max_candidates=CANDIDATES,
        output_path=str(home / "again"),
        place="second",
    )
    assert _essence(again) == _essence(finished)
    stages = [stage for one in again.candidates for stage in one.stages]
    assert all(stage.cached for stage in stages)
    assert len(stages) > CANDIDATES


def test_a_search_that_was_stopped_goes_on_to_the_same_end(
    tmp_path: Path, finished: CompressReport, task: tuple[Path, Path]
) -> None:
    class Stopped(Journal):
        def finish_trial(self, trial: TrialRecord, progress: Progress, /) -> None:
            super().finish_trial(trial, progress)
            if trial.number == 3:
                raise JobCancelledError("killed")

    with pytest.raises(JobCancelledError):
        compress_here(tmp_path, *task, minimize="size", max_candidates=CANDIDATES, run={"journal": Stopped()})
    assert not (tmp_path / "small").exists()
    kept = len(list((tmp_path / "home" / "cache" / "stages").glob("*/stage.json")))
    report = compress_here(tmp_path, *task, minimize="size", max_candidates=CANDIDATES)
    assert _essence(report) == _essence(finished)
    cached = {(stage.name, stage.seconds) for one in report.candidates for stage in one.stages if stage.cached}
    assert kept > 4
    assert len(cached) >= kept


def test_test_rows_have_no_say_in_the_search(tmp_path: Path, finished: CompressReport, task: tuple[Path, Path]) -> None:
    """With every label of the test rows wrong, all is as before but the confirmation."""
    kinds = list(WORDS)
    poisoned = Path(shutil.copytree(task[1], tmp_path / "poisoned"))
    wrong = dict(zip(kinds, kinds[1:] + kinds[:1], strict=True))
    write_rows(poisoned / "test.jsonl", 24, 3, wrong)
    report = compress_here(tmp_path, task[0], poisoned, minimize="size", max_candidates=CANDIDATES)
    assert _essence(report) == _essence(finished)
    assert finished.confirmation.original["accuracy"].value > 0.8
    assert report.confirmation.original["accuracy"].value < 0.2
    for folder in (tmp_path / "home" / "cache" / "compression-data").glob("*/search"):
        assert {item.name for item in folder.iterdir() if item.is_dir()} == {"train", "validation"}


def _run_example(folder: Path, *modules: str) -> None:
    """Run the delivered example in a process of its own; it must name a class of each of its two texts."""
    code = (folder / "example.py").read_text("utf-8")
    assert len([line for line in code.splitlines() if line.strip()]) <= 13
    start = "" if not modules else _REGISTERED.format(modules=list(modules), root=str(_ROOT))
    program = start + f"import runpy; runpy.run_path({str(folder / 'example.py')!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert sum(done.stdout.count(kind) for kind in WORDS) == 2


_REGISTERED = """
import sys
sys.path.append({root!r})
import persopt.opening, persopt.plugins.discovery as discovery
load = discovery.load_registry
def load_more(settings, modules=()):
    return load(settings, [*modules, *{modules}])
discovery.load_registry = persopt.opening.load_registry = load_more
"""


def test_without_quantization_a_checkpoint_is_delivered_and_its_example_runs(
    tmp_path: Path, task: tuple[Path, Path]
) -> None:
    report = compress_here(
        tmp_path, *task, minimize="size", techniques=["pruning"], methods=["magnitude"], backends=[], max_candidates=2
    )
    assert report.format == "safetensors"
    assert report.chosen.recipe.quantize is None
    _run_example(Path(report.model_path))


def test_a_strangers_method_and_backend_take_part(tmp_path: Path, task: tuple[Path, Path]) -> None:
    report = compress_here(tmp_path, *task, techniques=["pruning", "quantization"], methods=["first"], max_candidates=5)
    cuts = [one for one in report.candidates if one.recipe.cut is not None]
    assert cuts
    assert {one.recipe.cut.method for one in cuts if one.recipe.cut is not None} == {"first"}
    assert {one.recipe.quantize.backend for one in report.candidates if one.recipe.quantize} == {"casting"}
    assert not any(one.state == "failed" for one in report.candidates)


def test_a_backend_that_fails_spoils_no_more_than_its_candidates(tmp_path: Path, task: tuple[Path, Path]) -> None:
    report = compress_here(
        tmp_path, *task, techniques=["quantization"], backends=["casting", "raising", "overflowing"], max_candidates=9
    )
    states: dict[str, set[str]] = {}
    for one in report.candidates:
        assert one.recipe.quantize is not None
        states.setdefault(one.recipe.quantize.backend, set()).add(one.state)
    assert states == {"casting": {"judged"}, "raising": {"failed"}, "overflowing": {"failed"}}
    failed = [one for one in report.candidates if one.state == "failed"]
    assert any("ZeroDivisionError: no luck" in one.reason for one in failed)


def test_layers_are_kept_in_floating_point_by_their_ranking(tmp_path: Path, task: tuple[Path, Path]) -> None:
    report = compress_here(
        tmp_path, *task, techniques=["quantization"], strategy="random", max_candidates=10, minimize="size"
    )
    mixed = [one for one in report.candidates if one.recipe.quantize and one.recipe.quantize.keep_worst]
    assert mixed
    assert report.sensitivity.quantized[0].error >= report.sensitivity.quantized[-1].error
    assert "worst" in mixed[0].summary


def test_where_nothing_meets_the_target_the_nearest_is_delivered(tmp_path: Path, task: tuple[Path, Path]) -> None:
    report = compress_here(
        tmp_path, *task, techniques=["vocabulary", "quantization"], max_size=90_000, max_candidates=3
    )
    judged = [one for one in report.candidates if one.state == "judged"]
    assert not report.met
    assert report.chosen in judged
    assert report.notes[0].startswith("No candidate keeps every limit")
    assert Path(report.model_path).is_dir()


def test_without_a_test_split_rows_are_held_out(tmp_path: Path, task: tuple[Path, Path]) -> None:
    data = Path(shutil.copytree(task[1], tmp_path / "two"))
    (data / "test.jsonl").unlink()
    report = compress_here(tmp_path, task[0], data, techniques=["quantization"], max_candidates=1)
    assert report.confirmation.source == "held-out"
    assert report.rows == {"train": 48, "validation": 12, "test": 12}
    from datasets import load_from_disk

    (folder,) = (tmp_path / "home" / "cache" / "compression-data").iterdir()
    given = [json.loads(line)["text"] for line in (data / "validation.jsonl").read_text("utf-8").splitlines()]
    search, whole = (load_from_disk(str(folder / name)) for name in ("search", "whole"))
    assert sorted([*search["validation"]["text"], *whole["test"]["text"]]) == sorted(given)


def test_a_budget_too_short_for_one_candidate_is_told_with_the_least(tmp_path: Path, task: tuple[Path, Path]) -> None:
    with pytest.raises(
        InputError, match=r"seconds are too short for one candidate; here it takes at least \d+"
    ) as caught:
        compress_here(tmp_path, *task, budget=0.05)
    assert caught.value.faults[0].path == "$.budget"
    assert not (tmp_path / "small").exists()


def test_a_first_measurement_that_loading_made_long_is_made_again_before_a_budget_is_refused(
    tmp_path: Path, task: tuple[Path, Path]
) -> None:
    fields: dict[str, Any] = {"techniques": ["quantization"], "max_candidates": 1}
    first = compress_here(tmp_path, *task, **fields)
    slow = []
    for file in (tmp_path / "home" / "cache" / "stages" / "measures").glob("*.json"):
        measured = json.loads(file.read_text())
        if measured.keys() == {"speed", "seconds"}:
            file.write_text(json.dumps(measured | {"seconds": 10_000.0}))
            slow.append(file)
    assert len(slow) == 1
    again = compress_here(tmp_path, *task, **fields, budget="2h", output_path=str(tmp_path / "again"), place="second")
    assert [one.summary for one in again.candidates] == [one.summary for one in first.candidates]
    assert again.original.latency == first.original.latency


def test_a_budget_ends_the_search_and_what_was_judged_is_delivered(tmp_path: Path, task: tuple[Path, Path]) -> None:
    (tmp_path / "run").mkdir()
    spent = tmp_path / "run" / ".spent-seconds"

    class Slow(Journal):
        """Ends when two candidates were looked at."""

        def finish_trial(self, trial: TrialRecord, progress: Progress, /) -> None:
            super().finish_trial(trial, progress)
            if trial.number == 1:
                raise JobCancelledError("killed")

    with pytest.raises(JobCancelledError):
        compress_here(tmp_path, *task, techniques=["quantization"], budget="2h", run={"journal": Slow()})
    assert spent.read_text().split()[1] == "2"
    spent.write_text("7199.99 2")
    report = compress_here(tmp_path, *task, techniques=["quantization"], budget="2h", max_candidates=400)
    assert report.ended_by == "budget"
    assert [one.state for one in report.candidates] == ["judged"] * 2
    assert Path(report.model_path).is_dir()


def test_what_was_trained_before_counts_when_the_time_is_over(
    tmp_path: Path, finished: CompressReport, task: tuple[Path, Path]
) -> None:
    (tmp_path / "run").mkdir()

    class Killed(Journal):
        def finish_trial(self, trial: TrialRecord, progress: Progress, /) -> None:
            super().finish_trial(trial, progress)
            if len(self.finished) == CANDIDATES:
                raise JobCancelledError("killed")

    asked: dict[str, Any] = {"minimize": "size", "max_candidates": CANDIDATES, "budget": "2h"}
    with pytest.raises(JobCancelledError):
        compress_here(tmp_path, *task, **asked, run={"journal": Killed()})
    (tmp_path / "run" / ".spent-seconds").write_text(f"7200.00 {CANDIDATES}")
    report = compress_here(tmp_path, *task, **asked)
    assert any(one.state == "judged" and one.recipe.train is not None for one in report.candidates)
    assert _essence(report) == _essence(finished)


def test_a_cancelled_search_leaves_no_output(tmp_path: Path, task: tuple[Path, Path]) -> None:
    looks = iter(range(60))
    with pytest.raises(JobCancelledError):
        compress_here(tmp_path, *task, run={"is_cancelled": lambda: next(looks, None) is None})
    assert not (tmp_path / "small").exists()
    assert not list(tmp_path.glob(".small*"))
