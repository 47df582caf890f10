"""Real jobs on a real event server, told by the real command to a real HTTP server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from persopt.domain.jobs import JobRecord
from persopt.domain.specs import TuneSpec
from persopt.runtime import Runtime
from persopt.settings import load_settings

FUNCTIONS = """
def square(params, trial):
    return {"value": params["x"] ** 2}


def broken(params, trial):
    raise ValueError("no luck")
"""


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A workspace whose events are published as long as the test runs."""
    (tmp_path / "tried.py").write_text(FUNCTIONS)
    with Runtime.open(load_settings({}, home=str(tmp_path / "home"))) as opened, opened.relaying():
        yield opened


def run(runtime: Runtime, name: str, function: str = "square") -> JobRecord:
    """Run a study of three trials."""
    spec = TuneSpec(
        name=name,
        function=f"tried:{function}",
        function_path=[str(runtime.settings.workspace.parent)],
        config={"x": [3, 4, 5]},
        strategy="grid",
    )
    return runtime.run(spec)


def test_a_success_and_a_failure_are_told(runtime: Runtime, inbox: Any, notifying: Any) -> None:
    run(runtime, "before")  # nobody listened yet
    with notifying("--to", inbox.address, "--language", "en", "--link", "https://s.example/#"):
        good = run(runtime, "squares")
        bad = run(runtime, "بد", "broken")
        assert (good.state, bad.state) == ("succeeded", "failed")
        first, second = inbox.next(), inbox.next()
    assert first["title"] == "Tuning “squares” has succeeded"
    assert first["message"].splitlines()[-1] == f"https://s.example/#{good.id}"
    assert "3 of 3 done" in first["message"]
    assert second["title"] == "Tuning “بد” has failed"
    assert "no luck" in second["message"]
    assert inbox.messages.empty()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_neither_loses_nor_repeats(runtime: Runtime, inbox: Any, notifying: Any, end: signal.Signals) -> None:
    with notifying("--to", inbox.address, end=end) as process:
        run(runtime, "یک")
        assert "«یک»" in inbox.next()["title"]
        if end is signal.SIGTERM:  # a kill may come between a message and its acknowledgement
            process.send_signal(end)
            assert process.wait(60) == 0
    run(runtime, "دو")
    with notifying("--to", inbox.address):
        told = inbox.next()["title"]
        if end is signal.SIGKILL and "«یک»" in told:
            told = inbox.next()["title"]
        assert told == "تنظیم «دو» به پایان رسید"
        run(runtime, "سه")
        assert "«سه»" in inbox.next()["title"]
    assert inbox.messages.empty()


def test_an_address_that_is_down_gets_it_later_and_the_other_gets_it_once(
    runtime: Runtime, inbox: Any, other_inbox: Any, notifying: Any
) -> None:
    inbox.is_open = False
    with notifying("--to", inbox.address, "--to", other_inbox.address):
        run(runtime, "یک")
        inbox.refused.get(timeout=60)
        assert "«یک»" in other_inbox.next()["title"]
    inbox.is_open = True
    with notifying("--to", inbox.address, "--to", other_inbox.address):
        assert "«یک»" in inbox.next()["title"]
        run(runtime, "دو")
        assert "«دو»" in inbox.next()["title"]
        assert "«دو»" in other_inbox.next()["title"]
    assert inbox.messages.empty()
    assert other_inbox.messages.empty()


def test_what_is_too_old_is_given_up(runtime: Runtime, inbox: Any, notifying: Any) -> None:
    inbox.is_open = False
    with notifying("--to", inbox.address, "--days", "1e-12"):
        run(runtime, "یک")
        inbox.refused.get(timeout=60)
        inbox.is_open = True
        run(runtime, "دو")
        assert "«دو»" in inbox.next()["title"]
    assert (inbox.messages.empty(), inbox.refused.empty()) == (True, True)


def test_another_event_server_is_found_again(tmp_path: Path, inbox: Any, notifying: Any) -> None:
    (tmp_path / "tried.py").write_text(FUNCTIONS)
    settings = load_settings({}, home=str(tmp_path / "home"))
    with ExitStack() as stack:
        with Runtime.open(settings) as runtime, runtime.relaying():
            run(runtime, "پیش")
            stack.enter_context(notifying("--to", inbox.address, "--kind", "tune", "--ending", "succeeded"))
            run(runtime, "یک")
            assert "«یک»" in inbox.next()["title"]
        # The embedded server has ended with its relay; the next one is at another port, with another token.
        with Runtime.open(settings) as runtime, runtime.relaying():
            run(runtime, "بد", "broken")
            run(runtime, "دو")
            assert "«دو»" in inbox.next()["title"]
    assert inbox.messages.empty()


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "persopt_notify", *words],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def test_the_addresses_are_tried_and_bad_settings_are_told_without_secrets(inbox: Any, tmp_path: Path) -> None:
    assert command("--test", PERSOPT_NOTIFY_TO=inbox.address).returncode == 0
    assert "persopt" in inbox.next()["title"]
    (tmp_path / "notify.toml").write_text(f'to = ["{inbox.address}"]\nlanguage = "en"\n')
    assert command("--test", "--config", str(tmp_path / "notify.toml")).returncode == 0
    inbox.is_open = False
    refused = command("--test", "--to", inbox.address)
    assert (refused.returncode, "not delivered to json (address 1)" in refused.stderr) == (1, True)
    wrong = command("--to", "nosuch://secret@x", "--to", inbox.address)
    assert (wrong.returncode, "to[0]" in wrong.stderr, "secret" in wrong.stderr) == (2, True, False)
    (tmp_path / "notify.toml").write_text('too = ["x"]\nlanguage = "de"\n')
    faults = command("--config", str(tmp_path / "notify.toml")).stderr
    assert all(word in faults for word in ("too", "language", "to:"))
