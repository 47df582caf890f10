"""Example bodies of jobs, by kind, and of other routes, by name; they are what the documentation promises to accept."""

from __future__ import annotations

from typing import Any, Final

__all__ = ("EXAMPLES",)

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "tune": {
        "name": "Test Optimization",
        "baseModelPath": "models/bert_fa_base",
        "datasetPath": "datasets/text/parsinlu_rc",
        "outputDir": "models/optimized/test",
        "config": {
            "learningRate": {"min": 1e-5, "max": 1e-3, "distribution": "log_uniform"},
            "batchSize": [8, 16, 32],
            "epochs": {"min": 2, "max": 5},
            "warmupSteps": {"min": 0, "max": 100},
            "weightDecay": {"min": 0, "max": 0.1},
            "dropout": {"min": 0, "max": 0.3},
        },
        "strategy": "random",
        "maxTrials": 5,
    },
    "prune": {
        "modelPath": "models/bert_fa_base",
        "outputPath": "models/pruned/bert_fa_base",
        "config": {"method": "magnitude", "sparsity": 0.5, "structured": False, "gradual": True},
    },
    "quantize": {
        "modelPath": "models/bert_fa_base",
        "outputPath": "models/quantized/bert_fa_base",
        "config": {"method": "dynamic", "bits": 8, "symmetric": True},
    },
    "predict": {
        "models": ["models/bert_fa_base", "models/quantized/bert_fa_base"],
        "text": "این فیلم را دوست داشتم",
    },
}
