"""The example beside a delivered model runs with what its ecosystem loads it with, and persopt opens the folder."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from persopt.models.runners import open_runner
from tests.support.compressions import compress_here, make_compressible, registry_of
from tests.support.threads import one_torch_thread
from tests.support.tiny_models import WORDS

__all__ = ("one_torch_thread",)

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_compressible(tmp_path_factory.mktemp("task"))


@pytest.mark.parametrize(("backend", "form"), [("onnxruntime", "onnx"), ("openvino", "openvino")])
def test_the_example_of_an_engine_needs_no_persopt(
    tmp_path: Path, task: tuple[Path, Path], backend: str, form: str
) -> None:
    module = f"persopt_{backend}"
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"persopt-{backend} is not installed")
    registry = registry_of(tmp_path, module)
    report = compress_here(
        tmp_path, *task, registry=registry, techniques=["quantization"], backends=[backend], max_candidates=1
    )
    folder = Path(report.model_path)
    assert report.format == form
    assert "import persopt" not in (folder / "example.py").read_text("utf-8")
    done = subprocess.run(
        [sys.executable, str(folder / "example.py")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert sum(done.stdout.count(kind) for kind in WORDS) == 2
    with open_runner(folder, registry, threads=1) as opened:
        assert opened.format == form
        assert opened.processor is not None
