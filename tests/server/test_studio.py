"""The studio's page: what is sent, under which policy, and for how long it may be kept."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from persopt.runtime import Runtime
from persopt.server.options import ServerOptions
from tests.server.serving import serve

PAGE = "<!doctype html><title>studio</title>"
SCRIPT = "export const answer = 42;\n"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "elements.js").write_text(SCRIPT)
    (folder / "assets" / "main-AbC123.js").write_text(SCRIPT)
    (folder / "assets" / "main-AbC123.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (folder / "assets" / "font-AbC123.woff2").write_bytes(b"wOF2")
    return folder


@pytest.fixture
def studio(runtime: Runtime, page: Path) -> Iterator[httpx.Client]:
    with serve(runtime, ServerOptions(static=page)) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/studio/tuning", "/studio/jobs/0123456789abcdef0123", "/studio/comparison/a/b"])
def test_every_place_in_the_studio_is_the_page(studio: httpx.Client, path: str) -> None:
    answer = studio.get(path)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["content-type"].startswith("text/html")
    assert "no-cache" in answer.headers["cache-control"]


def test_a_view_that_has_a_page_of_its_own_gets_it(studio: httpx.Client, page: Path) -> None:
    (page / "pages").mkdir()
    (page / "pages" / "jobs.html").write_text("<!doctype html><title>jobs</title>")
    for path in ("/studio/jobs", "/studio/jobs/0123456789abcdef0123"):
        answer = studio.get(path)
        assert "<title>jobs</title>" in answer.text
        assert answer.headers["content-type"].startswith("text/html")
        assert "no-cache" in answer.headers["cache-control"]
    for path in ("/studio/tuning", "/studio/jobsen", "/studio/pages/jobs"):
        assert studio.get(path).text == PAGE


def test_nothing_inline_is_allowed(studio: httpx.Client) -> None:
    policy = studio.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_hashed_files_may_be_kept_for_ever_and_named_ones_not(studio: httpx.Client) -> None:
    assert "immutable" in studio.get("/studio/assets/main-AbC123.js").headers["cache-control"]
    assert "no-cache" in studio.get("/studio/elements.js").headers["cache-control"]


def test_types_do_not_depend_on_the_machine(studio: httpx.Client) -> None:
    assert studio.get("/studio/elements.js").headers["content-type"].startswith("text/javascript")
    assert studio.get("/studio/assets/font-AbC123.woff2").headers["content-type"] == "font/woff2"


def test_the_packed_form_is_sent_to_whoever_takes_it(studio: httpx.Client) -> None:
    packed = studio.get("/studio/assets/main-AbC123.js", headers={"Accept-Encoding": "gzip, br"})
    plain = studio.get("/studio/assets/main-AbC123.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text == SCRIPT
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]


@pytest.mark.parametrize("path", ["/studio/assets/gone-123.js", "/studio/assets/gone", "/studio/gone.css"])
def test_a_file_that_is_not_there_is_not_the_page(studio: httpx.Client, path: str) -> None:
    assert studio.get(path).status_code == 404
