"""Transformers without its bars and reports, for use as a library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ("quiet_transformers",)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silence Transformers' progress bars and everything below errors while inside, then restore them."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
