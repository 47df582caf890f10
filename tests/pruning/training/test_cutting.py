"""Units cut in several steps of a training, against cuts at once and slices made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from persopt.domain.errors import JobCancelledError
from persopt.domain.programs import TrainingProgram
from persopt.domain.prune_reports import PruneReport
from persopt.domain.prune_training import PruneTraining
from persopt.domain.structured import StructuredRatios
from persopt.pruning.structured.cut import Cut
from persopt.pruning.structured.prune import cut_to_sizes
from persopt.pruning.structured.sizes import plan_sizes
from persopt.pruning.training.cutter import TrainingCutter
from persopt.pruning.training.movement import MovementSums
from persopt.pruning.training.optimizer_state import follow_cut
from persopt.training.distillation import Distiller
from persopt.training.session import TrainingSession
from tests.pruning.structured.architectures import build, inputs_for
from tests.pruning.training.trainings import accuracy_of, fields, run
from tests.support.prunings import prune_here, read_tensors, resolve_here

pytestmark = pytest.mark.usefixtures("one_torch_thread")

RATIOS = StructuredRatios(hidden=0.5, feed_forward=0.5)


def shapes_of(report: PruneReport) -> dict[str, torch.Size]:
    return {name: one.shape for name, one in read_tensors(Path(report.model_path)).items()}


def cut_by_magnitude(model: Any) -> Cut:
    return cut_to_sizes(model, lambda _, weight: weight.abs(), plan_sizes(model.config, RATIOS))


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory, program: TrainingProgram) -> PruneReport:
    folder = tmp_path_factory.mktemp("once")
    return run(folder, program, {"recovery_epochs": 0.0}, structured=True, ratios=RATIOS)


@pytest.mark.parametrize(
    ("config", "training"),
    [
        ({"gradual": True}, {"distill": True, "pruning_steps": 3}),
        ({"method": "random", "gradual": True}, {"schedule": "linear", "pruning_epochs": 0.0}),
        ({"method": "gradient", "gradual": True}, {"pruning_steps": 2, "recovery_epochs": 0.0}),
        ({"method": "wanda", "gradual": True}, {"pruning_steps": 2, "recovery_epochs": 0.0}),
        ({"method": "movement", "gradual": True}, {"pruning_steps": 3, "recovery_epochs": 0.0}),
        ({"method": "movement"}, {"recovery_epochs": 0.0}),
        ({"method": "lottery-ticket"}, {"pruning_steps": 2, "pruning_epochs": 0.5, "distill": True}),
    ],
    ids=["distilled", "random", "gradient", "wanda", "movement", "movement-at-once", "lottery-ticket"],
)
def test_the_last_shapes_are_those_of_a_cut_at_once_and_the_files_are_what_was_judged(
    tmp_path: Path, program: TrainingProgram, at_once: PruneReport, config: dict[str, Any], training: dict[str, Any]
) -> None:
    report = run(tmp_path, program, training, structured=True, ratios=RATIOS, **config)
    assert shapes_of(report) == shapes_of(at_once)
    assert report.sparsity == at_once.sparsity
    assert report.structured is not None
    assert at_once.structured is not None
    assert (report.structured.parameters_after, report.structured.changed) == (
        at_once.structured.parameters_after,
        at_once.structured.changed,
    )
    assert report.quality is not None
    assert report.quality.steps[0] == (0 if training.get("pruning_epochs") == 0 else 6)
    judged = report.quality.recovered or report.quality.after
    assert judged is not None
    assert judged["accuracy"] == pytest.approx(accuracy_of(Path(report.model_path), program))
    assert not any("one step" in note for note in report.notes)


def test_a_ticket_of_units_is_the_early_weights_of_those_that_are_left(
    tmp_path: Path, program: TrainingProgram
) -> None:
    training = {"pruning_steps": 2, "rewind_to": 0.0, "recovery_epochs": 0.0}
    report = run(tmp_path, program, training, method="lottery-ticket", structured=True, ratios=RATIOS)
    before, after = read_tensors(Path(program.model)), read_tensors(Path(report.model_path))
    assert report.quality is not None
    assert report.quality.steps == (12, 0)
    assert report.structured is not None
    hidden = torch.tensor(report.structured.hidden)
    ((path, kept),) = report.structured.feed_forward.items()
    layer, neurons = path.removesuffix(".output.dense"), torch.tensor(kept)
    expected: dict[str, Tensor] = {
        f"{layer}.intermediate.dense.weight": before[f"{layer}.intermediate.dense.weight"][neurons][:, hidden],
        f"{layer}.intermediate.dense.bias": before[f"{layer}.intermediate.dense.bias"][neurons],
        f"{layer}.output.dense.weight": before[f"{layer}.output.dense.weight"][hidden][:, neurons],
        f"{layer}.attention.output.dense.bias": before[f"{layer}.attention.output.dense.bias"][hidden],
    }
    for name, early in before.items():
        if "embeddings" in name or "LayerNorm" in name:
            expected[name] = early[..., hidden]
    for name, left in expected.items():
        assert torch.equal(after[name], left), name
    # The one head has half its channels; queries are scaled so that attention stays as sharp as it was.
    query = f"{layer}.attention.self.query.weight"
    rows = before[query][:, hidden] * 0.5**0.5
    assert all((rows - row).abs().amax(1).min() < 1e-6 for row in after[query])


def test_the_training_goes_on_after_a_cut_with_its_schedule_and_its_moments(
    tmp_path: Path, program: TrainingProgram
) -> None:
    spec = resolve_here(tmp_path, Path(program.model), spec=fields(program))
    session = TrainingSession(spec, Path(program.model), tmp_path / "c", tmp_path / "s", lambda: None, lambda: False)
    model = session.load_model()
    rates: list[float] = []
    moments: dict[str, Tensor] = {}

    def look(optimizer: torch.optim.Optimizer) -> None:
        rates.append(optimizer.param_groups[0]["lr"])

    def cut(optimizer: torch.optim.Optimizer) -> None:
        look(optimizer)
        before = dict(model.named_parameters())
        old = {name: optimizer.state[one]["exp_avg"].clone() for name, one in before.items()}
        found = cut_by_magnitude(model)
        after = dict(model.named_parameters())
        follow_cut(optimizer, found, before, after)
        held = [one for group in optimizer.param_groups for one in group["params"]]
        assert {id(one) for one in held} == {id(one) for one in after.values()}
        assert len(held) == len(optimizer.state)
        ((path, neurons),) = found.report.feed_forward.items()
        hidden = list(found.report.hidden)
        name = f"{path}.weight"
        assert torch.equal(optimizer.state[after[name]]["exp_avg"], old[name][hidden][:, list(neurons)])
        assert {int(state["step"]) for state in optimizer.state.values()} == {3}
        moments.update({name: one.detach().clone() for name, one in after.items()})

    assert session.train(model, 6, cuts={step: cut if step == 3 else look for step in range(1, 7)}) == 6
    assert rates == pytest.approx([2e-3 * (1 - step / 6) for step in range(1, 7)])
    moved = [name for name, one in model.named_parameters() if not torch.equal(one, moments[name])]
    assert len(moved) == len(moments)


def test_movement_is_the_sum_over_all_steps_of_what_is_left() -> None:
    model = build("bert").train(False)
    sums = MovementSums(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    name = "bert.encoder.layer.1.output.dense.weight"
    expected = torch.zeros_like(model.get_parameter(name))
    for turn in range(3):
        if turn == 2:
            cut = cut_by_magnitude(model)
            sums.follow(cut)
            hidden = list(cut.report.hidden)
            expected = expected[hidden][:, list(cut.report.feed_forward[name.removesuffix(".weight")])]
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        optimizer.zero_grad()
        model(**inputs_for(model), labels=torch.tensor([0, 2])).loss.backward()
        was = model.get_parameter(name).detach().clone()
        sums.begin_update()
        optimizer.step()
        sums.end_update()
        expected += was * (model.get_parameter(name).detach() - was) / 0.1  # w (w' - w) / rate is -w g
    torch.testing.assert_close(sums.sums[name], expected, atol=1e-5, rtol=1e-3)
    assert {path: one.shape for path, one in sums.sums.items()} == {
        path: one.shape for path, one in model.named_parameters()
    }


def test_a_projection_follows_the_student_as_it_narrows() -> None:
    student, teacher = build("bert"), build("bert")
    distiller = Distiller(teacher, student, PruneTraining(distill=True), narrows=True)
    projection: Any = distiller.projection
    state = torch.randn(2, 3, 24)
    assert torch.equal(projection(state), state)
    distiller.narrow([1, 4, 20])
    left = torch.zeros_like(state)
    left[..., [1, 4, 20]] = state[..., [1, 4, 20]]
    assert torch.equal(projection(state[..., [1, 4, 20]]), left)


def test_when_time_is_over_the_rest_is_cut_at_once(
    tmp_path: Path, program: TrainingProgram, at_once: PruneReport
) -> None:
    report = run(tmp_path, program, {"time_limit": 1e-9}, structured=True, gradual=True, ratios=RATIOS)
    assert shapes_of(report) == shapes_of(at_once)
    assert report.structured == at_once.structured  # nothing was trained, so the same units go
    assert [note for note in report.notes if note.startswith("Time was over")] == [
        "Time was over after 0 of 6 steps of the pruning; the rest was cut at once, untrained.",
        "Time was over after 0 of 6 steps of the recovery.",
    ]


def test_time_may_be_over_between_two_cuts(tmp_path: Path, program: TrainingProgram) -> None:
    done: list[int] = []
    spec = resolve_here(
        tmp_path,
        Path(program.model),
        structured=True,
        gradual=True,
        ratios=RATIOS,
        spec=fields(program, pruning_steps=3),
    )
    session = TrainingSession(
        spec, Path(program.model), tmp_path / "c", tmp_path / "s", lambda: done.append(1), lambda: len(done) >= 3
    )
    widths: list[int] = []

    def score(model: Any, _: object) -> Callable[[str, Tensor], Tensor]:
        widths.append(model.config.hidden_size)
        return lambda _, weight: weight.abs()

    cutter = TrainingCutter(spec, session, score, frozenset(), lambda *_: None, lambda: None)
    model = session.load_model()
    taken, report = cutter.cut(model, 6)
    assert taken == 3
    assert widths == [32, 21]  # 32 - 16 (1 - (2/3)³) = 20.7 is left after two of six steps, and 16 at the end
    assert (model.config.hidden_size, len(report.hidden)) == (16, 16)
    assert cutter.notes == ["Time was over after 3 of 6 steps of the pruning; the rest was cut at once, untrained."]


def test_a_cancel_between_cuts_leaves_nothing(tmp_path: Path, program: TrainingProgram) -> None:
    looks = 0

    def look() -> bool:
        nonlocal looks
        looks += 1
        return looks == 150  # there are fewer before the training and far more in it

    training = {"pruning_epochs": 500.0}
    with pytest.raises(JobCancelledError):
        run(tmp_path, program, training, structured=True, gradual=True, ratios=RATIOS, run={"is_cancelled": look})
    assert looks == 150
    assert not [path for path in tmp_path.iterdir() if "pruned" in path.name]


def test_steps_without_data_are_told_to_be_one(tmp_path: Path, program: TrainingProgram, at_once: PruneReport) -> None:
    report = prune_here(tmp_path, Path(program.model), structured=True, gradual=True, ratios=RATIOS)
    assert shapes_of(report) == shapes_of(at_once)
    assert any("no training between the steps, units were cut in one step" in note for note in report.notes)
