"""`persopt-notify`: the command."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import get_args

from persopt.domain.errors import InputError
from persopt.domain.jobs import JOB_KINDS
from persopt.domain.languages import LANGUAGES
from persopt_notify.addresses import Destination, open_destinations
from persopt_notify.settings import Ending, NotifySettings, read_settings
from persopt_notify.subscriber import Subscriber
from persopt_notify.texts import Message

__all__ = ("main",)


def main(words: Sequence[str] | None = None) -> None:
    """Run until interrupted; exits with 2 if a setting is not accepted, with 1 if a test was not delivered."""
    given = vars(_make_parser().parse_args(words))
    is_test = given.pop("test")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it would write addresses, which hold secrets
    try:
        settings = read_settings(given, os.environ)
        destinations = open_destinations(settings.to)
    except InputError as error:
        for fault in error.faults:
            sys.stderr.write(f"error: {fault}\n")
        sys.exit(2)
    sys.exit(asyncio.run(_test(destinations) if is_test else _run(settings, destinations)))


async def _run(settings: NotifySettings, destinations: list[Destination]) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Subscriber(settings, destinations).run(stop)
    return 0


async def _test(destinations: list[Destination]) -> int:
    text = Message(title="persopt-notify", body="سلام! Messages about jobs come here.")
    missing = [one.label for one in destinations if not await one.send(text)]
    for label in missing:
        sys.stderr.write(f"error: not delivered to {label}\n")
    return 1 if missing else 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="persopt-notify", description="Tell where I am when a job of persopt has ended.", allow_abbrev=False
    )
    parser.add_argument("--to", action="append", metavar="URL", help="an address as Apprise writes it; repeatable")
    parser.add_argument("--kind", dest="kinds", action="append", choices=JOB_KINDS, help="only such jobs; repeatable")
    parser.add_argument(
        "--ending", dest="endings", action="append", choices=get_args(Ending), help="only so ended; repeatable"
    )
    parser.add_argument("--language", choices=LANGUAGES, help="of the texts; fa by default")
    parser.add_argument("--link", metavar="BASE", help="put before a job's id to make a link")
    parser.add_argument("--home", metavar="FOLDER", help="the workspace; PERSOPT_HOME or ./persopt-data by default")
    parser.add_argument("--nats-url", metavar="URL", help="an event server that is not the workspace's")
    parser.add_argument("--name", help="under which the event server remembers how far this subscriber is")
    parser.add_argument("--state", metavar="FILE", help="what was delivered in part; in the workspace by default")
    parser.add_argument("--days", type=float, help="give a message up after so many days; 7 by default")
    parser.add_argument("--config", metavar="FILE", help="a TOML file with the same settings")
    parser.add_argument("--test", action="store_true", help="send a word to each address, and end")
    return parser
