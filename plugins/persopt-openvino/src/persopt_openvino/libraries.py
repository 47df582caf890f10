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
    """Keep bars and messages of NNCF and Transformers, and the known warnings of a tracing, from the user.

    What tracing warns of, that a comparison of shapes is kept as it turned out, is shown to be harmless afterwards:
    the outputs are compared over shapes.
    """
    from torch import jit
    from transformers.utils import logging as transformers_logging

    logger = logging.getLogger("nncf")
    level, verbosity = logger.level, transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore", jit.TracerWarning)  # type: ignore[attr-defined]
        for message, category in _OLD:
            warnings.filterwarnings("ignore", message, category)
        logger.setLevel(logging.ERROR)
        transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            yield
        finally:
            logger.setLevel(level)
            transformers_logging.set_verbosity(verbosity)
            if bars:
                transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
