"""Quantization with OpenVINO, as a plugin of persopt."""
