from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from persopt.domain.errors import DataError, InputError, TrainingError
from persopt.tuning.training import train_trial
from persopt.tuning.training_faults import check_loss, is_out_of_memory, memory_fault
from tests.support.tiny_models import RecordingTrial, make_request, make_text_program

pytestmark = pytest.mark.usefixtures("one_torch_thread")

# Leaves the process too little memory for a batch that is far too large.
STARVED = """
import resource, sys
from pathlib import Path
from persopt.domain.errors import TrainingError
from persopt.tuning.training import train_trial, warm_up
from tests.support.tiny_models import RecordingTrial, make_request, make_text_program

folder = Path(sys.argv[1])
program = make_text_program(folder)
lines = "".join('{"text": "%s", "label": "%s"}\\n' % ("x " * 14, label) for label in ("a", "b"))
(Path(program.dataset) / "train.jsonl").write_text(lines * 20000)
(Path(program.dataset) / "validation.jsonl").write_text(lines)
warm_up(program)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**30,) * 2)
try:
    train_trial(program, make_request(folder, batchSize=40000), RecordingTrial())
except TrainingError as error:
    print(error.faults[0].code, error)
"""


def test_a_loss_that_is_not_a_number_ends_the_training_at_once(tmp_path: Path) -> None:
    program = make_text_program(tmp_path)
    weights = Path(program.model) / "model.safetensors"
    tensors = load_file(weights)
    tensors["encoder.layer.0.output.dense.bias"] += torch.nan
    save_file(tensors, weights, metadata={"format": "pt"})
    trial = RecordingTrial()

    with pytest.raises(TrainingError) as raised:
        train_trial(program, make_request(tmp_path, learningRate=2e-3), trial)

    (fault,) = raised.value.faults
    assert fault.code == "nan-loss"
    assert not fault.passing
    assert fault.path == "$.config.learningRate"
    assert "step 1 with a learning rate of 0.002" in fault.message
    assert trial.reports == []


def test_a_rate_far_too_high_is_told_from_a_bug(tmp_path: Path) -> None:
    request = make_request(tmp_path, learningRate=1e38, maxGradNorm=0.0, optim="sgd", epochs=4)

    with pytest.raises(TrainingError, match="learning rate of") as raised:
        train_trial(make_text_program(tmp_path), request, RecordingTrial())

    assert raised.value.faults[0].code == "nan-loss"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit of address space is Linux's")
def test_memory_that_runs_out_names_the_batch_size(tmp_path: Path) -> None:
    project = Path(__file__).resolve().parents[2]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}  # stacks of many threads would take the memory
    command = [sys.executable, "-c", STARVED, str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, cwd=project, env=environment, check=False)

    assert done.stdout.startswith("out-of-memory config.batchSize: out of memory on cpu at step 1"), done.stderr
    assert "training with batch size 40000" in done.stdout


def test_a_name_that_is_no_hyperparameter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config\.learningrate: .*'learningRate'"):
        train_trial(make_text_program(tmp_path), make_request(tmp_path, learningrate=1), RecordingTrial())


def test_data_that_vanished_are_told_of(tmp_path: Path) -> None:
    program = make_text_program(tmp_path)
    for file in Path(program.dataset).iterdir():
        file.unlink()

    with pytest.raises(DataError):
        train_trial(program, make_request(tmp_path), RecordingTrial())


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_losses_that_are_not_finite_are_refused(loss: float) -> None:
    with pytest.raises(TrainingError, match=r"evaluation's loss became .* at step 7"):
        check_loss(loss, step=7, learning_rate=0.1, evaluating=True)


@pytest.mark.parametrize("loss", [0.0, 1e30])
def test_finite_losses_pass(loss: float) -> None:
    check_loss(loss, step=1, learning_rate=0.1)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_lack_of_memory_is_told_from_other_faults(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_lack_of_memory_in_an_evaluation_names_its_own_batch_size() -> None:
    fault = memory_fault(
        evaluating=True, device="cuda", step=9, batch_size=8, evaluation_batch_size=512, max_length=128
    )

    assert fault.path == "$.training.evaluationBatchSize"
    assert "on cuda at step 9, evaluating with batch size 512" in fault.message


def test_lack_of_memory_for_images_tells_of_no_length() -> None:
    fault = memory_fault(
        evaluating=False, device="cuda", step=1, batch_size=8, evaluation_batch_size=64, max_length=None
    )

    assert fault.message == "out of memory on cuda at step 1, training with batch size 8"
    assert fault.hint.startswith("use a smaller batchSize; ")
