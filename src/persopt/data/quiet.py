"""The `datasets` library without its bars and warnings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ("quiet_datasets",)


@contextmanager
def quiet_datasets() -> Iterator[None]:
    """Silence the progress bars and everything below errors of `datasets` while inside, then restore them."""
    import datasets
    from datasets.utils import logging

    verbosity, were_disabled = logging.get_verbosity(), datasets.are_progress_bars_disabled()
    logging.set_verbosity_error()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if not were_disabled:
            datasets.enable_progress_bars()
