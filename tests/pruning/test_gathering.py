"""Gathering on every task, held against plain Transformers on one row after the other, where nothing is padded."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import torch
import transformers
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from persopt.data.tasks import DATA_TASKS
from persopt.domain.programs import TrainingProgram
from persopt.domain.prune_specs import PruneSpec
from persopt.models.headers import find_weights, read_header
from persopt.models.loading import load_for_task, load_processor
from persopt.models.saving import save_model
from persopt.pruning.calibration import gather_contexts, gather_units
from persopt.pruning.selection import SelectedTensor, select_tensors
from persopt.tuning.warm_program import WarmProgram
from tests.support.prunings import prune_here, read_tensors, resolve_here
from tests.support.tiny_models import make_sentence_program
from tests.support.tiny_tasks import DICTIONARY, make_image_program, make_language_program, make_pair_program

pytestmark = pytest.mark.usefixtures("one_torch_thread")

t: Any = transformers
KINDS = ("gpt2", "llama", "t5", "marian", "vit", "bert")


class Case(NamedTuple):
    """A model with data: as persopt sees them, and as plain Transformers does."""

    kind: str
    model: Path
    spec: PruneSpec
    rows: list[dict[str, Any]]
    plain: Any
    stored: dict[str, Tensor]

    def selected(self) -> list[SelectedTensor]:
        headers = [one for file in find_weights(self.model) for one in read_header(file)]
        return select_tensors(headers, self.plain.config.model_type)


@pytest.fixture(scope="module", params=KINDS)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp(request.param)
    program = make_program(folder, request.param)
    warm = WarmProgram(program)
    spec = resolve_here(folder, Path(program.model), method="gradient", spec=fields(program))
    collate = DATA_TASKS[program.task].make_collator(warm.processor)
    data = warm.map_data(program.data.max_length)
    rows = [collate([row]) for row in data.train.to_list()]
    name = json.loads((Path(program.model) / "config.json").read_text())["architectures"][0]
    auto = {"gpt2": "GPT2LMHeadModel", "llama": "LlamaForCausalLM"}.get(request.param, name)
    plain = getattr(t, auto).from_pretrained(program.model, dtype=torch.float32).eval()
    return Case(request.param, Path(program.model), spec, rows, plain, read_tensors(Path(program.model)))


def fields(program: TrainingProgram) -> dict[str, Any]:
    given = {"dataset_path": program.dataset, "data": program.data, "task": program.task}
    return given | {"calibration_rows": 100, "batch_size": 7, "device": "cpu"}


def make_program(folder: Path, kind: str) -> TrainingProgram:
    """Make a task whose model has a trained head."""
    if kind in ("gpt2", "llama"):
        return make_language_program(folder, kind)
    if kind in ("t5", "marian"):
        program = make_pair_program(folder, kind=kind)
        # Sources and targets of other lengths in each row, and alike in many a batch.
        chance = random.Random(0)
        words = list(DICTIONARY.items())
        rows = [
            {"fa": " ".join([source] * chance.randint(1, 4)), "en": " ".join([target] * chance.randint(1, 4))}
            for source, target in words * 4
        ]
        lines = "\n".join(json.dumps(row) for row in rows)
        (Path(program.dataset) / "train.jsonl").write_text(lines, "utf-8")
        return program
    made = make_image_program(folder) if kind == "vit" else make_sentence_program(folder)
    labels = ["blue", "green", "red"] if kind == "vit" else ["animal", "colour", "number"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = load_for_task(made.model, made.task, labels)
    save_model(model, load_processor(made.model, made.task), folder / "with-head")
    return msgspec.structs.replace(made, model=str(folder / "with-head"))


def run_plainly(case: Case, row: dict[str, Any]) -> tuple[Tensor, int]:
    """Return Transformers' own mean loss of a row, and of how many labels it is the mean."""
    labels = row["labels"]
    judged = int((labels != -100).sum())
    if case.kind in ("gpt2", "llama"):  # those shift the labels themselves
        whole = torch.cat([row["input_ids"], labels[:, -1:]], dim=1)
        return case.plain(input_ids=whole, labels=whole).loss, judged
    return case.plain(**row).loss, judged


@pytest.fixture(scope="module")
def gradients(case: Case) -> dict[str, Tensor]:
    case.plain.zero_grad()
    total = 0
    for row in case.rows:
        loss, judged = run_plainly(case, row)
        (loss * judged).backward()  # type: ignore[no-untyped-call]
        total += judged
    return {name: one.grad / total for name, one in case.plain.named_parameters() if one.grad is not None}


def test_gradients_are_those_of_the_mean_loss_of_transformers(
    case: Case, gradients: dict[str, Tensor], tmp_path: Path
) -> None:
    contexts = gather_contexts(case.spec, case.selected(), frozenset({"gradients"}), tmp_path)
    assert contexts
    for one in case.selected():
        expected = gradients[name_in(case, one.name)]
        found = contexts[one.name].gradient
        assert one.transposed == isinstance(layer_of(case, one.name), Conv1D)
        torch.testing.assert_close(found, expected.t() if one.transposed else expected, rtol=1e-4, atol=1e-7)
    units = gather_units(case.spec, list(gradients), frozenset({"gradients"}), tmp_path)
    assert set(units) == set(gradients)
    for name, expected in gradients.items():
        torch.testing.assert_close(units[name].gradient, expected, rtol=1e-4, atol=1e-7, msg=name)


def name_in(case: Case, name: str) -> str:
    """Return the plain model's name of a stored tensor, which may be another one: the values are the same."""
    stored = case.stored[name]
    names: Iterator[str] = (one for one, given in case.plain.named_parameters() if torch.equal(given, stored))
    return next(names)


def layer_of(case: Case, name: str) -> nn.Module:
    found: nn.Module = case.plain.get_submodule(name_in(case, name).removesuffix(".weight"))
    return found


@contextmanager
def watching(model: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Sum what each parameter meets: squares of inputs, lookups, and how many places a layer has."""
    sums: dict[str, Tensor] = {}

    def hook(module: nn.Module, given: tuple[Any, ...], output: Any) -> None:
        out = output[0] if isinstance(output, tuple) else output
        for name, more in met(paths[module], module, given[0], out):
            sums[name] = sums.get(name, torch.zeros(())) + more.double()

    paths = {module: path for path, module in model.named_modules()}
    handles = [one.register_forward_hook(hook) for one in paths if any(True for _ in one.parameters(recurse=False))]
    with torch.no_grad():
        yield sums
    for handle in handles:
        handle.remove()


def met(path: str, module: nn.Module, x: Any, out: Tensor) -> Iterator[tuple[str, Tensor]]:
    weight = f"{path}.weight"
    if isinstance(module, nn.Embedding):
        if not isinstance(x, Tensor):
            return  # Marian's positions, which are fixed
        if path.endswith("decoder.block.0.layer.0.SelfAttention.relative_attention_bias"):
            x = x[torch.ones_like(x).tril().bool()]  # it looks at nothing that comes later
        yield weight, nn.functional.one_hot(x.flatten(), len(module.weight)).sum(0)
    elif isinstance(module, nn.Conv2d):
        yield weight, (x**2).sum((0, 2, 3))
        yield f"{path}.bias", torch.tensor(out.shape[2] * out.shape[3])
    else:
        matrix = isinstance(module, nn.Linear | Conv1D)
        if matrix:
            yield weight, (x**2).reshape(-1, x.shape[-1]).sum(0)
        for name, parameter in module.named_parameters(path, recurse=False):
            if name != weight or not matrix:
                yield name, torch.tensor(1 if parameter.dim() == 3 else out[..., 0].numel())


def test_norms_are_those_of_rows_that_are_not_padded(case: Case, tmp_path: Path) -> None:
    with watching(case.plain) as sums:
        for row in case.rows:
            given = {name: value for name, value in row.items() if name != "labels"}
            case.plain(**(row if case.kind in ("t5", "marian") else given))
    needs = frozenset({"activations"})
    contexts = gather_contexts(case.spec, case.selected(), needs, tmp_path)
    for one in case.selected():
        norms = contexts[one.name].activation_norms
        assert norms is not None
        assert norms.shape == (one.inputs,)
        torch.testing.assert_close(norms, sums[name_in(case, one.name)].sqrt().float(), rtol=1e-4, atol=1e-5)
    names = [name for name, _ in case.plain.named_parameters()]
    units = gather_units(case.spec, names, needs, tmp_path)
    assert set(units) == set(names) & set(sums)
    for name, unit in units.items():
        expected = sums[name].sqrt().float()
        assert unit.activation_norms is not None
        torch.testing.assert_close(unit.activation_norms, expected.reshape(unit.activation_norms.shape), msg=name)
    assert units


def test_wanda_compares_the_inputs_of_each_output_of_a_conv1d(tmp_path: Path) -> None:
    program = make_program(tmp_path / "task", "gpt2")
    report = prune_here(tmp_path, Path(program.model), method="wanda", sparsity=0.5, spec=fields(program))
    before, after = read_tensors(Path(program.model)), read_tensors(Path(report.model_path))
    spec = resolve_here(tmp_path / "other", Path(program.model), method="wanda", spec=fields(program))
    name = "transformer.h.0.mlp.c_fc.weight"
    one = SelectedTensor(name, tuple(before[name].shape), transposed=True)
    norms = gather_contexts(spec, [one], frozenset({"activations"}), tmp_path)[name].activation_norms
    assert norms is not None
    scores = before[name].abs() * norms[:, None]  # inputs come first in the file
    gone = after[name] == 0
    assert gone.sum(0).tolist() == [16] * before[name].shape[1]
    for column in range(before[name].shape[1]):
        assert scores[gone[:, column], column].max() <= scores[~gone[:, column], column].min()


@pytest.mark.parametrize(("kind", "method"), [("t5", "wanda"), ("vit", "gradient"), ("gpt2", "gradient")])
def test_units_are_cut_by_what_was_gathered(tmp_path: Path, kind: str, method: str) -> None:
    program = make_program(tmp_path / "task", kind)
    report = prune_here(
        tmp_path, Path(program.model), method=method, structured=True, sparsity=0.5, spec=fields(program)
    )
    assert report.after.parameters < report.before.parameters
    load_for_task(report.model_path, program.task, ["blue", "green", "red"])
