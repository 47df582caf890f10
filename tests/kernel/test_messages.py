"""Frames survive every way in which a stream can be cut."""

from __future__ import annotations

import math
import socket

from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.errors import Fault
from persopt.domain.trials import Report
from persopt.kernel.messages import Channel, FromWorker, Ready, decode_message
from persopt.plugins.contracts.execution import Failed, Finished, Reported, Started

numbers = st.integers(0, 10_000)
metrics = st.dictionaries(st.text(max_size=20), st.floats(), max_size=4)
messages: st.SearchStrategy[FromWorker] = st.one_of(
    st.builds(Ready, seconds=st.floats(0, 100)),
    st.builds(Started, number=numbers),
    st.builds(Reported, st.builds(Report, number=numbers, step=numbers, metrics=metrics)),
    st.builds(Finished, number=numbers, metrics=metrics, seconds=st.floats(0, 100)),
    st.builds(Failed, number=numbers, fault=st.builds(Fault, message=st.text()), seconds=st.floats(0, 100)),
)


@given(st.lists(messages, max_size=6), st.lists(st.integers(1, 40), min_size=1))
def test_messages_arrive_whole_and_in_order_however_the_stream_is_cut(sent: list[FromWorker], cuts: list[int]) -> None:
    stream = _encode(sent)
    ours, theirs = socket.socketpair()
    received: list[FromWorker] = []
    with ours, theirs:
        channel = Channel(ours)
        position = index = 0
        while position < len(stream):
            length = cuts[index % len(cuts)]
            theirs.sendall(stream[position : position + length])
            position, index = position + length, index + 1
            frames = channel.receive()
            assert frames is not None
            received += [decode_message(frame) for frame in frames]
    assert _same(received, sent)


def test_the_end_of_the_stream_is_told() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        assert Channel(ours).receive() is None


def _encode(sent: list[FromWorker]) -> bytes:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        channel = Channel(ours)
        for message in sent:
            channel.send(message)
        ours.shutdown(socket.SHUT_WR)
        chunks = []
        while chunk := theirs.recv(65536):
            chunks.append(chunk)
        return b"".join(chunks)


def _same(left: list[FromWorker], right: list[FromWorker]) -> bool:
    """Compare by text, since NaN does not equal itself."""
    assert math.isnan(math.nan)
    return [repr(item) for item in left] == [repr(item) for item in right]
