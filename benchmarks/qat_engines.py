"""Weights trained for quantization, judged by the engines that run them.

Each artifact is made as a job makes it, by the plugin's backend with the same calibration rows, and judged through the
backend's runner. Two models are compared on the same rows: McNemar's exact test, and the paired bootstrap's interval.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

__all__ = ("ENGINES", "Engine", "judge_by_engines", "write_engine_table")

Right: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
MakeSpec: TypeAlias = Callable[[Path, dict[str, Any]], Any]


class Engine(NamedTuple):
    """What quantizes and runs: a backend, its options, and what it cannot do of a form said otherwise."""

    backend: str
    options: dict[str, Any] = {}
    config: dict[str, Any] = {}


_EIGHT: Final = {
    "PyTorch": Engine("torch"),
    "ONNX Runtime": Engine("onnxruntime"),
    "ONNX Runtime, activations symmetric": Engine("onnxruntime", config={"activationSymmetric": True}),
    "OpenVINO": Engine("openvino"),
    "OpenVINO, nothing smoothed or corrected": Engine("openvino", {"smooth": False, "bias_correction": False}),
}
_FOUR: Final = {
    "PyTorch": Engine("torch"),
    "PyTorch, embeddings of 4 bits too": Engine("torch", {"embeddings": "as-weights"}),
    "ONNX Runtime, groups of 256": Engine("onnxruntime", config={"groupSize": 256}),
    "OpenVINO": Engine("openvino"),
}
ENGINES: Final[Mapping[str, Mapping[str, Engine]]] = {
    "4 bits, a scale a channel": _FOUR,
    "8 bits, activations too, a scale a tensor": _EIGHT,
    "8 bits, activations too, a scale a channel": _EIGHT,
}
"""By the name of a form of numbers; of others nothing is judged by an engine."""


def judge_by_engines(
    models: Mapping[str, Path], form: str, config: dict[str, Any], make_spec: MakeSpec, out: Path
) -> Iterator[tuple[str, dict[str, Right]]]:
    """Give, of each engine that knows a form of numbers, which validation rows each model has right when it runs them.

    Args:
        models: Checkpoints in float32, by name.
        form: Name of the form.
        config: The form as a quantization's config.
        make_spec: Makes a resolved spec of a quantization, of a checkpoint and a config.
        out: Where answers are kept; what is there is not judged again.
    """
    for name, engine in ENGINES.get(form, {}).items():
        asked = {**config, **engine.config, "backend": engine.backend, "backendOptions": engine.options}
        right = {}
        for model, folder in models.items():
            kept = out / "engines" / f"{model}, {form}, {name}.json"
            right[model] = _keep(kept, partial(_judge, folder, make_spec(folder, asked), out))
        print(form, name, {model: float(rows.mean()) for model, rows in right.items()}, file=sys.stderr, flush=True)
        yield name, right


def _keep(kept: Path, judge: Callable[[], Right]) -> Right:
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_text(json.dumps(judge().tolist()))
        part.replace(kept)
    return np.asarray(json.loads(kept.read_text()), dtype=np.bool_)


def _judge(model: Path, spec: Any, out: Path) -> Right:
    from persopt.evaluation.quality import evaluate
    from persopt.kernel.builtin_modules import BUILTIN_MODULES
    from persopt.measure.hardware import usable_cpus
    from persopt.models.runners import OpenedModel
    from persopt.plugins.discovery import load_registry
    from persopt.plugins.options import decode_options
    from persopt.quantization.backends import Candidate
    from persopt.quantization.stages.artifacts import ArtifactMaker
    from persopt.quantization.stages.rows import open_task_rows
    from persopt.settings import Settings
    from persopt.ticker import Ticker

    registry = load_registry(Settings(), BUILTIN_MODULES)
    backend = registry.quantization_backend(spec.config.backend)
    candidate = Candidate(backend=backend, options=decode_options(backend, spec.config.backend_options))
    work = out / "scratch-engine"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    ticker = Ticker(lambda _: None, lambda: False)
    artifact = ArtifactMaker(spec, model, work, out / "cache", registry, ticker).make(candidate, work / "made")
    rows = open_task_rows(spec, out / "cache", "validation")
    with backend.runner(artifact, "cpu", usable_cpus()) as runner:
        scores = evaluate(OpenedModel(work / "made", runner, artifact.format), rows)
    shutil.rmtree(work)
    return np.asarray(scores.right, dtype=np.bool_)


def write_engine_table(judged: list[tuple[str, str, dict[str, Right]]]) -> str:
    """Return a table of accuracies and of what each training changes, with 95 % intervals and p-values.

    Args:
        judged: Form, engine, and which rows the tuned model, the one trained on as it is and the one trained for the
            form have right, in this order.
    """
    lines = [
        "| numbers | engine | tuned, quantized | trained on, quantized | trained for it, quantized "
        "| for it against tuned | for it against trained on |",
        "|---|---|---|---|---|---|---|",
    ]
    for form, engine, right in judged:
        tuned, more, aware = right.values()
        cells = [form, engine, *map(_tell, (tuned, more, aware)), _tell(aware, tuned), _tell(aware, more)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _tell(rows: Right, against: Right | None = None) -> str:
    from persopt.measure.bootstrap import bootstrap_sums
    from persopt.measure.statistics import test_mcnemar

    def share(right: Right) -> Any:
        return bootstrap_sums(right[:, None].astype(float), lambda sums: {"accuracy": sums[..., 0] / len(right)})

    if against is None:
        found = share(rows).estimate("accuracy")
        return f"{found.value:.4f} ({found.low:.3f}-{found.high:.3f})"
    change = (share(rows) - share(against)).estimate("accuracy")
    p_value = test_mcnemar(int((against & ~rows).sum()), int((rows & ~against).sum())).p_value
    told = f"{p_value:.3f}" if p_value >= 0.001 else f"{p_value:.0e}"  # noqa: PLR2004 - readable
    return f"{change.value:+.4f} ({change.low:+.4f} to {change.high:+.4f}), p {told}"
