from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from persopt.cli.quickstart import prepare_quickstart
from persopt.quickstart import FIELD_KINDS
from persopt.settings import Settings
from persopt.tuning.checks import resolve_tuning


def test_data_and_model_are_made_once_below_the_workspace(tmp_path: Path) -> None:
    settings = Settings(home=str(tmp_path / "خانه"))
    model, data = prepare_quickstart(settings)
    assert (model, data) == (settings.models / "quickstart", settings.datasets / "quickstart")
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in _files(tmp_path)}
    assert prepare_quickstart(settings) == (model, data)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in _files(tmp_path)} == before
    assert not [path for path in _files(tmp_path) if ".quickstart-" in str(path)]


def test_the_request_is_accepted(tmp_path: Path) -> None:
    from persopt.kernel.builtin_modules import BUILTIN_MODULES
    from persopt.plugins.discovery import load_registry
    from persopt.quickstart import quickstart_spec

    settings = Settings(home=str(tmp_path))
    model, data = prepare_quickstart(settings)
    resolved = resolve_tuning(quickstart_spec(model, data), settings, load_registry(settings, BUILTIN_MODULES))
    assert resolved.objectives[0].metric == "accuracy"


def test_the_pruning_is_accepted(tmp_path: Path) -> None:
    from persopt.kernel.builtin_modules import BUILTIN_MODULES
    from persopt.plugins.discovery import load_registry
    from persopt.pruning.checks import resolve_pruning
    from persopt.quickstart import quickstart_pruning

    settings = Settings(home=str(tmp_path))
    model, data = prepare_quickstart(settings)
    spec = quickstart_pruning(model, data, settings.models / "pruned")
    resolved = resolve_pruning(spec, settings, load_registry(settings, BUILTIN_MODULES))
    assert (resolved.config.gradual, resolved.training.recovery_epochs) == (True, 0.5)


def test_the_quantization_is_accepted(tmp_path: Path) -> None:
    from persopt.kernel.builtin_modules import BUILTIN_MODULES
    from persopt.plugins.discovery import load_registry
    from persopt.quantization.checks import resolve_quantization
    from persopt.quickstart import quickstart_quantization

    settings = Settings(home=str(tmp_path))
    model, data = prepare_quickstart(settings)
    spec = quickstart_quantization(model, data, settings.models / "quantized")
    resolved = resolve_quantization(spec, settings, load_registry(settings, BUILTIN_MODULES))
    assert (resolved.config.backend, resolved.task, resolved.lengths) == ("auto", "text-classification", [16])


def test_the_compression_is_accepted(tmp_path: Path) -> None:
    from persopt.compression.checks import resolve_compression
    from persopt.kernel.builtin_modules import BUILTIN_MODULES
    from persopt.plugins.discovery import load_registry
    from persopt.quickstart import quickstart_compression

    settings = Settings(home=str(tmp_path))
    body, data = prepare_quickstart(settings)
    tuned = _give_head(body, settings.models / "tuned")
    spec = quickstart_compression(tuned, data, settings.models / "small", backend="torch", seed=5)
    resolved = resolve_compression(spec, settings, load_registry(settings, BUILTIN_MODULES))
    assert (resolved.backends, resolved.latency_length, resolved.budget) == (["torch"], 16, None)


@pytest.mark.parametrize("split", ["test", "validation"])
def test_the_comparison_is_accepted_with_data_of_an_earlier_version_too(split: str, tmp_path: Path) -> None:
    from persopt.comparison.checks import resolve_comparison
    from persopt.kernel.builtin_modules import BUILTIN_MODULES
    from persopt.plugins.discovery import load_registry
    from persopt.quickstart import quickstart_comparison

    settings = Settings(home=str(tmp_path))
    body, data = prepare_quickstart(settings)
    if split == "validation":
        (data / "test.jsonl").unlink()
    tuned = _give_head(body, settings.models / "tuned")
    spec = quickstart_comparison({"tuned": tuned, "again": tuned}, data)
    resolved = resolve_comparison(spec, settings, load_registry(settings, BUILTIN_MODULES))
    assert (resolved.split, resolved.labels, resolved.lengths) == (split, ["tuned", "again"], [16])


def _give_head(body: Path, folder: Path) -> Path:
    from persopt.models.loading import load_for_task, load_tokenizer
    from persopt.models.quiet import quiet_transformers
    from persopt.models.saving import save_model

    with quiet_transformers():
        network: Any = load_for_task(body, "text-classification", sorted(FIELD_KINDS))
        return save_model(network, load_tokenizer(body), folder)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
