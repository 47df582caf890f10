"""Quantization with ONNX Runtime, as a plugin of persopt."""
