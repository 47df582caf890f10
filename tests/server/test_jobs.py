"""Jobs over HTTP: created, listed page by page, looked at, cancelled."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil
import pytest

from persopt.kernel.handlers import HANDLERS
from persopt.runtime import Runtime
from tests.server.serving import API, add_job, add_trials, open_workspace, serve
from tests.support.studies import SUPPORT

STUDY: dict[str, Any] = {
    "name": "مطالعه",
    "function": "trial_functions:square",
    "functionPath": [SUPPORT],
    "config": {"x": {"min": 0, "max": 1}},
    "objectives": [{"metric": "value", "direction": "minimize"}],
    "maxTrials": 2,
}


@pytest.fixture
def open_client(tmp_path: Any) -> Any:
    with open_workspace(tmp_path, allow_commands=True) as runtime, serve(runtime) as client:
        yield client


def test_a_job_is_created_and_found(open_client: httpx.Client) -> None:
    made = open_client.post(f"{API}/jobs", json=STUDY)
    assert made.status_code == 202, made.text
    job = made.json()
    assert (job["kind"], job["state"], job["spec"]["name"], job["progress"]["done"]) == ("tune", "queued", "مطالعه", 0)
    assert made.headers["location"] == f"{API}/jobs/{job['id']}"
    assert open_client.get(made.headers["location"]).json() == job
    assert open_client.get(f"{API}/jobs/{job['id'][:8]}").json() == job
    assert "lease" not in job
    assert "studyAttributes" not in job


def test_the_same_request_makes_one_job(open_client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}

    def create(_: int) -> httpx.Response:
        return open_client.post(f"{API}/jobs", json=STUDY, headers=headers)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(create, range(6)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    again = create(0)
    assert again.headers["idempotency-replayed"] == "true"
    assert open_client.get(f"{API}/jobs").json()["total"] == 1
    other = open_client.post(f"{API}/jobs", json=STUDY | {"maxTrials": 3}, headers=headers)
    assert other.status_code == 409
    assert "another request" in other.json()["detail"]
    assert open_client.get(f"{API}/jobs").json()["total"] == 1


def test_a_bad_idempotency_key_makes_nothing(open_client: httpx.Client) -> None:
    answer = open_client.post(f"{API}/jobs", json=STUDY, headers={"Idempotency-Key": "k" * 256})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:persopt:problem:bad-idempotency-key")
    assert open_client.get(f"{API}/jobs").json()["total"] == 0


def test_pages_give_each_job_once_while_new_ones_come(runtime: Runtime, client: httpx.Client) -> None:
    made = [add_job(runtime, minute // 2).id for minute in range(25)]  # two jobs of each moment
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = client.get(f"{API}/jobs", params={"limit": 4} | ({"cursor": cursor} if cursor else {})).json()
        seen += [job["id"] for job in page["jobs"]]
        cursor = page["next"]
        if cursor is None:
            break
        add_job(runtime, 1000 + len(seen))
    listed = [job.id for job in runtime.kernel.jobs(limit=500) if job.id in made]
    assert seen == listed
    assert sorted(seen) == sorted(made)


def test_lists_are_filtered(runtime: Runtime, client: httpx.Client) -> None:
    first, second = add_job(runtime, 1), add_job(runtime, 2)
    client.post(f"{API}/jobs/{first.id}/cancel").raise_for_status()

    def ids(**params: Any) -> list[str]:
        return [job["id"] for job in client.get(f"{API}/jobs", params=params).json()["jobs"]]

    assert ids() == [second.id, first.id]
    assert ids(state="cancelled") == [first.id]
    assert ids(state=["cancelled", "queued"]) == [second.id, first.id]
    assert ids(kind="tune", state="queued") == [second.id]
    assert ids(kind="prune") == []


def test_cancelling_twice_is_a_conflict(runtime: Runtime, client: httpx.Client) -> None:
    job = add_job(runtime)
    assert client.post(f"{API}/jobs/{job.id}/cancel").json()["state"] == "cancelled"
    again = client.post(f"{API}/jobs/{job.id}/cancel")
    assert (again.status_code, again.json()["type"]) == (409, "urn:persopt:problem:conflict")


def test_a_cancelled_job_is_resumed_once(runtime: Runtime, client: httpx.Client) -> None:
    job = add_job(runtime)
    client.post(f"{API}/jobs/{job.id}/cancel").raise_for_status()
    resumed = client.post(f"{API}/jobs/{job.id}/resume")
    assert (resumed.status_code, resumed.json()["state"], resumed.json()["resumes"]) == (200, "queued", 1)
    assert runtime.kernel.get(job.id).state == "queued"
    again = client.post(f"{API}/jobs/{job.id}/resume")
    assert (again.status_code, again.json()["type"]) == (409, "urn:persopt:problem:conflict")
    assert client.post(f"{API}/jobs/00000000/resume").status_code == 404


def test_trials_come_page_by_page(runtime: Runtime, client: httpx.Client) -> None:
    job = add_job(runtime)
    add_trials(runtime, job, 5)
    first = client.get(f"{API}/jobs/{job.id}/trials", params={"limit": 3}).json()
    assert [trial["number"] for trial in first["trials"]] == [0, 1, 2]
    rest = client.get(f"{API}/jobs/{job.id}/trials", params={"limit": 3, "cursor": first["next"]}).json()
    assert [trial["number"] for trial in rest["trials"]] == [3, 4]
    assert rest["next"] is None
    assert "attributes" not in rest["trials"][0]


def test_the_seven_figures_have_their_names(client: httpx.Client) -> None:
    assert set(client.get(f"{API}/metrics").json()) == {
        "totalOptimizations",
        "averageImprovement",
        "bestModelAccuracy",
        "totalTrainingTime",
        "successfulTrials",
        "failedTrials",
        "averageTrialTime",
    }


def test_there_is_a_way_in_for_each_kind_with_a_handler(client: httpx.Client) -> None:
    for kind in set(HANDLERS) - {"tune"}:
        answer = client.post(f"{API}/{kind}", json={"nonsense": 1})
        assert answer.status_code == 422, (kind, answer.text)
        assert answer.json()["faults"][0]["path"] == "$.nonsense"


def test_answers_are_not_held_back(client: httpx.Client) -> None:
    """Nagle's algorithm, which would hold each answer for 40 ms, is off at the server's end of a connection."""
    own = client.get("/health/live").extensions["network_stream"].get_extra_info("client_addr")
    server = next(
        connection.fd for connection in psutil.Process().net_connections("tcp") if tuple(connection.raddr) == tuple(own)
    )
    with socket.socket(fileno=os.dup(server)) as accepted:
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
