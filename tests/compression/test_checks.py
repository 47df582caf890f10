"""What of a compression is refused before anything runs, every fault at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from persopt.compression.checks import resolve_compression
from persopt.compression.installed import find_installed
from persopt.compression.space import find_shapes
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import Fault, InputError
from persopt.domain.validation import decode_struct
from persopt.settings import load_settings
from tests.support.compressions import make_compressible, registry_of, resolve_here
from tests.support.threads import one_torch_thread

__all__ = ("one_torch_thread",)

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_compressible(tmp_path_factory.mktemp("task"))


def _faults(folder: Path, task: tuple[Path, Path], **fields: Any) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        resolve_here(folder, *task, **fields)
    return list(caught.value.faults)


def test_what_is_left_open_is_filled_in(tmp_path: Path, task: tuple[Path, Path]) -> None:
    spec = resolve_here(
        tmp_path, *task, max_size="20MB", max_latency="5ms", budget="30m", latency_length=None, threads=None
    )
    assert (spec.max_size, spec.max_latency, spec.budget) == (20e6, 5.0, 1800.0)
    assert spec.task == "text-classification"
    assert (spec.data.label_column, spec.data.test_split) == ("label", "test")
    assert spec.latency_length == 64  # no more than the model takes
    assert resolve_compression(spec, load_settings({}, home=str(tmp_path / "home")), registry_of(tmp_path)) == spec


def test_all_faults_are_told_at_once(tmp_path: Path, task: tuple[Path, Path]) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").touch()
    faults = _faults(
        tmp_path,
        (tmp_path / "nowhere", task[1]),
        max_size="twenty",
        max_latency="5 apples",
        budget="soon",
        strategy="bayes",
        output_path=str(tmp_path / "used"),
    )
    paths = ["$.maxSize", "$.maxLatency", "$.budget", "$.strategy", "$.modelPath", "$.outputPath"]
    assert [fault.path for fault in faults] == paths
    assert "did you mean 'bayesian'?" in faults[3].message


def test_what_is_minimized_must_be_known() -> None:
    with pytest.raises(InputError, match=r"minimize: .*'latency' or 'size'.*'speed'"):
        decode_struct({"minimize": "speed"}, CompressSpec)


@pytest.mark.parametrize(
    ("fields", "path", "told"),
    [
        ({"techniques": ["quantization"], "methods": ["magnitude"]}, "$.methods", "are for pruning, and techniques"),
        ({"techniques": ["pruning"], "backends": ["casting"]}, "$.backends", "are for quantization, and techniques"),
        ({"techniques": ["quantization"], "max_size": 1000}, "$.maxSize", "weights of 8 bits, the fewest here, are"),
        ({"budget": "1s", "seconds": 2.0}, "$.budget", "timing alone takes 6 seconds"),
        ({"latency_length": 4096}, "$.latencyLength", "takes at most"),
        ({"threads": 4096}, "$.threads", "more than the"),
        ({"methods": ["magnitud"]}, "$.methods", "did you mean 'magnitude'"),
        ({"backends": ["castin"]}, "$.backends", "did you mean 'casting'"),
        ({"dataset_path": ""}, "$.datasetPath", "is missing: what a model loses is judged on labelled rows"),
    ],
)
def test_targets_that_contradict_each_other_or_cannot_be(
    tmp_path: Path, task: tuple[Path, Path], fields: dict[str, object], path: str, told: str
) -> None:
    (fault,) = _faults(tmp_path, task, **fields)
    assert fault.path == path
    assert told in fault.message


def test_unlabelled_data_are_refused(tmp_path: Path, task: tuple[Path, Path]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    rows = [{"text": f"متن {number}", "label": None} for number in range(8)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    for name in ("train", "validation"):
        (data / f"{name}.jsonl").write_text(text)
    faults = _faults(tmp_path, (task[0], data))
    assert len(faults) == 1
    assert "label" in faults[0].message


def test_too_few_rows_to_hold_some_out_are_refused(tmp_path: Path, task: tuple[Path, Path]) -> None:
    data = Path(shutil.copytree(task[1], tmp_path / "few"))
    (data / "test.jsonl").unlink()
    lines = (data / "train.jsonl").read_text("utf-8").splitlines()[:3]
    (data / "validation.jsonl").write_text("\n".join(lines), "utf-8")
    (fault,) = _faults(tmp_path, (task[0], data))
    assert fault.message == "has 3 validation rows and no test split; at least 4 are wanted"


def test_a_model_without_a_head_for_the_data_is_refused(tmp_path: Path, task: tuple[Path, Path]) -> None:
    (fault,) = _faults(tmp_path, (task[0].parent / "body", task[1]))
    assert fault.path == "$.modelPath"
    assert "no trained head for text-classification" in fault.message


def test_what_takes_part_and_what_does_not_is_told(tmp_path: Path, task: tuple[Path, Path]) -> None:
    spec = resolve_here(tmp_path, *task, backends=[])
    found = find_installed(spec, registry_of(tmp_path))
    assert set(found.methods) == {"first", "gradient", "magnitude", "wanda"}
    assert set(found.left_out) == {"lottery-ticket", "movement", "random"}
    assert {step.backend for step in found.steps.values()} == {"casting", "overflowing", "raising"}
    assert not any(step.bits == 4 for step in found.steps.values())  # which these backends refuse
    named = find_installed(resolve_here(tmp_path, *task, methods=["random"]), registry_of(tmp_path))
    assert named.methods == ["random"]


def test_the_shapes_are_those_that_the_configuration_can_say(task: tuple[Path, Path]) -> None:
    """Of BERT, heads cannot be cut without the hidden width."""
    shapes = find_shapes(task[0])
    assert shapes.count == 3
    assert [round(3 * (1 - ratio)) for ratio in shapes.layers] == [3, 2, 1]
    assert shapes.widths
    assert shapes.feed_forward == [0.0, 0.25, 0.5, 0.75]
