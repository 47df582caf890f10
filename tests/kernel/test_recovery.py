"""Jobs whose process is silent, and what is left of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from persopt.cli.jobs import _waits_for_supervisor
from persopt.kernel.leases import make_lease
from persopt.kernel.recovery import recover_dead
from persopt.runtime import Runtime
from tests.kernel.test_processes import start_group
from tests.support.studies import settings_for, study_spec


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    with Runtime.open(settings_for(tmp_path / "home")) as opened:
        yield opened


def test_a_paused_process_that_let_its_lease_expire_is_ended_before_another_takes_over(runtime: Runtime) -> None:
    job = runtime.kernel.submit(study_spec())
    with start_group() as process:
        process.send_signal(signal.SIGSTOP)
        assert runtime.store.claim_job(make_lease(process.pid, -1.0), job_id=job.id) is not None
        recovered = recover_dead(runtime.store, max_crashes=3)
        assert [(one.id, one.state) for one in recovered] == [(job.id, "queued")]
        assert process.wait(10) == -signal.SIGKILL


def test_a_process_that_still_speaks_is_left_alone(runtime: Runtime) -> None:
    job = runtime.kernel.submit(study_spec())
    with start_group() as process:
        assert runtime.store.claim_job(make_lease(process.pid, 60.0), job_id=job.id) is not None
        assert recover_dead(runtime.store, max_crashes=3) == []
        assert process.poll() is None
        process.kill()
        recover_dead(runtime.store, max_crashes=3)


def test_a_job_whose_machine_is_gone_waits_for_a_supervisor_once_its_lease_has_expired(runtime: Runtime) -> None:
    job = runtime.kernel.submit(study_spec())
    lease = msgspec.structs.replace(make_lease(1, -1.0), host="a-machine-that-is-gone")
    claimed = runtime.store.claim_job(lease, job_id=job.id)
    assert claimed is not None
    assert _waits_for_supervisor(claimed)
    speaking = msgspec.structs.replace(lease, expires_at=make_lease(1, 60.0).expires_at)
    assert not _waits_for_supervisor(msgspec.structs.replace(claimed, lease=speaking))
