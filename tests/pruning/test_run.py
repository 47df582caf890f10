"""Whole prunings of tiny checkpoints, held against torch in memory."""

from __future__ import annotations

import hashlib
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import torch
from torch import Tensor
from transformers import AutoModel, AutoTokenizer

from persopt.domain.errors import JobCancelledError, ModelError, OutputError
from persopt.domain.jobs import Progress
from persopt.domain.prune_reports import PruneReport
from persopt.models.headers import read_header
from persopt.models.quiet import quiet_transformers
from tests.models.tiny import save_tiny
from tests.support.prunings import prune_here, read_tensors, resolve_here, save_sharded

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture(scope="module", params=["float32", "bfloat16", "float16"])
def sharded(request: pytest.FixtureRequest, bert: Path) -> Path:
    return save_sharded(bert, bert.parent / f"sharded-{request.param}", request.param)


def chosen_of(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the linear layers of a tiny BERT's body."""
    return {name: one for name, one in tensors.items() if "encoder" in name and one.dim() == 2}


def file_order(folder: Path) -> list[str]:
    return [header.name for file in sorted(folder.glob("*.safetensors")) for header in read_header(file)]


def hash_files(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def test_streaming_gives_what_a_sort_of_all_weights_in_memory_gives(tmp_path: Path, sharded: Path) -> None:
    before = hash_files(sharded)
    report = prune_here(tmp_path, sharded, sparsity=0.6, scope="global")
    expected = read_tensors(sharded)
    chosen = chosen_of(expected)
    order = [name for name in file_order(sharded) if name in chosen]
    everything = torch.cat([chosen[name].flatten() for name in order])
    gone = everything.float().abs().sort(stable=True).indices[: round(0.6 * everything.numel())]
    everything[gone] = 0
    parts = torch.split(everything, [chosen[name].numel() for name in order])
    for name, values in zip(order, parts, strict=True):
        expected[name] = values.reshape(chosen[name].shape)
    found = read_tensors(tmp_path / "pruned")
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert torch.equal(found[name].view(torch.uint8), tensor.view(torch.uint8)), name
    assert abs(report.sparsity * everything.numel() - 0.6 * everything.numel()) <= 1
    assert hash_files(sharded) == before


def test_shards_headers_and_metadata_are_kept_and_transformers_loads_the_result(tmp_path: Path, sharded: Path) -> None:
    prune_here(tmp_path, sharded)
    pruned = tmp_path / "pruned"
    assert len(list(sharded.glob("*.safetensors"))) > 2
    assert {file.name for file in pruned.iterdir()} == {file.name for file in sharded.iterdir()}
    for file in sharded.glob("*.safetensors"):
        end = 8 + int.from_bytes(file.read_bytes()[:8], "little")
        assert (pruned / file.name).read_bytes()[:end] == file.read_bytes()[:end]
        assert (pruned / file.name).stat().st_size == file.stat().st_size
    with quiet_transformers():
        model = AutoModel.from_pretrained(pruned)
    stored = read_tensors(pruned)
    assert all(torch.equal(tensor.to(stored[name].dtype), stored[name]) for name, tensor in model.state_dict().items())
    assert AutoTokenizer.from_pretrained(pruned)("good film")["input_ids"]


@pytest.mark.parametrize("scope", ["tensor", "row"])
def test_the_count_is_exact_in_each_tensor(tmp_path: Path, bert: Path, scope: str) -> None:
    report = prune_here(tmp_path, bert, sparsity=0.37, scope=scope)
    tensors, before = read_tensors(tmp_path / "pruned"), read_tensors(bert)
    for name, tensor in chosen_of(tensors).items():
        zeros = int((tensor == 0).sum())
        assert abs(zeros - 0.37 * tensor.numel()) <= 1
        assert torch.equal(tensor[tensor != 0], before[name][tensor != 0])
        if scope == "row":
            assert all(abs(int((row == 0).sum()) - 0.37 * len(row)) <= 1 for row in tensor)
    rest = set(tensors) - set(chosen_of(tensors))
    assert all(torch.equal(tensors[name], before[name]) for name in rest)
    told = {one.name: one for one in report.tensors}
    assert {name for name, one in told.items() if one.pruned} == set(chosen_of(tensors))
    for name, tensor in tensors.items():
        if tensor.is_floating_point():
            assert (told[name].zeros, told[name].parameters) == (int((tensor == 0).sum()), tensor.numel())
            assert told[name].zeros_before == int((before[name] == 0).sum())


@pytest.mark.parametrize("pattern", ["2:4", "4:8"])
def test_a_pattern_holds_in_every_group(tmp_path: Path, bert: Path, pattern: str) -> None:
    report = prune_here(tmp_path, bert, pattern=pattern)
    keep, group = map(int, pattern.split(":"))
    for tensor in chosen_of(read_tensors(tmp_path / "pruned")).values():
        assert ((tensor.reshape(-1, group) != 0).sum(1) == keep).all()
    assert (report.scope, report.sparsity) == ("pattern", 0.5)
    assert any(pattern in note for note in report.notes)


def test_inputs_of_a_conv1d_are_its_first_dimension(tmp_path: Path) -> None:
    model = save_tiny(tmp_path / "gpt2", "gpt2")
    prune_here(tmp_path, model, pattern="2:4")
    tensors = read_tensors(tmp_path / "pruned")
    layers = [tensor for name, tensor in tensors.items() if name.endswith(("c_attn.weight", "c_fc.weight"))]
    assert layers
    for tensor in layers:
        assert ((tensor.t().reshape(-1, 4) != 0).sum(1) == 2).all()


def test_sizes_are_those_of_the_files(tmp_path: Path, bert: Path) -> None:
    report = prune_here(tmp_path, bert)
    assert report.before.bytes == (bert / "model.safetensors").stat().st_size == report.after.bytes
    tensors = read_tensors(tmp_path / "pruned")
    assert report.after.parameters == sum(one.numel() for one in tensors.values() if one.is_floating_point())
    nonzero = sum(int(one.count_nonzero()) for one in tensors.values() if one.is_floating_point())
    assert report.after.nonzero == nonzero
    assert report.model_sparsity == pytest.approx(1 - nonzero / report.after.parameters)
    assert "faster on dense hardware" in report.notes[0]
    saved = msgspec.json.decode((tmp_path / "run" / "report.json").read_bytes(), type=PruneReport)
    assert saved == report
    assert "<svg" in Path(report.artifacts["sparsity.svg"]).read_text("utf-8")
    table = Path(report.artifacts["sparsity.csv"]).read_text("utf-8").splitlines()
    assert len(table) == 1 + len(report.tensors)


def test_a_random_pruning_is_the_same_for_the_same_seed(tmp_path: Path, bert: Path) -> None:
    def pruned(name: str, seed: int) -> Tensor:
        prune_here(tmp_path / name, bert, method="random", spec={"seed": seed})
        return torch.cat([one.flatten() for one in chosen_of(read_tensors(tmp_path / name / "pruned")).values()])

    first = pruned("a", 1)
    assert torch.equal(first, pruned("b", 1))
    assert not torch.equal(first, pruned("c", 2))


def test_progress_counts_up_to_its_total(tmp_path: Path, bert: Path) -> None:
    told: list[Progress] = []
    prune_here(tmp_path, bert, scope="global", run={"tell": told.append})
    assert told[-1].done == told[-1].total
    assert told[-1].share == 1


class Cancelled:
    """Says so from the `after`-th look on."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("after", [0, 5, 40])
def test_a_cancelled_pruning_leaves_nothing(tmp_path: Path, bert: Path, after: int) -> None:
    with pytest.raises(JobCancelledError):
        prune_here(tmp_path, bert, scope="global", run={"is_cancelled": Cancelled(after)})
    assert not [path for path in tmp_path.iterdir() if "pruned" in path.name]


def test_a_model_that_is_as_sparse_already_is_refused(tmp_path: Path, bert: Path) -> None:
    prune_here(tmp_path, bert, sparsity=0.5)
    with pytest.raises(ModelError, match=r"^config.sparsity: is sparse already: 50.0% of the chosen weights"):
        prune_here(tmp_path / "again", tmp_path / "pruned", sparsity=0.4)
    assert not (tmp_path / "again" / "pruned").exists()
    assert prune_here(tmp_path / "more", tmp_path / "pruned", sparsity=0.8).sparsity == pytest.approx(0.8, abs=1e-3)


def test_a_pattern_looks_at_groups_not_at_how_many_zeros_there_are(tmp_path: Path, bert: Path) -> None:
    prune_here(tmp_path, bert, sparsity=0.5)
    report = prune_here(tmp_path / "pattern", tmp_path / "pruned", pattern="2:4")  # as many zeros, elsewhere
    again = tmp_path / "again"
    with pytest.raises(ModelError, match=r"^config.sparsity: is sparse already: .* of the chosen weights of .*pattern"):
        prune_here(again, Path(report.model_path), pattern="2:4")
    assert not (again / "pruned").exists()


def test_a_model_that_may_only_be_read_gives_an_output_that_may_be_written(tmp_path: Path, bert: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(bert, model)
    (model / "1_Pooling").mkdir()
    (model / "1_Pooling" / "config.json").write_text("{}")
    folders = (model / "1_Pooling", model)
    for folder in folders:
        for file in folder.iterdir():
            file.chmod(0o555 if file.is_dir() else 0o444)
        folder.chmod(0o555)
    try:
        report = prune_here(tmp_path, model, sparse_copy=True)
    finally:
        for folder in reversed(folders):
            folder.chmod(0o755)
    output = Path(report.model_path)
    for place in (output, *output.rglob("*")):
        assert place.stat().st_mode & stat.S_IWUSR, place
    assert (output / "1_Pooling" / "config.json").is_file()


def test_an_output_that_is_a_link_is_the_folder_that_it_leads_to(tmp_path: Path, bert: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "there")
    report = prune_here(tmp_path, bert, spec={"output_path": str(link)})
    assert report.model_path == str(tmp_path / "there")
    assert link.is_symlink()
    assert (link / "model.safetensors").is_file()


def test_what_safetensors_cannot_write_is_told_of_the_output(tmp_path: Path, bert: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (bert / "model.safetensors").stat().st_size // 2  # more than all other files, less than what is left
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        with pytest.raises(OutputError, match=r"^outputPath: the pruned model cannot be written to .*large") as caught:
            prune_here(tmp_path, bert, structured=True, sparsity=0.1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert type(caught.value.__cause__).__name__ == "SafetensorError"
    assert not list(tmp_path.glob("*pruned*"))


def test_an_output_that_came_into_use_is_left_alone(tmp_path: Path, bert: Path) -> None:
    def fill() -> bool:
        (tmp_path / "pruned").mkdir(exist_ok=True)
        (tmp_path / "pruned" / "mine").write_text("mine")
        return False

    with pytest.raises(OutputError, match="has come into use since the job began"):
        prune_here(tmp_path, bert, run={"is_cancelled": fill})
    assert [path.name for path in (tmp_path / "pruned").iterdir()] == ["mine"]
    assert not (tmp_path / ".pruned.part").exists()


def test_weights_that_are_not_finite_are_told(tmp_path: Path, bert: Path) -> None:
    from safetensors.torch import load_file, save_file

    broken = shutil.copytree(bert, tmp_path / "broken")
    tensors = load_file(broken / "model.safetensors")
    name = next(iter(chosen_of(tensors)))
    tensors[name][0, 0] = float("nan")
    save_file(tensors, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=f"{name} has weights that are not finite"):
        prune_here(tmp_path, broken)


def test_a_run_that_died_after_its_delivery_gives_its_report_again(tmp_path: Path, bert: Path) -> None:
    spec = resolve_here(tmp_path, bert)
    report = prune_here(tmp_path, bert)

    def fail() -> bool:
        raise AssertionError("nothing is to be done")

    from persopt.plugins.registry import Registry
    from persopt.pruning.run import run_pruning
    from persopt.settings import Settings

    again = run_pruning(
        spec, settings=Settings(), registry=Registry(), folder=tmp_path / "run", environment={}, is_cancelled=fail
    )
    assert again == report


DIES: Final = """
import os, signal, sys
from pathlib import Path
from tests.support.prunings import prune_here
looks = 0
def die():
    global looks
    looks += 1
    if looks == 30:
        os.kill(os.getpid(), signal.SIGKILL)
    return False
prune_here(Path(sys.argv[1]), Path(sys.argv[2]), run={"is_cancelled": die})
"""


def test_a_kill_in_the_middle_leaves_no_output_and_the_next_run_clears_up(tmp_path: Path, bert: Path) -> None:
    project = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", DIES, str(tmp_path), str(bert)]
    done = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (tmp_path / "pruned").exists()
    assert (tmp_path / ".pruned.part").is_dir()
    prune_here(tmp_path, bert)
    assert (tmp_path / "pruned" / "model.safetensors").is_file()
    assert not (tmp_path / ".pruned.part").exists()


@pytest.fixture(autouse=True)
def _no_stray_threads() -> Iterator[None]:
    threads: Any = torch.get_num_threads()
    yield
    assert torch.get_num_threads() == threads
