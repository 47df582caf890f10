"""The names of files that hold weights, of Transformers or of others, or the state of a training."""

from __future__ import annotations

from typing import Final

__all__ = ("WEIGHT_FILES", "WEIGHT_INDEX")

WEIGHT_FILES: Final = (
    "*.safetensors",
    "*.bin",
    "*.bin.index.json",
    "*.pt",
    "*.pth",
    "*.ckpt",
    "*.h5",
    "*.msgpack",
    "*.onnx",
    "*.onnx_data",
    "*.gguf",
    "*.tflite",
    "*.ot",
)
"""Patterns of what would be another model's beside rewritten weights. The index of safetensors is not among them."""

WEIGHT_INDEX: Final = "*.safetensors.index.json"
"""Pattern of the file that says which shard has which tensor: it stays true where the shards keep their tensors."""
