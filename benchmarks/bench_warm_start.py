"""How long until a trial begins to train?"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.contest import contest
from benchmarks.material import make_program
from persopt.domain.programs import TrainingProgram

CODE = """
import sys
import msgspec
from persopt.domain.programs import TrainingProgram
from persopt.plugins.contracts.execution import TrialRequest
from persopt.tuning.training import train_trial, warm_up
program = msgspec.json.decode(sys.argv[1], type=TrainingProgram)
warm_up(program)
print("ready", flush=True)
"""


def run_new_interpreter() -> float:
    """From the start of a new Python until it has imported, and has the data and the weights."""
    import msgspec

    with tempfile.TemporaryDirectory() as folder:
        program = make_program(Path(folder))
        _fill_cache(program)
        begun = time.perf_counter()
        command = [sys.executable, "-c", CODE, msgspec.json.encode(program).decode()]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            line = process.stdout.readline() if process.stdout else b""
            seconds = time.perf_counter() - begun
        if line != b"ready\n":
            raise SystemExit("the new interpreter did not get ready")
    return seconds


def run_warm_worker() -> float:
    """From `submit` of the second trial of a warm worker until its whole one-step training is reported."""
    from persopt.domain.space import Params
    from persopt.kernel.worker_pool import WorkerPool
    from persopt.plugins.contracts.execution import ExecutorRequest, Failed, Finished, Started, Stopped, TrialRequest

    with tempfile.TemporaryDirectory() as folder:
        program = make_program(Path(folder))
        request = ExecutorRequest(parallel=1, program=program, folder=f"{folder}/trials")
        with WorkerPool(request) as pool:
            for number in range(3):
                begun = time.perf_counter()
                params: Params = {"learningRate": 1e-4, "batchSize": 8}
                pool.submit(
                    TrialRequest(number=number, attempt=1, params=params, seed=1, folder=f"{folder}/trials/{number}")
                )
                while not isinstance(message := pool.receive(None), Started | Failed):
                    pass
                seconds = time.perf_counter() - begun
                while not isinstance(message, Finished | Failed | Stopped):
                    message = pool.receive(None)
                if not isinstance(message, Finished):
                    raise SystemExit(f"the trial did not finish: {message}")
    return seconds


def _fill_cache(program: TrainingProgram) -> None:
    """Tokenize in another process, so that both contestants find the data tokenized."""
    import msgspec

    subprocess.run([sys.executable, "-c", CODE, msgspec.json.encode(program).decode()], check=True, capture_output=True)


if __name__ == "__main__":
    contest(
        "Start of a trial",
        "A new interpreter: until torch and transformers are imported and data and weights are there. A warm worker: "
        "from submitting a trial until the worker has begun it, everything being there already.",
        {"new interpreter": run_new_interpreter, "warm worker": run_warm_worker},
    )
