from __future__ import annotations

import os
import signal
from pathlib import Path

from persopt.cli.foreground import _Watcher
from persopt.cli.interrupts import Interrupts
from persopt.runtime import Runtime
from tests.support.studies import settings_for, study_spec


def test_a_job_that_ends_while_it_is_being_interrupted_is_no_error(tmp_path: Path) -> None:
    with Runtime.open(settings_for(tmp_path / "home")) as runtime, Interrupts() as interrupts:
        seen_as_queued = runtime.kernel.submit(study_spec())
        runtime.kernel.cancel(seen_as_queued.id)
        os.kill(os.getpid(), signal.SIGINT)
        _Watcher(runtime, interrupts, lambda _: None)(seen_as_queued)
