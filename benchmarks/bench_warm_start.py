"""How long does a trial take that trains for a single step, so that its start is nearly all of it?"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.contest import contest
from benchmarks.material import make_program
from persopt.domain.space import Params
from persopt.plugins.contracts.execution import TrialPool

PARAMS: Params = {"learningRate": 1e-4, "batchSize": 8}


def run_new_interpreter() -> float:
    """The first trial of a worker, from the start of its interpreter."""
    return _measure(earlier=0)


def run_warm_worker() -> float:
    """The third trial of a worker, from `submit`."""
    return _measure(earlier=2)


def _measure(earlier: int) -> float:
    from persopt.kernel.worker_pool import WorkerPool
    from persopt.plugins.contracts.execution import ExecutorRequest

    with tempfile.TemporaryDirectory() as folder:
        program = make_program(Path(folder))
        with WorkerPool(ExecutorRequest(parallel=1, program=program, folder=f"{folder}/tokenized")) as pool:
            _run_trial(pool, 0, folder)  # so that every contestant finds the data tokenized
        begun = time.perf_counter()
        with WorkerPool(ExecutorRequest(parallel=1, program=program, folder=f"{folder}/trials")) as pool:
            for number in range(earlier):
                _run_trial(pool, number, folder)
                begun = time.perf_counter()
            _run_trial(pool, earlier, folder)
            return time.perf_counter() - begun


def _run_trial(pool: TrialPool, number: int, folder: str) -> None:
    from persopt.plugins.contracts.execution import Failed, Finished, Stopped, TrialRequest

    pool.submit(TrialRequest(number=number, attempt=1, params=PARAMS, seed=1, folder=f"{folder}/trials/{number}"))
    while not isinstance(message := pool.receive(None), Finished | Failed | Stopped):
        pass
    if not isinstance(message, Finished):
        raise SystemExit(f"the trial did not finish: {message}")


if __name__ == "__main__":
    contest(
        "Start of a trial",
        "A one-step training of a million-parameter encoder: model built and loaded, one optimizer step, 100 texts "
        "evaluated, model saved, result received. In a new interpreter (torch and transformers to be imported), and "
        "as the third trial of a warm worker. The data were tokenized before.",
        {"new interpreter": run_new_interpreter, "warm worker": run_warm_worker},
    )
