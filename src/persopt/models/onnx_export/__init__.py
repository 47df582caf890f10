"""Export to ONNX with dynamic batch and length, checked against PyTorch's outputs."""

from __future__ import annotations

from persopt.domain.exports import OnnxExport
from persopt.models.onnx_export.export import export_onnx
from persopt.models.onnx_export.kinds import check_exportable, check_onnx, takes_cache

__all__ = ("OnnxExport", "check_exportable", "check_onnx", "export_onnx", "takes_cache")
