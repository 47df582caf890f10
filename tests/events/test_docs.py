"""docs/events.md tells the truth: its example runs, and it names every type of event."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from persopt.domain.events import EVENT_TYPES, JobSucceeded, event_subject, event_type
from persopt.domain.jobs import Progress
from persopt.events.relay import Relay
from persopt.settings import Settings
from tests.events.outbox import Entry, MemoryOutbox, make_entries

_TEXT = (Path(__file__).parents[2] / "docs" / "events.md").read_text("utf-8")


def test_every_type_is_named() -> None:
    named = set(re.findall(r"`(persopt\.(?:job|trial)\.[a-z]+)`", _TEXT))
    assert named == {event_type(kind) for kind in EVENT_TYPES}


def test_the_example_runs(settings: Settings) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", _TEXT, re.DOTALL)
    subject = event_subject("tune", "0" * 20, JobSucceeded(progress=Progress()))
    outbox = MemoryOutbox([*make_entries(2), Entry(position=3, event_id="end", subject=subject, payload=b"{}")])
    relay = Relay(outbox, settings)
    relay.start()
    outbox.wait_published(3)
    environment = {**os.environ, "PERSOPT_HOME": str(settings.workspace)}
    done = subprocess.run(
        [sys.executable, "-c", example], env=environment, capture_output=True, text=True, check=True, timeout=100
    )
    assert relay.stop()
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["1", "2", "3"]
    assert done.stdout.splitlines()[-1].endswith(subject)
