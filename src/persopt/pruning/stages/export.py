"""Last: the result in the form of another program, inside the output's folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from persopt.domain.exports import OnnxExport
from persopt.ticker import Ticker

__all__ = ("export_result",)


def export_result(part: Path, output: Path, ticker: Ticker) -> OnnxExport:
    """Write `onnx/` into the folder of the result: in float32, checked against PyTorch, the tokenizer beside it.

    What writes takes a cache.

    Args:
        part: The folder, which does not have its name yet.
        output: The folder's name to be, for the report.
        ticker: Looked at meanwhile.

    Raises:
        ModelError: if the model cannot be exported.
    """
    from persopt.models.description import list_processor_files
    from persopt.models.onnx_export import export_onnx
    from persopt.models.whole import load_whole

    ticker.message = "exporting to ONNX"
    model, _ = ticker.watch(lambda: load_whole(part, "float32"))
    export = ticker.watch(lambda: export_onnx(model, part / "onnx", cache=True))
    for file in list_processor_files(part):
        shutil.copy2(file, part / "onnx")
    files = tuple(str(output / "onnx" / Path(file).name) for file in export.files)
    return msgspec.structs.replace(export, file=files[0], files=files)
