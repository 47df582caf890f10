from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2]

# In a process of its own: a signal that went astray would take the test runner's process with it.
INTERRUPTED: Final = """
import signal, sys
from pathlib import Path
from persopt.cli.foreground import _Watcher
from persopt.cli.interrupts import Interrupts
from persopt.runtime import Runtime
from tests.support.studies import settings_for, study_spec

with Runtime.open(settings_for(Path(sys.argv[1]))) as runtime, Interrupts() as interrupts:
    seen_as_queued = runtime.kernel.submit(study_spec())
    runtime.kernel.cancel(seen_as_queued.id)
    signal.raise_signal(signal.SIGINT)
    _Watcher(runtime, interrupts, lambda _: None)(seen_as_queued)
    print(interrupts.count, runtime.kernel.get(seen_as_queued.id).state)
"""


def test_a_job_that_ends_while_it_is_being_interrupted_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "home")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["1", "cancelled"]), done.stderr
    assert "cancelling the job" in done.stderr
