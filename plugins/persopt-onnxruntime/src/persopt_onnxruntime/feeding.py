"""What each graph of a model is given on calibration rows: what the float32 graphs before it give on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from persopt.domain.errors import DataError
from persopt_onnxruntime.running import DECODER, ENCODER, WITH_PAST, OnnxRunner, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy as np

    Batches = Iterable[Mapping[str, np.ndarray[Any, Any]]]

__all__ = ("DecoderBatches", "feed_graph")


def feed_graph(name: str, graphs: Mapping[str, str], batches: Batches, threads: int | None) -> Batches:
    """Return the batches of one graph, which can be gone over again.

    Args:
        name: Of the graph.
        graphs: Paths of all graphs of the model, by name.
        batches: Of the whole model.
        threads: CPU threads of a call; None means as many as there are.
    """
    return DecoderBatches(name, graphs, batches, threads) if name in (DECODER, WITH_PAST) else batches


class DecoderBatches:
    """Batches of an encoder-decoder's decoder: the target's tokens, and the source as the encoder reads it.

    The decoder of later tokens is given all but the first one, and the cache that the other decoder makes of that.

    Args:
        name: Which decoder.
        graphs: Paths of all graphs of the model, by name.
        batches: Of the whole model, with `decoder_input_ids`.
        threads: CPU threads of a call; None means as many as there are.
    """

    def __init__(self, name: str, graphs: Mapping[str, str], batches: Batches, threads: int | None) -> None:
        self._name = name
        self._graphs = graphs
        self._batches = batches
        self._threads = threads or 0

    def __iter__(self) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
        encoder = self._open(ENCODER)
        decoder = self._open(DECODER) if self._name == WITH_PAST else None
        for batch in self._batches:
            if "decoder_input_ids" not in batch:
                raise DataError("the calibration data lack decoder_input_ids, which the model takes")
            tokens, encoded = batch["decoder_input_ids"], encode(encoder, batch)
            if decoder is None:
                yield {"input_ids": tokens, **encoded}
            elif tokens.shape[1] > 1:
                _, cache = decoder.step({"input_ids": tokens[:, :1], **encoded}, None)
                yield {"input_ids": tokens[:, 1:], **encoded, **cache}

    def _open(self, name: str) -> OnnxRunner:
        file = Path(self._graphs[name])
        return OnnxRunner(file.parent, "cpu", self._threads, file.name)
