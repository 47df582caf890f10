"""Pages of other origins: the named ones can call and read, all others get nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.errors import InputError
from persopt.runtime import Runtime
from persopt.server.cors import read_origin
from persopt.server.options import ServerOptions
from persopt.server.tokens import TokenTable
from tests.server.serving import API, add_job, serve

RUN = "run-token-of-24-characters"
HOST_PAGE = "https://host.example"
FOREIGN = (
    "https://evil.example",
    "null",
    "*",
    "http://host.example",
    "https://host.example.evil.example",
    "https://host.example:8443",
    "https://sub.host.example",
    "https://HOST.example",
    "https://host.example, https://evil.example",
)


@pytest.fixture
def allowing(tmp_path: Path, runtime: Runtime) -> Iterator[httpx.Client]:
    """A server with a token, a page, and one foreign page that may call."""
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<p>studio</p>")
    (page / "elements.js").write_text("export {};\n")
    options = ServerOptions(tokens=TokenTable.of({"run": RUN}), origins=frozenset({HOST_PAGE, "null"}), static=page)
    with serve(runtime, options) as client:
        yield client


def ask_first(client: httpx.Client, origin: str, path: str = f"{API}/jobs") -> httpx.Response:
    """Send what a browser sends before a foreign page's request with a token."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
        "Sec-Fetch-Site": "cross-site",
    }
    return client.options(path, headers=asked)


def allowances(answer: httpx.Response) -> set[str]:
    return {name for name in answer.headers if name.startswith("access-control-")}


def test_the_browser_may_ask_first_without_a_token(allowing: httpx.Client) -> None:
    answer = ask_first(allowing, HOST_PAGE)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == HOST_PAGE
    assert "POST" in answer.headers["access-control-allow-methods"]
    taken = answer.headers["access-control-allow-headers"].casefold()
    assert all(name in taken for name in ("authorization", "content-type", "idempotency-key", "last-event-id"))
    assert "origin" in answer.headers["vary"].casefold()


def test_an_allowed_page_reads_answers_and_refusals(allowing: httpx.Client, runtime: Runtime) -> None:
    job = add_job(runtime)
    headers = {"Origin": HOST_PAGE, "Authorization": f"Bearer {RUN}", "Sec-Fetch-Site": "cross-site"}
    for answer, status in (
        (allowing.get(f"{API}/jobs/{job.id}", headers=headers), 200),
        (allowing.get(f"{API}/jobs/none", headers=headers), 404),
        (allowing.get(f"{API}/jobs", headers={"Origin": HOST_PAGE}), 401),
        (allowing.post(f"{API}/jobs/{job.id}/cancel", json={}, headers=headers), 200),
    ):
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == HOST_PAGE
        assert "Location" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers  # there are no cookies to be sent


def test_being_allowed_replaces_no_token(allowing: httpx.Client, runtime: Runtime) -> None:
    job = add_job(runtime)
    assert allowing.post(f"{API}/jobs/{job.id}/cancel", json={}, headers={"Origin": HOST_PAGE}).status_code == 401
    assert allowing.options(f"{API}/jobs", headers={"Origin": HOST_PAGE}).status_code == 401  # it asks for no method
    assert runtime.kernel.get(job.id).state == "queued"


@pytest.mark.parametrize("origin", FOREIGN)
def test_other_pages_get_nothing(allowing: httpx.Client, origin: str) -> None:
    token = {"Origin": origin, "Authorization": f"Bearer {RUN}"}
    paths = (f"{API}/jobs", "/", "/studio/elements.js", "/health/live")
    for answer in (ask_first(allowing, origin), *(allowing.get(path, headers=token) for path in paths)):
        assert answer.status_code == 403
        assert allowances(answer) == set()
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "origin" in answer.headers["vary"].casefold()


def test_two_origins_in_one_request_are_refused(allowing: httpx.Client) -> None:
    twice = [("Origin", HOST_PAGE), ("Origin", "https://evil.example")]
    answer = allowing.get(f"{API}/jobs", headers=twice)
    assert answer.status_code == 400
    assert allowances(answer) == set()


def test_only_the_files_of_the_page_may_be_embedded(allowing: httpx.Client) -> None:
    files = allowing.get("/studio/elements.js", headers={"Origin": HOST_PAGE})
    assert files.headers["cross-origin-resource-policy"] == "cross-origin"
    assert {part.strip() for part in files.headers["vary"].split(",")} == {"Accept-Encoding", "Origin"}
    told = allowing.get(f"{API}/jobs", headers={"Origin": HOST_PAGE, "Authorization": f"Bearer {RUN}"})
    assert told.headers["cross-origin-resource-policy"] == "same-origin"
    own = allowing.get("/studio/elements.js")
    assert own.headers["cross-origin-resource-policy"] == "same-origin"
    assert allowances(own) == set()


def test_without_allowed_origins_no_answer_speaks_of_any(client: httpx.Client) -> None:
    own = str(client.base_url).rstrip("/")
    answer = client.get(f"{API}/jobs", headers={"Origin": own})
    assert answer.status_code == 200
    assert allowances(answer) == set()
    assert ask_first(client, HOST_PAGE).status_code == 403


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://studio.example", "https://studio.example"),
        ("https://Studio.Example/", "https://studio.example"),
        ("https://studio.example:443", "https://studio.example"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_origins_are_taken_as_browsers_send_them(text: str, origin: str) -> None:
    assert read_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    ["*", "null", "", "studio.example", "https://", "https://*.example", "https://a.example/studio", "file:///x",
     "https://me@a.example", "https://a.example?x", "https://a.example:x", "javascript:1", "https://a b.example"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="origin of a page") as caught:
        read_origin(text)
    assert repr(text) in str(caught.value)


@given(st.text(alphabet="htps:/*.@?#[]a1 \t\n\u0660", max_size=24))
def test_what_is_taken_stays_itself_and_matches_no_more_than_one_page(text: str) -> None:
    try:
        origin = read_origin(text)
    except InputError:
        return
    assert read_origin(origin) == origin
    assert not set("*?#@ \n") & set(origin)
