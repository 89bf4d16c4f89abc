"""Artifacts through the real service: what jobs leave, and how it is read."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest

from jupyter_jobsub.archive.rings import Layout
from tests.live import Answer, Live, live

CONFIG = """
c.JobsubService.max_artifact_files = 1000
c.JobsubService.max_artifact_bytes = 1_000_000
"""
TEN = "0123456789"
NINES, ZEROS = "9" * 5000, "0" * 5000  # digits: more than Python makes a number of
GAPING = f"bytes={' ' * 50_000}x"  # takes minutes where each cut of the spaces is tried
METRICS = Layout(0, 300, ()).size  # bytes that a job keeps as well that was looked at while it ran


@pytest.fixture(scope="module")
def service() -> Iterator[Live]:
    with live(CONFIG) as service:
        yield service


def ran(service: Live, command: str, **spec: Any) -> dict[str, Any]:
    """A job that has ended."""
    return service.until(service.submit(command, **spec)["id"], seconds=60)


def listing(service: Live, id: str, **query: Any) -> dict[str, Any]:
    answer = service.get(f"/jobsub/jobs/{id}/artifacts", **query)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def paths(listed: Mapping[str, Any]) -> list[str]:
    return [item["path"] for item in listed["items"]]


def fetch(service: Live, id: str, path: str, method: str = "GET", **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.ask(method, f"/jobsub/jobs/{id}/artifacts/{quote(path)}", headers=given)


@pytest.fixture(scope="module")
def ten(service: Live) -> str:
    """A job that has kept ten bytes."""
    id: str = ran(service, f"printf {TEN} > artifacts/ten")["id"]
    return id


def test_a_job_of_ten_thousand_files_is_cut_and_says_so(service: Live) -> None:
    job = ran(service, "cd artifacts; seq -f part-%05g 0 9999 | xargs touch; echo done")
    says = (
        "9,000 artifacts were dropped (at most 1,000 files are kept): "
        "part-01000, part-01001, part-01002 and 8,997 more"
    )
    assert (job["phase"], job["message"], job["kept_bytes"] % METRICS) == ("Succeeded", says, 5)
    listed = listing(service, job["id"])
    assert paths(listed) == [f"part-{number:05}" for number in range(1000)]
    assert (listed["dropped_count"], len(listed["dropped"]), listed["complete"]) == (9000, 100, True)
    assert listed["dropped_because"] == ["at most 1,000 files are kept"]
    assert service.get(f"/jobsub/jobs/{job['id']}/timeline").json["items"][-1]["message"] == says
    assert fetch(service, job["id"], "part-01000").status == 404


def test_what_does_not_fit_is_dropped_and_what_does_is_kept(service: Live) -> None:
    job = ran(service, "cd artifacts; truncate -s 600000 a b; echo hi > c")
    listed = listing(service, job["id"])
    assert (paths(listed), listed["bytes"], listed["dropped_bytes"]) == (["a", "c"], 600_003, 600_000)
    assert job["message"] == "1 artifact was dropped (at most 976.6 KiB are kept): b"
    assert job["kept_bytes"] in (600_003, 600_003 + METRICS)


@pytest.mark.parametrize(
    ("command", "phase", "spec"),
    [
        ("exit 3", "Failed", {}),
        ("sleep 60", "Failed", {"deadline_seconds": 1}),
        ("sleep 60", "Cancelled", {}),
        ("test $JOBSUB_ATTEMPT = 2", "Succeeded", {"retries": 1}),
    ],
)
def test_artifacts_outlive_every_end(service: Live, command: str, phase: str, spec: dict[str, Any]) -> None:
    job = service.submit(f"echo $JOBSUB_ATTEMPT > $JOBSUB_ARTIFACTS/a; echo ready; {command}", **spec)
    if phase == "Cancelled":
        following = service.events(f"/jobsub/jobs/{job['id']}/log", follow="true")
        assert any(event["event"] == "log" for event in following)
        service.post(f"/jobsub/jobs/{job['id']}/cancel")
    job = service.until(job["id"], seconds=60)
    assert job["phase"] == phase
    for attempt in range(1, job["attempt"] + 1):
        answer = service.get(f"/jobsub/jobs/{job['id']}/artifacts/a", attempt=attempt)
        assert answer.body == f"{attempt}\n".encode()
    assert listing(service, job["id"])["attempt"] == job["attempt"]
    assert service.get(f"/jobsub/jobs/{job['id']}/artifacts", attempt=9).status == 404


def test_while_a_job_runs_its_artifacts_are_shown_as_they_are(service: Live) -> None:
    id = service.submit("cd artifacts; mkdir sub; echo 1 > sub/a; ln -s / b; echo ready; sleep 60")["id"]
    assert any(event["event"] == "log" for event in service.events(f"/jobsub/jobs/{id}/log", follow="true"))
    listed = listing(service, id)
    assert (paths(listed), listed["complete"], listed["dropped"]) == (["sub/a"], False, ["b"])
    assert fetch(service, id, "sub/a").body == b"1\n"
    assert fetch(service, id, "b/etc/passwd").status == 404
    service.post(f"/jobsub/jobs/{id}/cancel")
    assert service.until(id, seconds=60)["message"].endswith(
        "1 artifact was dropped (links and special files are not kept): b"
    )
    assert listing(service, id)["complete"]


def test_one_that_has_not_run_has_none(service: Live) -> None:
    service.post("/jobsub/drain", {"drain": True})
    id = service.submit("true")["id"]
    assert (listing(service, id)["items"], listing(service, id)["complete"]) == ([], False)
    service.post(f"/jobsub/jobs/{id}/cancel")
    assert service.until(id)["kept_bytes"] == 0
    assert listing(service, id)["complete"]
    service.post("/jobsub/drain", {"drain": False})


def test_tasks_of_a_gang_have_a_folder_each(service: Live) -> None:
    roles = [{"name": "w", "tasks": 2, "command": "echo $JOBSUB_TASK_INDEX > artifacts/a"}]
    job = service.until(service.post("/jobsub/jobs", {"task_roles": roles}).json["id"], seconds=60)
    assert paths(listing(service, job["id"])) == ["w-0/a", "w-1/a"]
    assert fetch(service, job["id"], "w-1/a").body == b"1\n"


def test_any_name_can_be_listed_and_fetched(service: Live) -> None:
    job = ran(service, r"""cd artifacts; mkdir $'a b\n"%c'; echo 1 > $'a b\n"%c/\xff;\x01é'; echo 2 > ..x""")
    (odd, plain) = paths(listing(service, job["id"]))[::-1]
    assert (odd, plain) == ('a b\n"%c/\\xff;\x01é', "..x")
    answer = fetch(service, job["id"], odd)
    assert (answer.status, answer.body) == (200, b"1\n")
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"_xff;__\"; filename*=UTF-8''%5Cxff%3B%01%C3%A9"
    )
    escaped = service.get(f"/jobsub/jobs/{job['id']}/artifacts/{quote(odd, safe='')}")
    assert escaped.body == b"1\n"


@pytest.mark.parametrize("path", ["no", "ten/x", "../x", "..%2f..%2fjobsub.db", "%00", "a//b", "%ff", "."])
def test_what_is_no_artifact_is_not_found(service: Live, ten: str, path: str) -> None:
    answer = service.get(f"/jobsub/jobs/{ten}/artifacts/{path}")
    assert answer.status in (400, 404)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_browser_neither_guesses_nor_runs_what_it_gets(service: Live, ten: str) -> None:
    answer = fetch(service, ten, "ten")
    assert (answer.status, answer.body) == (200, TEN.encode())
    expected = {
        "Content-Type": "application/octet-stream",
        "Content-Length": "10",
        "Content-Disposition": "attachment; filename=\"ten\"; filename*=UTF-8''ten",
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
    }
    assert {name: answer.headers[name] for name in expected} == expected
    head = fetch(service, ten, "ten", "HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "10")


@pytest.mark.parametrize(
    ("asked", "part", "range"),
    [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=3-5", "345", "bytes 3-5/10"),
        ("bytes=8-", "89", "bytes 8-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=-99", TEN, "bytes 0-9/10"),
        ("bytes=5-99999999999999999999", "56789", "bytes 5-9/10"),
        (f"bytes=5-{NINES}", "56789", "bytes 5-9/10"),
        (f"bytes={ZEROS}5-{ZEROS}6", "56", "bytes 5-6/10"),
        (f"bytes=-{NINES}", TEN, "bytes 0-9/10"),
    ],
)
def test_a_range_is_answered(service: Live, ten: str, asked: str, part: str, range: str) -> None:
    answer = fetch(service, ten, "ten", Range=asked)
    assert (answer.status, answer.body.decode(), answer.headers["Content-Range"]) == (206, part, range)
    assert answer.headers["Content-Length"] == str(len(part))


@pytest.mark.parametrize(
    "asked", ["bytes=", "bytes=-", "bytes=5-3", "lines=0-1", "bytes=0-1,3-4", "x", GAPING]
)
def test_what_is_no_single_range_is_answered_with_all(service: Live, ten: str, asked: str) -> None:
    answer = fetch(service, ten, "ten", Range=asked)
    assert (answer.status, answer.body.decode(), answer.headers["Content-Range"]) == (200, TEN, None)


@pytest.mark.parametrize(
    "asked", ["bytes=10-", "bytes=99-100", "bytes=-0", f"bytes={NINES}-", f"bytes=-{ZEROS}"]
)
def test_a_range_beyond_the_end_is_refused(service: Live, ten: str, asked: str) -> None:
    answer = fetch(service, ten, "ten", Range=asked)
    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */10")
    assert answer.json["detail"] == "the file has 10 bytes"


def test_a_range_of_what_has_changed_is_all_of_it(service: Live, ten: str) -> None:
    etag = fetch(service, ten, "ten").headers["ETag"]
    same = fetch(service, ten, "ten", Range="bytes=9-", If_Range=etag)
    other = fetch(service, ten, "ten", Range="bytes=9-", If_Range='"other"')
    assert (same.status, same.body, other.status, other.body) == (206, b"9", 200, TEN.encode())


def test_a_large_file_comes_whole_and_an_empty_one_too(service: Live) -> None:
    job = ran(service, "cd artifacts; seq 140000 | tee large | sha256sum | cut -c-64; touch empty")
    digest = service.get(f"/jobsub/jobs/{job['id']}/log").body.decode().strip()
    large = fetch(service, job["id"], "large").body
    assert hashlib.sha256(large).hexdigest() == digest
    assert fetch(service, job["id"], "large", Range="bytes=300000-900000").body == large[300_000:900_001]
    empty = fetch(service, job["id"], "empty")
    assert (empty.status, empty.body, empty.headers["Content-Length"]) == (200, b"", "0")


def test_purged_means_gone_and_the_row_says_so(service: Live) -> None:
    job = ran(service, "echo 1 > artifacts/a")
    path = f"/jobsub/jobs/{job['id']}"
    assert "purge" in job["allowed"]
    for _ in range(2):
        row = service.post(f"{path}/purge").json
        assert (row["log_expired"], row["kept_bytes"]) == (True, 0)
        assert "purge" not in row["allowed"]
        assert "delete" in row["allowed"]
    for part in ("/artifacts", "/artifacts/a", "/log"):
        assert service.get(path + part).status == 410
    assert not (service.data / "archive" / job["id"]).exists()
    again = service.post(f"{path}/rerun")
    assert again.status == 201
    service.until(again.json["id"], seconds=60)


def test_usage_says_what_is_kept_of_whom_and_what_is_free(service: Live) -> None:
    def kept() -> tuple[int, int, int]:
        found = service.get("/jobsub/usage").json
        (group,) = found["groups"]
        (user,) = group["users"]
        assert 0 < found["disk"]["free"] <= found["disk"]["total"]
        return found["disk"]["kept_bytes"], group["kept_bytes"], user["kept_bytes"]

    before = kept()
    job = ran(service, "truncate -s 12345 artifacts/a; echo 123")
    assert job["kept_bytes"] in (12_349, 12_349 + METRICS)
    assert kept() == tuple(count + job["kept_bytes"] for count in before)
    service.post(f"/jobsub/jobs/{job['id']}/purge")
    assert kept() == before


def test_what_runs_can_not_be_purged(service: Live) -> None:
    id = service.submit("sleep 60")["id"]
    answer = service.post(f"/jobsub/jobs/{id}/purge")
    assert (answer.status, answer.json["remedy"]) == (409, "cancel it first, or wait for its end")
    service.post(f"/jobsub/jobs/{id}/cancel")
    service.until(id)


def test_expired_means_gone(service: Live) -> None:
    id = service.submit("echo 1 > artifacts/a", ttl_seconds=0)["id"]
    end = time.monotonic() + 20
    while not service.job(id)["log_expired"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert service.job(id)["kept_bytes"] == 0
    assert service.get(f"/jobsub/jobs/{id}/artifacts").status == 410


def test_limits_can_change_while_the_service_runs(service: Live) -> None:
    service.configure("c.JobsubService.max_artifact_files = 1")
    service.post("/jobsub/reload")
    job = ran(service, "touch artifacts/a artifacts/b")
    service.configure(CONFIG)
    service.post("/jobsub/reload")
    assert job["message"] == "1 artifact was dropped (at most 1 file is kept): b"
    assert service.get("/jobsub/catalog").json["limits"]["max_artifact_files"] == 1000


def test_a_service_killed_while_it_seals_takes_it_up_again(service: Live) -> None:
    id = service.submit("cd artifacts; seq -f part-%05g 0 4999 | xargs touch; echo ready")["id"]
    assert any(event["event"] == "log" for event in service.events(f"/jobsub/jobs/{id}/log", follow="true"))
    service.kill()
    service.start()
    job = service.until(id, seconds=60)
    assert job["message"].startswith(
        "4,000 artifacts were dropped (at most 1,000 files are kept): part-01000"
    )
    assert len(listing(service, id)["items"]) == 1000
