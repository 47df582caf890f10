from __future__ import annotations

from pathlib import Path

from persopt.cli.quickstart import prepare_quickstart
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


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
