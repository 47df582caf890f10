"""Transformers without its bars and reports, for use as a library."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ("hush_imports", "quiet_transformers")

_TALKATIVE: Final = ("torchao", "torch.utils._pytree")


def hush_imports() -> None:
    """Keep torchao, which Transformers imports, from telling of kernels that are for other machines.

    For persopt's own processes: it sets the levels of other libraries' loggers.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silence Transformers' progress bars and everything below errors while inside, then restore them."""
    from transformers.utils import logging as reporting

    verbosity, bars = reporting.get_verbosity(), reporting.is_progress_bar_enabled()
    reporting.set_verbosity_error()  # type: ignore[no-untyped-call]
    reporting.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        reporting.set_verbosity(verbosity)
        if bars:
            reporting.enable_progress_bar()  # type: ignore[no-untyped-call]
