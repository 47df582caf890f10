from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from persopt.data.tokenized import TokenizedData, tokenized_dataset
from persopt.domain.errors import DataError, OutputError
from persopt.domain.programs import DataSpec, TrainingOptions, TrainingProgram
from tests.models.tiny import make_tokenizer

TEXTS = ["good film", "bad film", "the man saw the good dog", "a very bad day", "این فیلم خوب است"]

# Says when it is ready, and builds when told to, so that several begin at once.
SCRIPT = """
import resource, signal, sys
import msgspec
from transformers import AutoTokenizer
from persopt.data.tokenized import tokenized_dataset
from persopt.domain.errors import OutputError
from persopt.domain.programs import TrainingProgram
program = msgspec.json.decode(sys.argv[1], type=TrainingProgram)
tokenizer = AutoTokenizer.from_pretrained(program.model)
if sys.argv[2:]:
    # A file that grows beyond this is cut short by the system: as on a full disk, or with a signal that kills.
    signal.signal(signal.SIGXFSZ, getattr(signal, sys.argv[2]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
print("ready", flush=True)
sys.stdin.readline()
try:
    data = tokenized_dataset(program, 32, tokenizer)
    print(data.from_cache, data.folder, data.train.num_rows, flush=True)
except OutputError as error:
    print("OutputError", flush=True)
"""


@pytest.fixture
def program(tmp_path: Path) -> TrainingProgram:
    """A program whose data set has 400 rows and is larger than the limit of the scripts."""
    rows = "".join(f"{TEXTS[number % 5]} {number},{number % 2}\n" for number in range(400))
    (tmp_path / "data.csv").write_text("text,label\n" + rows, "utf-8")
    make_tokenizer().save_pretrained(tmp_path / "model")
    return TrainingProgram(
        model=str(tmp_path / "model"),
        dataset=str(tmp_path / "data.csv"),
        task="text-classification",
        data=DataSpec(),
        training=TrainingOptions(),
        cache=str(tmp_path / "cache"),
    )


def build(program: TrainingProgram, max_length: int = 32) -> TokenizedData:
    return tokenized_dataset(program, max_length, make_tokenizer())


def start(program: TrainingProgram, *action: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, msgspec.json.encode(program).decode(), *action],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def await_ready(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_rows_are_tokenized_once_and_mapped(program: TrainingProgram) -> None:
    made = build(program)
    assert (made.from_cache, made.labels, made.test) == (False, ["0", "1"], None)
    assert (made.train.num_rows, made.validation.num_rows) == (320, 80)
    assert Path(made.train.cache_files[0]["filename"]).parent == made.folder
    row = made.train[0]
    assert set(row) == {"input_ids", "labels", "length"}
    assert len(row["input_ids"]) == row["length"]
    decoded = make_tokenizer().decode(row["input_ids"], skip_special_tokens=True)
    assert any(decoded.startswith(text) for text in TEXTS)
    again = build(program)
    assert again.from_cache
    assert again.folder == made.folder
    assert again.train.to_list() == made.train.to_list()
    assert again.labels == made.labels


def test_a_changed_data_file_is_tokenized_anew(program: TrainingProgram) -> None:
    first = build(program)
    file = Path(program.dataset)
    file.write_text(file.read_text("utf-8").replace("good film 0", "bad film 00"), "utf-8")
    changed = build(program)
    assert not changed.from_cache
    assert changed.folder != first.folder


def test_a_copy_of_the_data_and_model_elsewhere_is_the_same(program: TrainingProgram, tmp_path: Path) -> None:
    build(program)
    (tmp_path / "data.csv").rename(tmp_path / "moved.csv")
    (tmp_path / "model").rename(tmp_path / "other")
    moved = msgspec.structs.replace(program, dataset=str(tmp_path / "moved.csv"), model=str(tmp_path / "other"))
    assert build(moved).from_cache


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"data": DataSpec(max_train_rows=10)},
        {"data": DataSpec(validation_fraction=0.5)},
        {"data": DataSpec(text_columns=["text"])},
    ],
)
def test_another_spec_has_another_key(change: dict[str, object], program: TrainingProgram) -> None:
    first = build(program)
    assert build(msgspec.structs.replace(program, **change)).folder != first.folder


def test_another_length_or_tokenizer_has_another_key(program: TrainingProgram) -> None:
    first = build(program)
    assert build(program, 8).folder != first.folder
    assert max(build(program, 8).train["length"][:]) <= 8
    file = Path(program.model) / "tokenizer.json"
    file.write_text(file.read_text("utf-8").replace('"good"', '"gooood"'), "utf-8")
    assert build(program).folder != first.folder


def test_no_more_than_the_tokenizers_limit_is_used(program: TrainingProgram) -> None:
    assert build(program, 10_000).folder == build(program, 64).folder


def test_of_two_processes_at_once_one_builds_and_both_have_it(program: TrainingProgram) -> None:
    processes = [start(program), start(program)]
    for process in [await_ready(process) for process in processes]:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    folder = build(program).folder
    assert sorted(out for out, _ in answers) == [f"False {folder} 320\n", f"True {folder} 320\n"]


def test_a_build_that_is_killed_half_way_is_never_taken_for_whole(program: TrainingProgram) -> None:
    process = await_ready(start(program, "SIG_DFL"))
    process.communicate("go\n", timeout=120)
    assert process.returncode == -signal.SIGXFSZ
    (part,) = (item for item in (Path(program.cache) / "tokenized").iterdir() if item.is_dir())
    assert part.suffix == ".part"
    assert (part / "train.arrow").stat().st_size > 0
    made = build(program)
    assert not made.from_cache
    assert made.train.num_rows == 320
    assert not part.exists()


def test_a_full_disk_is_an_error_that_leaves_nothing(program: TrainingProgram) -> None:
    process = await_ready(start(program, "SIG_IGN"))
    out, err = process.communicate("go\n", timeout=120)
    assert (out, process.returncode) == ("OutputError\n", 0), err
    assert [item for item in (Path(program.cache) / "tokenized").iterdir() if item.is_dir()] == []


def test_bad_data_is_an_error_that_leaves_nothing(program: TrainingProgram) -> None:
    Path(program.dataset).write_text("text,label\nx,1\ny,1\n")
    with pytest.raises(DataError, match="one class"):
        build(program)
    assert [item for item in (Path(program.cache) / "tokenized").iterdir() if item.is_dir()] == []


def test_a_cache_that_cannot_be_made_is_an_error(program: TrainingProgram, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        build(program)
