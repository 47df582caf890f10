"""Threads of torch in tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

__all__ = ("one_torch_thread",)


@pytest.fixture
def one_torch_thread() -> Iterator[None]:
    """Compute with one thread: several spin while they wait, and crawl when the machine has other work."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
