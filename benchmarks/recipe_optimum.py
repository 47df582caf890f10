"""Optimum's recipe for dynamic int8, run by an interpreter that has it: `recipe_optimum.py CHECKPOINT FOLDER`.

ORTQuantizer with the configuration for AVX512-VNNI (Optimum's documentation, "How to quantize a model").
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def main() -> None:
    """Write `model.onnx` into the folder."""
    from optimum.onnxruntime import (  # type: ignore[import-not-found, unused-ignore]
        ORTModelForSequenceClassification,
        ORTQuantizer,
    )
    from optimum.onnxruntime.configuration import (  # type: ignore[import-not-found, unused-ignore]
        AutoQuantizationConfig,
    )

    checkpoint, folder = sys.argv[1], Path(sys.argv[2])
    made = folder / "optimum"
    model = ORTModelForSequenceClassification.from_pretrained(checkpoint, export=True)
    config = AutoQuantizationConfig.avx512_vnni(is_static=False, per_channel=False)
    ORTQuantizer.from_pretrained(model).quantize(save_dir=made, quantization_config=config)
    shutil.copy(made / "model_quantized.onnx", folder / "model.onnx")
    shutil.rmtree(made)


if __name__ == "__main__":
    main()
