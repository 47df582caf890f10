"""What a supervisor does with the processes of its jobs."""

from __future__ import annotations

from pathlib import Path

import psutil

from persopt.runtime import Runtime
from tests.support.studies import settings_for, study_spec


def test_what_a_trial_left_running_is_ended_with_its_job(tmp_path: Path) -> None:
    with Runtime.open(settings_for(tmp_path / "home")) as runtime:
        job = runtime.kernel.submit(study_spec("leaves_a_process", trials=1))
        with runtime.supervisor(only=job.id):
            job = runtime.wait(job.id, timeout=120)
        assert job.state == "succeeded", job.fault
        left = int((runtime.kernel.folder(job.id).path / "left.txt").read_text())
    _, alive = psutil.wait_procs([psutil.Process(left)] if psutil.pid_exists(left) else [], timeout=10)
    for process in alive:
        process.kill()
    assert alive == []
