"""A warm process that tries models on texts, one question after another; knows no database, only a socket.

Started as `python -m persopt.predicting.worker_main DESCRIPTOR IDLE_SECONDS`. A second thread reads the socket,
so that the process ends at once when its server is gone, whatever it is at.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import sys
import threading
import traceback
from collections import OrderedDict
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from persopt.domain.predictions import ModelPrediction
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.kernel.faults import fault_from_exception
from persopt.kernel.messages import Channel
from persopt.models.quiet import hush_imports
from persopt.predicting.messages import Ask, AskedModel

if TYPE_CHECKING:
    from persopt.models.loaded import LoadedModel
    from persopt.plugins.registry import Registry

__all__ = ("main",)

_KEPT: Final = 4  # models that stay open


def main() -> None:
    """Answer until the socket is closed, or nothing was asked for as many seconds as the second argument says."""
    hush_imports()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to handle
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    questions: queue.SimpleQueue[Ask] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(channel, questions), name="listen", daemon=True).start()
    models = _OpenModels()
    idle_seconds = float(sys.argv[2])
    with contextlib.suppress(queue.Empty):
        while True:
            ask = questions.get(timeout=idle_seconds)
            for asked in ask.models:
                channel.send(_answer(models, ask, asked))


def _listen(channel: Channel, questions: queue.SimpleQueue[Ask]) -> None:
    decoder = msgspec.msgpack.Decoder(Ask)
    while (frames := channel.receive()) is not None:
        for frame in frames:
            questions.put(decoder.decode(frame))
    os._exit(0)  # the server is gone, and whatever runs in the main thread is of no use to anybody


def _answer(models: _OpenModels, ask: Ask, asked: AskedModel) -> ModelPrediction:
    from persopt.predicting.predict import predict

    try:
        model = models.open(Path(asked.folder), ask.block_plugins)
        return predict(asked.name, model, ask.text, ask.text_pair)
    except Exception as error:  # noqa: BLE001 - whatever a model or its backend raises is told as its fault
        traceback.print_exc()
        return ModelPrediction(model=asked.name, fault=fault_from_exception(error))


class _OpenModels:
    """The models that were asked last, open; one whose files have changed is opened anew."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, float], LoadedModel] = OrderedDict()
        self._registry: Registry | None = None

    def open(self, folder: Path, block_plugins: list[str]) -> LoadedModel:
        from persopt.models.loaded import LoadedModel
        from persopt.models.runners import open_runner

        changed = max((file.stat().st_mtime for file in folder.rglob("*") if file.is_file()), default=0.0)
        key = (str(folder), changed)
        if key in self._open:
            self._open.move_to_end(key)
            return self._open[key]
        for known in [known for known in self._open if known[0] == key[0]]:
            self._open.pop(known).close()
        while len(self._open) >= _KEPT:
            self._open.popitem(last=False)[1].close()
        with ExitStack() as stack:
            opened = stack.enter_context(open_runner(folder, self._plugins(block_plugins)))
            self._open[key] = model = LoadedModel(opened, stack.pop_all())
        return model

    def _plugins(self, blocked: list[str]) -> Registry:
        if self._registry is None:
            from persopt.plugins.discovery import load_registry
            from persopt.settings import Settings

            self._registry = load_registry(Settings(block_plugins=blocked), BUILTIN_MODULES)
        return self._registry


if __name__ == "__main__":
    main()
