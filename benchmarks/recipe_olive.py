"""Olive's own example for encoders on a CPU, run by an interpreter that has Olive: `recipe_olive.py CHECKPOINT FOLDER`.

Export, ONNX Runtime's fusions for transformers, dynamic int8 (Olive's documentation, examples/bert, `bert_ptq_cpu`).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def main() -> None:
    """Write `model.onnx` into the folder."""
    from olive.workflows import run  # type: ignore[import-not-found, unused-ignore]

    checkpoint, folder = sys.argv[1], Path(sys.argv[2])
    made = folder / "olive"
    run(
        {
            "input_model": {"type": "HfModel", "model_path": checkpoint, "task": "text-classification"},
            "passes": {
                "conversion": {"type": "OnnxConversion", "target_opset": 17},
                "fusions": {"type": "OrtTransformersOptimization", "model_type": "bert"},
                "quantization": {"type": "OnnxDynamicQuantization"},
            },
            "output_dir": str(made),
            "cache_dir": str(folder / "cache"),
        }
    )
    file = next(file for file in made.rglob("*.onnx"))
    shutil.copy(file, folder / "model.onnx")
    for folder_made in (made, folder / "cache"):
        shutil.rmtree(folder_made, ignore_errors=True)


if __name__ == "__main__":
    main()
