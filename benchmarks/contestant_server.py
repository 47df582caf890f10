"""One contestant in a process of its own, asked over its standard input.

`python -m benchmarks.contestant_server NAME OUT THREADS [make]`; each line asked is a JSON object, and so is each
line answered.
"""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.quantization_peers import Call, calibration_batches, folder_of
from benchmarks.served_contestants import CONTESTANTS

_CALLS: Final = 5  # of a turn; its time is their median
_LENGTH: Final = 128
_SETTLE: Final = 0.05  # seconds in which the threads of whoever was asked before stop spinning


def main() -> None:
    """Make the contestant's model, or load it and answer until the input ends."""
    name, out, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    contestant = CONTESTANTS[name]
    checkpoint, folder = out / "tuned", folder_of(name, out)
    import torch

    torch.set_num_threads(threads)
    if sys.argv[4:] == ["make"]:
        part = folder.with_name(f"{folder.name}.part")
        part.mkdir(exist_ok=True)
        contestant.make(checkpoint, part, lambda: calibration_batches(checkpoint, out / "data", _LENGTH))
        part.replace(folder)
        return
    call = contestant.load(checkpoint, folder, threads)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = (
            _judge(call, checkpoint, out / "data" / f"{asked['split']}.jsonl")
            if asked["what"] == "judge"
            else _time(call, asked)
        )
        print(json.dumps(answer), flush=True)


def _file(out: Path, split: str) -> Path:
    return out / "data" / f"{split}.jsonl"


def _time(call: Call, asked: dict[str, Any]) -> dict[str, float]:
    inputs = _make_inputs(asked["batch"], asked["length"])
    threading.Event().wait(_SETTLE)
    call(inputs)
    times = []
    for _ in range(asked.get("calls", _CALLS)):
        begun = time.perf_counter()
        call(inputs)
        times.append(1000 * (time.perf_counter() - begun))
    return {"milliseconds": statistics.median(times)}


def _make_inputs(batch: int, length: int) -> dict[str, Any]:
    import numpy as np

    tokens = np.random.default_rng(0).integers(1000, 20_000, (batch, length))
    return {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}


def _judge(call: Call, checkpoint: Path, file: Path) -> dict[str, Any]:
    """Return which rows are classified right."""
    from transformers import AutoConfig

    labels = AutoConfig.from_pretrained(checkpoint).label2id
    right = [int(call(inputs)[0].argmax()) == labels[label] for inputs, label in _read_rows(checkpoint, file)]
    return {"right": right}


def _read_rows(checkpoint: Path, file: Path) -> Iterator[tuple[dict[str, Any], str]]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        yield dict(tokenizer(row["text"], truncation=True, max_length=_LENGTH, return_tensors="np")), row["label"]


if __name__ == "__main__":
    main()
