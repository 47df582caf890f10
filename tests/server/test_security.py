"""The gate under attack: foreign hosts and pages, tokens, bodies; and the headers of every answer."""

from __future__ import annotations

import json
import re
import socket
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.errors import InputError
from persopt.runtime import Runtime
from persopt.server.gate import SECURITY_HEADERS
from persopt.server.options import ServerOptions
from persopt.server.requests import nesting_of
from persopt.server.tokens import TokenTable, WrongTokenLimit, load_tokens, take_tokens
from tests.server.serving import API, add_job, serve

RUN, READ = "run-token-of-24-characters", "read-token-of-24-character"
TOKENS = ServerOptions(tokens=TokenTable.of({"run": RUN, "read": READ}))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_a_foreign_host_is_refused(client: httpx.Client, host: str) -> None:
    answer = client.get(f"{API}/jobs", headers={"Host": host})
    assert answer.status_code in (400, 421)
    assert "jobs" not in answer.text.replace("/jobs", "")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8000", "[::1]:80"])
def test_the_names_of_loopback_are_known(client: httpx.Client, host: str) -> None:
    assert client.get(f"{API}/jobs", headers={"Host": host}).status_code == 200


def test_an_address_is_a_host_only_outside_loopback(runtime: Runtime) -> None:
    with serve(runtime) as closed:
        assert closed.get("/health/live", headers={"Host": "192.0.2.7"}).status_code == 421
    with serve(runtime, ServerOptions(any_address=True, hosts=frozenset({"lab.example"}))) as opened:
        assert opened.get("/health/live", headers={"Host": "192.0.2.7:80"}).status_code == 200
        assert opened.get("/health/live", headers={"Host": "Lab.example"}).status_code == 200
        assert opened.get("/health/live", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://[", "file://"])
def test_a_foreign_page_starts_nothing(runtime: Runtime, client: httpx.Client, origin: str) -> None:
    job = add_job(runtime)
    answer = client.post(f"{API}/jobs/{job.id}/cancel", headers={"Origin": origin})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:persopt:problem:foreign-origin")
    assert "access-control-allow-origin" not in answer.headers
    assert runtime.kernel.get(job.id).state == "queued"


def test_a_page_that_hides_its_origin_is_refused(client: httpx.Client) -> None:
    assert client.get(f"{API}/jobs", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_our_own_page_and_allowed_ones_pass(runtime: Runtime) -> None:
    with serve(runtime, ServerOptions(origins=frozenset({"https://studio.example"}))) as client:
        own = str(client.base_url).rstrip("/")
        for origin in (own, "https://studio.example"):
            assert client.get(f"{API}/jobs", headers={"Origin": origin}).status_code == 200


def test_without_a_token_nothing_is_told(runtime: Runtime) -> None:
    job = add_job(runtime)
    with serve(runtime, TOKENS) as client:
        for path in (
            f"{API}/jobs",
            f"{API}/jobs/{job.id}",
            f"{API}/plugins",
            "/metrics",
            "/nowhere",
            "/studio",
            "/health",
        ):
            answer = client.get(path)
            assert answer.status_code == 401, path
            assert job.id not in answer.json()["detail"]
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert client.get("/health/live").status_code == 200


def test_the_token_to_read_starts_and_cancels_nothing(runtime: Runtime) -> None:
    job = add_job(runtime)
    with serve(runtime, TOKENS) as client:
        assert client.get(f"{API}/jobs", headers=bearer(READ)).status_code == 200
        assert client.post(f"{API}/jobs/{job.id}/cancel", headers=bearer(READ)).status_code == 403
        assert client.post(f"{API}/jobs", json={}, headers=bearer(READ)).status_code == 403
        assert runtime.kernel.get(job.id).state == "queued"
        assert client.post(f"{API}/jobs/{job.id}/cancel", headers=bearer(RUN)).status_code == 200


@pytest.mark.parametrize("given", ["x", RUN[:-1], RUN + "x", RUN.upper(), "\u00e9" * 24, "*"])
def test_a_wrong_token_is_refused(runtime: Runtime, given: str) -> None:
    with serve(runtime, TOKENS) as client:
        headers = {b"Authorization": f"Bearer {given}".encode()}
        assert client.get(f"{API}/jobs", headers=headers).status_code == 401
        assert client.get(f"{API}/jobs?token={RUN}").status_code == 401
        assert client.get(f"{API}/jobs", headers={"Authorization": f"Basic {RUN}"}).status_code == 401


def test_guessing_has_to_wait_even_with_forged_addresses(runtime: Runtime) -> None:
    now = 0.0
    limit = WrongTokenLimit(most=3, seconds=60, clock=lambda: now)
    with serve(runtime, TOKENS, limit) as client:
        for number in range(3):
            forged = bearer("wrong") | {"X-Forwarded-For": f"192.0.2.{number}"}
            assert client.get(f"{API}/jobs", headers=forged).status_code == 401
        answer = client.get(f"{API}/jobs", headers=bearer(RUN))  # not even looked at
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
        now = 60.0
        assert client.get(f"{API}/jobs", headers=bearer(RUN)).status_code == 200


def test_the_limit_remembers_no_more_than_it_may() -> None:
    limit = WrongTokenLimit(most=1)
    for number in range(10_001):
        limit.note(str(number))
    assert limit.wait_of("0") == 0.0
    assert limit.wait_of("10000") > 0


def test_made_tokens_are_shown_once_and_kept_as_digests(tmp_path: Path) -> None:
    table, made = load_tokens(tmp_path)
    kept = tmp_path / "http-tokens.json"
    assert set(made) == {"run", "read"}
    assert [table.role_of(token) for token in made.values()] == list(made)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not any(token in kept.read_text() for token in made.values())
    again, shown = load_tokens(tmp_path)
    assert shown == {}
    assert again.role_of(made["run"]) == "run"
    renewed, _ = load_tokens(tmp_path, renew=True)
    assert renewed.role_of(made["run"]) is None


def test_tokens_of_the_environment_are_taken_out_of_it() -> None:
    environment = {"PERSOPT_TOKEN": RUN, "PERSOPT_READ_TOKEN": READ, "HOME": "/"}
    assert take_tokens(environment) == {"run": RUN, "read": READ}
    assert environment == {"HOME": "/"}


@pytest.mark.parametrize(
    "environment",
    [{"PERSOPT_TOKEN": "short"}, {"PERSOPT_READ_TOKEN": READ}, {"PERSOPT_TOKEN": RUN, "PERSOPT_READ_TOKEN": RUN}],
)
def test_weak_tokens_are_refused(environment: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"at least 16|is required|the same"):
        take_tokens(environment)


def test_a_body_that_says_it_is_a_gigabyte_is_refused_before_it_comes(client: httpx.Client) -> None:
    head = f"POST {API}/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: {1 << 30}\r\n\r\n"
    assert b" 413 " in send_raw(client, head.encode())


def test_a_body_that_does_not_end_is_cut_off(client: httpx.Client) -> None:
    def endless() -> Any:
        for _ in range(1 << 14):
            yield b" " * (1 << 16)

    try:
        answer = client.post(f"{API}/jobs", content=endless(), headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
    except httpx.TransportError:  # the server has hung up while we still sent
        assert client.get("/health/live").status_code == 200


def test_a_slow_body_is_not_waited_for(runtime: Runtime) -> None:
    with serve(runtime, ServerOptions(body_seconds=0.3)) as client:
        head = f"POST {API}/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{{"
        assert b" 408 " in send_raw(client, head.encode())


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":[', '{"config":{"x":['])
def test_deep_nesting_is_refused_before_anything_is_built(client: httpx.Client, opening: str) -> None:
    text = opening * (900_000 // len(opening))
    answer = client.post(f"{API}/jobs", content=text, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:persopt:problem:too-deep")


JSON = st.recursive(
    st.none() | st.booleans() | st.text(alphabet='[]{}"\\x\n'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='[]{}"\\'), inner, max_size=3),
)


@given(JSON)
def test_nesting_is_counted_as_it_is(value: Any) -> None:
    def depth(item: Any) -> int:
        if isinstance(item, dict):
            item = list(item.values())
        return 1 + max(map(depth, item), default=0) if isinstance(item, list) else 0

    assert nesting_of(json.dumps(value).encode(), 1000) == depth(value)


@pytest.mark.parametrize("body", [b"", b"   ", b"{", b"{'a': 1}", b"\xff\xfe", b'{"a": NaN}', b"[1]", b"null"])
def test_what_is_no_object_of_json_is_refused(client: httpx.Client, body: bytes) -> None:
    answer = client.post(f"{API}/prune", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_what_a_foreign_form_can_send_is_refused(client: httpx.Client, kind: str) -> None:
    assert client.post(f"{API}/jobs", content=b"{}", headers={"Content-Type": kind}).status_code == 415


def test_two_hosts_in_one_request_are_refused(client: httpx.Client) -> None:
    head = f"GET {API}/jobs HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
    assert b" 400 " in send_raw(client, head.encode())


@pytest.mark.parametrize("path", ["/", "/health/live", f"{API}/jobs", "/nowhere", f"{API}/jobs/none", "/metrics"])
def test_every_answer_has_the_headers(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    for name in SECURITY_HEADERS:
        assert name.lower() in answer.headers, name
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe-eval" not in answer.headers["content-security-policy"]
    assert "server" not in answer.headers


def test_another_method_is_told_what_is_allowed(client: httpx.Client) -> None:
    answer = client.request("DELETE", f"{API}/jobs")
    assert answer.status_code == 405
    assert set(re.findall("[A-Z]+", answer.headers["allow"])) >= {"GET", "POST"}


def send_raw(client: httpx.Client, text: bytes) -> bytes:
    """Send bytes to the server and return the first line of its answer."""
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=20) as connection:
        connection.sendall(text)
        with connection.makefile("rb") as lines:
            return lines.readline()


def test_what_needs_no_token_is_the_page_alone(tmp_path: Path, runtime: Runtime) -> None:
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<p>studio</p>")
    (page / "app.js").write_text("1")
    (tmp_path / "secret.txt").write_text("hidden words")
    (page / "out.txt").symlink_to(tmp_path / "secret.txt")
    options = ServerOptions(tokens=TOKENS.tokens, static=page)
    with serve(runtime, options) as client:
        home = client.get("/")
        assert (home.text, home.headers["content-type"]) == ("<p>studio</p>", "text/html; charset=utf-8")
        assert "script-src 'self'" in home.headers["content-security-policy"]
        assert client.get("/studio/app.js").text == "1"
        for name in ("../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "out.txt", f"../..{API}/jobs"):
            answer = client.get(f"/studio/{name}")
            assert answer.status_code in (401, 404), name
            assert "hidden" not in answer.text
