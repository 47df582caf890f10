"""Files over HTTP: whole, in ranges, unchanged; logs, reports, artifacts."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.runtime import Runtime
from persopt.server.event_frames import frame
from persopt.server.problems import ProblemError
from persopt.server.ranges import read_range
from tests.server.serving import API, add_job

CONTENT = bytes(range(256)) * 3000


@pytest.fixture
def artifact(runtime: Runtime) -> str:
    job = add_job(runtime)
    folder = runtime.kernel.folder(job.id).artifacts
    (folder / "model").mkdir()
    (folder / "model" / "وزن.safetensors").write_bytes(CONTENT)
    return f"{API}/jobs/{job.id}/artifacts/model/وزن.safetensors"


def test_a_file_comes_whole_with_its_checksum(client: httpx.Client, artifact: str) -> None:
    answer = client.get(artifact)
    digest = hashlib.sha256(CONTENT).digest()
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["etag"] == f'"{digest.hex()}"'
    assert answer.headers["repr-digest"] == f"sha-256=:{base64.b64encode(digest).decode()}:"
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert client.get(artifact, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", CONTENT[:1]),
        ("bytes=5-700000", CONTENT[5:700001]),
        ("bytes=767000-", CONTENT[767000:]),
        ("bytes=-10", CONTENT[-10:]),
        ("bytes=100-99999999999", CONTENT[100:]),
    ],
)
def test_a_range_is_that_part(client: httpx.Client, artifact: str, asked: str, part: bytes) -> None:
    answer = client.get(artifact, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, part)
    first = CONTENT.__len__() - len(part) if asked == "bytes=-10" else int(asked[6:].partition("-")[0])
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(part) - 1}/{len(CONTENT)}"


def test_a_range_behind_the_end_is_refused_and_odd_ones_get_the_whole(client: httpx.Client, artifact: str) -> None:
    refused = client.get(artifact, headers={"Range": f"bytes={len(CONTENT)}-"})
    assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")
    for odd in ("bytes=1-2,5-6", "lines=1-2", "bytes=-", "bytes=9-3"):
        assert client.get(artifact, headers={"Range": odd}).content == CONTENT
    stale = {"Range": "bytes=0-1", "If-Range": '"other"'}
    assert client.get(artifact, headers=stale).content == CONTENT


@given(st.integers(0, 40), st.integers(0, 50), st.integers(0, 50))
def test_ranges_against_slicing(size: int, first: int, last: int) -> None:
    content = bytes(range(size))
    for header, wanted in (
        (f"bytes={first}-", content[first:]),
        (f"bytes={first}-{last}", content[first : last + 1]),
        (f"bytes=-{last}", content[size - last if last < size else 0 :] if last else b""),
    ):
        try:
            found = read_range(header, size)
        except ProblemError:
            assert wanted == b""
            continue
        if found is None:
            assert last < first
        else:
            assert content[found[0] : found[1] + 1] == wanted


def test_a_changed_file_has_another_checksum(runtime: Runtime, client: httpx.Client) -> None:
    job = add_job(runtime)
    path = runtime.kernel.folder(job.id).artifacts / "report.html"
    path.write_text("<script>alert(1)</script>")
    first = client.get(f"{API}/jobs/{job.id}/artifacts/report.html")
    assert "script-src" not in first.headers["content-security-policy"]
    path.write_text("<p>other</p>")
    assert client.get(f"{API}/jobs/{job.id}/artifacts/report.html").headers["etag"] != first.headers["etag"]


def test_a_missing_artifact_names_the_nearest(client: httpx.Client, artifact: str) -> None:
    answer = client.get(artifact.replace(".safetensors", ".safetensor"))
    assert (answer.status_code, "did you mean" in answer.json()["detail"]) == (404, True)


def test_a_log_is_followed_to_the_end_of_the_job_and_goes_on_where_it_broke(
    runtime: Runtime, client: httpx.Client
) -> None:
    job = add_job(runtime)
    log: Path = runtime.kernel.folder(job.id).log
    log.write_text('{"message": "یک"}\n{"message": "two"}\n')
    url = f"{API}/jobs/{job.id}/log"
    assert client.get(url).text == log.read_text()
    seen: list[str] = []
    with client.stream("GET", url, params={"follow": "true"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            seen.append(line)
            if line == 'data: {"message": "two"}':
                with log.open("a") as file:
                    file.write('{"message": "three"}\n')
            if line == 'data: {"message": "three"}':
                runtime.kernel.cancel(job.id)
    assert [line for line in seen if line.startswith("data")][:3] == [
        'data: {"message": "یک"}',
        'data: {"message": "two"}',
        'data: {"message": "three"}',
    ]
    assert "event: end" in seen
    first = next(line.removeprefix("id: ") for line in seen if line.startswith("id"))
    again = client.get(url, params={"follow": "true"}, headers={"Last-Event-ID": first}).text
    assert again == "".join(f"{line}\n" for line in seen[4:])


def test_no_log_and_no_report_yet(runtime: Runtime, client: httpx.Client) -> None:
    job = add_job(runtime)
    assert client.get(f"{API}/jobs/{job.id}/log").text == ""
    assert client.get(f"{API}/jobs/{job.id}/log", params={"trial": 3}).status_code == 404
    report = client.get(f"{API}/jobs/{job.id}/report").json()
    assert (report["endedBy"], report["jobId"], report["trials"]) == ("queued", job.id, [])


@given(st.lists(st.text(alphabet="ab \r\n:").map(str.encode), max_size=4))
def test_frames_are_read_back_as_the_standard_says(texts: list[bytes]) -> None:
    stream = b"".join(frame(text, number, "line") for number, text in enumerate(texts))
    events = [block.split(b"\n") for block in stream.split(b"\n\n") if block]
    read = [b"\n".join(line[6:] for line in lines if line.startswith(b"data: ")) for lines in events]
    assert read == [text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for text in texts]
