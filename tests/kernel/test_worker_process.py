from __future__ import annotations

import os
from pathlib import Path

from persopt.domain.programs import FunctionProgram
from persopt.kernel.messages import FromWorker
from persopt.kernel.processes import worker_environment
from persopt.kernel.worker_process import WorkerProcess
from persopt.plugins import Stopped, TrialRequest

GATED = """\
import os

open(os.environ["GATE"]).read()  # until somebody opens the other end


def endless(params, trial):
    step = 0
    while True:
        step += 1
        trial.report(step, value=float(step))
"""


def test_a_stop_that_comes_while_the_worker_gets_warm_ends_the_trial(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    (tmp_path / "gated.py").write_text(GATED)
    environment = {**worker_environment(0, 1, []), "GATE": str(gate)}
    program = FunctionProgram(function="gated:endless", path=[str(tmp_path)])
    worker = WorkerProcess(0, tmp_path / "log.txt", environment, program)
    try:
        worker.run(TrialRequest(number=3, attempt=1, params={}, seed=1, folder=str(tmp_path / "3")))
        worker.stop(3, keep_checkpoint=False)
        gate.write_text("go")  # waits for the worker to be at the gate; by then it has heard both
        messages: list[FromWorker] = []
        while not any(isinstance(message, Stopped) for message in messages):
            received = worker.receive()
            assert received is not None, worker.tail()
            messages += received
    finally:
        worker.kill()
        worker.close()
