"""OpenVINO and NNCF without what they do unasked: telemetry, progress bars, messages on standard output."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any, Final

__all__ = ("load_nncf", "load_openvino", "quiet")

_TELEMETRY: Final = "openvino_telemetry"

# OpenVINO's decoder asks for every attribute of a model, old ones among them, and traces with what PyTorch is to drop.
_OLD: Final = (
    (r"`is_gradient_checkpointing` is deprecated", FutureWarning),
    (r"`torch\.jit\.\w+` is", DeprecationWarning),
)


def load_openvino() -> Any:
    """Import OpenVINO; it reports nothing over the network.

    Both libraries send usage to Google Analytics unless the user has opted out, and write an identity into the home
    folder; they do without where the telemetry package is not installed, and to this process it is not. A program that
    imported OpenVINO itself before has its own way left as it is.
    """
    if _TELEMETRY not in sys.modules:
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # Python's way to make an import fail
    return importlib.import_module("openvino")


def load_nncf() -> Any:
    """Import NNCF, with the same guarantee; the class of new loggers, which NNCF replaces, stays what it was."""
    load_openvino()
    kind = logging.getLoggerClass()
    try:
        return importlib.import_module("nncf")
    finally:
        logging.setLoggerClass(kind)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep NNCF's bars and messages from standard output, and the known warnings of a tracing from the user.

    What tracing warns of, that a comparison of shapes is kept as it turned out, is shown to be harmless afterwards:
    the outputs are compared over shapes.
    """
    from torch.jit import TracerWarning

    logger = logging.getLogger("nncf")
    level = logger.level
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore", TracerWarning)
        for message, category in _OLD:
            warnings.filterwarnings("ignore", message, category)
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)
