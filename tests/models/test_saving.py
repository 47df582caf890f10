from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persopt.domain.errors import OutputError
from persopt.models.description import check_model
from persopt.models.loading import load_for_task, load_tokenizer
from persopt.models.quiet import quiet_transformers
from persopt.models.saving import save_model

LABELS = ["a", "b"]

# Saves with a limit on the size of files that the weights exceed, so that the system cuts the write short.
SCRIPT = """
import resource, signal, sys
from persopt.models.loading import load_for_task, load_tokenizer
from persopt.models.saving import save_model
model = load_for_task(sys.argv[1], "text-classification", ["a", "b"])
tokenizer = load_tokenizer(sys.argv[1])
signal.signal(signal.SIGXFSZ, {action})
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
try:
    save_model(model, tokenizer, sys.argv[2])
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize("existing", [False, True])
def test_a_saved_model_loads_and_answers_the_same(
    existing: bool, checkpoints: Callable[[str], Path], tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = tmp_path / "deep" / "model"
    if existing:
        folder.mkdir(parents=True)
    tokenizer = load_tokenizer(checkpoints("bert"))
    model: Any = load_for_task(checkpoints("bert"), "text-classification", LABELS)
    assert save_model(model, tokenizer, folder) == folder
    with quiet_transformers():
        again: Any = AutoModelForSequenceClassification.from_pretrained(folder)
        batch = AutoTokenizer.from_pretrained(folder)(["good film"], return_tensors="pt")
    assert torch.equal(again.eval()(**batch).logits, model.eval()(**batch).logits)
    assert check_model(folder).labels == LABELS
    assert [item.name for item in folder.parent.iterdir()] == ["model"]


def test_a_folder_in_use_is_left_alone(checkpoints: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not empty"):
        save_model(load_for_task(checkpoints("bert"), "text-classification", LABELS), None, tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_made_is_an_error(checkpoints: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        save_model(load_for_task(checkpoints("bert"), "text-classification", LABELS), None, tmp_path / "file" / "model")


def test_a_full_disk_leaves_nothing(checkpoints: Callable[[str], Path], tmp_path: Path) -> None:
    done = _run("signal.SIG_IGN", checkpoints("bert"), tmp_path / "out" / "model")
    assert (done.stdout, done.returncode) == ("OutputError\n", 0), done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_killed_process_leaves_no_folder_of_that_name(checkpoints: Callable[[str], Path], tmp_path: Path) -> None:
    done = _run("signal.SIG_DFL", checkpoints("bert"), tmp_path / "out" / "model")
    assert done.returncode == -signal.SIGXFSZ, done.stderr
    assert [item.suffix for item in (tmp_path / "out").iterdir()] == [".part"]


def _run(action: str, checkpoint: Path, target: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(action=action), str(checkpoint), str(target)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
