"""What is asked again is answered as before until something changes, and never later than that."""

from __future__ import annotations

import asyncio
import threading

import httpx
import pytest

from persopt.runtime import Runtime
from persopt.server.known_answers import KnownAnswers
from tests.server.serving import API, add_job, add_trials


class Material:
    """What answers are made of: a version, and how often an answer was made."""

    def __init__(self) -> None:
        self.version: int | None = 1
        self.made = 0

    def answer(self) -> bytes:
        self.made += 1
        return f"{self.version}, {self.made}".encode()


def test_an_answer_is_made_once_a_version() -> None:
    async def ask() -> list[bytes]:
        material = Material()
        answers = KnownAnswers(lambda: material.version)
        found = [await answers.give("list", material.answer) for _ in range(2)]
        material.version = 2
        return [*found, *[await answers.give("list", material.answer) for _ in range(2)]]

    assert asyncio.run(ask()) == [b"1, 1", b"1, 1", b"2, 2", b"2, 2"]


def test_nothing_is_kept_where_the_version_is_not_known() -> None:
    async def ask() -> list[bytes]:
        material = Material()
        material.version = None
        answers = KnownAnswers(lambda: material.version)
        return [await answers.give("list", material.answer) for _ in range(2)]

    assert asyncio.run(ask()) == [b"None, 1", b"None, 2"]


def test_who_asks_meanwhile_waits_for_the_first_even_if_that_one_goes_away() -> None:
    async def ask() -> tuple[bytes, int]:
        material, go_on = Material(), threading.Event()
        answers = KnownAnswers(lambda: material.version)

        def slowly() -> bytes:
            go_on.wait()
            return material.answer()

        first = asyncio.create_task(answers.give("list", slowly))
        second = asyncio.create_task(answers.give("list", slowly))
        await asyncio.sleep(0)  # both have asked
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        go_on.set()
        return await second, material.made

    assert asyncio.run(ask()) == (b"1, 1", 1)


def test_what_was_begun_before_a_change_is_not_given_after_it() -> None:
    async def ask() -> tuple[bytes, bytes, bytes]:
        material, go_on = Material(), threading.Event()
        answers = KnownAnswers(lambda: material.version)

        def old() -> bytes:
            go_on.wait()
            return b"old"

        before = asyncio.create_task(answers.give("list", old))
        await asyncio.sleep(0)
        material.version = 2
        after = await answers.give("list", lambda: b"new")
        go_on.set()
        return await before, after, await answers.give("list", material.answer)

    assert asyncio.run(ask()) == (b"old", b"new", b"new")


def test_a_failure_is_told_to_all_and_not_kept() -> None:
    async def ask() -> bytes:
        answers = KnownAnswers(lambda: 1)

        def fail() -> bytes:
            raise LookupError("there is none")

        both = await asyncio.gather(*(answers.give("job", fail) for _ in range(2)), return_exceptions=True)
        assert [str(error) for error in both] == ["there is none"] * 2
        return await answers.give("job", lambda: b"there")

    assert asyncio.run(ask()) == b"there"


def test_the_oldest_answers_go_when_there_are_too_many_bytes() -> None:
    async def ask() -> list[int]:
        counts = dict.fromkeys("abc", 0)
        answers = KnownAnswers(lambda: 1, most_bytes=10)

        def make(name: str) -> bytes:
            counts[name] += 1
            return b"12345" if name != "c" else b"x" * 11

        for name in "abbacab":
            await answers.give(name, lambda name=name: make(name))  # type: ignore[misc]
        await answers.give("c", lambda: make("c"))
        return [*counts.values()]

    assert asyncio.run(ask()) == [1, 1, 2]  # what is too big alone is never kept, and drives nothing out


@pytest.mark.parametrize("path", ["/jobs", "/jobs/{job}", "/jobs/{job}/trials", "/metrics"])
def test_a_change_through_other_connections_is_seen_at_once(path: str, runtime: Runtime, client: httpx.Client) -> None:
    job = add_job(runtime)
    address = API + path.format(job=job.id)
    first = client.get(address).json()
    assert client.get(address).json() == first
    with Runtime.open(runtime.settings) as other:
        add_trials(other, job, 1)
        add_job(other, 2)
    second = client.get(address).json()
    assert second != first
    assert client.get(address).json() == second
