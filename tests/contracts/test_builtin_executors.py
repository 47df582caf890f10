"""The contract of trial executors, held by the built-in one."""

from __future__ import annotations

from persopt.kernel.local_executor import LocalExecutor, LocalOptions
from persopt.testing import TrialExecutorCase


class TestLocal(TrialExecutorCase):
    executor = LocalExecutor()
    option_sets = (LocalOptions(threads=1),)
