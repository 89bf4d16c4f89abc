"""A job that waits can be changed: it moves in its queue, and everybody sees who did it."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import Answer, Live, live
from tests.service.people import working

ME = getpass.getuser()
ONE_AT_A_TIME = 'c.JobsubService.groups = {"lab": {"quota": {"cpu": 1}}}'


@pytest.fixture(scope="module")
def queue() -> Iterator[Live]:
    """A service in which jobs wait."""
    with live(ONE_AT_A_TIME) as service:
        service.post("/jobsub/drain", {"drain": True})
        yield service


def edit(service: Live, id: str, **changes: Any) -> Answer:
    return service.ask("PATCH", f"/jobsub/jobs/{id}", changes)


def waiting(service: Live, count: int) -> list[str]:
    for job in service.get("/jobsub/jobs", phase="unfinished").json["items"]:
        service.post(f"/jobsub/jobs/{job['id']}/cancel")
        service.until(job["id"])
    return [service.submit("true")["id"] for _ in range(count)]


def test_a_higher_priority_moves_it_to_the_head_at_once(queue: Live) -> None:
    first, second, third = waiting(queue, 3)
    answer = edit(queue, third, priority=500, name="urgent", deadline_seconds=60)
    assert answer.status == 200, answer.body
    assert (answer.json["position"], answer.json["priority"]) == (1, 500)
    assert (answer.json["name"], answer.json["deadline_seconds"]) == ("urgent", 60)
    assert [queue.job(id)["position"] for id in (first, second, third)] == [2, 3, 1]
    assert edit(queue, third, priority=1).json["position"] == 3
    assert queue.job(first)["position"] == 1


def test_the_next_to_start_is_the_head_as_it_is_now(tmp_path: Path) -> None:
    with working(tmp_path, group=4) as jobs:
        for letter in "ABC":
            jobs.submit(letter, "bob", 4)
        jobs.runs("A")
        assert edit(jobs.service, jobs.ids["C"], priority=101).json["position"] == 1
        jobs.end("A")
        jobs.runs("C")
        assert jobs.phases()["B"] == "Pending"


@pytest.mark.parametrize(("letter", "priority"), [("C", 101), ("B", 99)])
def test_what_is_behind_no_more_starts_at_once(tmp_path: Path, letter: str, priority: int) -> None:
    with working(tmp_path, group=4) as jobs:
        for name, user, gpus in [("A", "bob", 2), ("B", "pan", 4), ("C", "lin", 2)]:
            jobs.submit(name, user, gpus)
        jobs.runs("A")
        assert jobs.phases() == {"A": "Running", "B": "Pending", "C": "Pending"}
        assert edit(jobs.service, jobs.ids[letter], priority=priority).status == 200
        jobs.runs("C")
        assert jobs.phases() == {"A": "Running", "B": "Pending", "C": "Running"}


def test_a_higher_priority_evicts_what_may_be_preempted(tmp_path: Path) -> None:
    with working(tmp_path, group=4) as jobs:
        jobs.submit("A", "bob", 4, preemptible=True)
        jobs.runs("A")
        jobs.submit("B", "lin", 4, preemptible=True)
        assert jobs.phases() == {"A": "Running", "B": "Pending"}  # age alone evicts nobody
        assert edit(jobs.service, jobs.ids["B"], priority=101).status == 200
        jobs.runs("B")
        assert jobs.phases() == {"A": "Pending", "B": "Running"}
        jobs.end("B")
        jobs.runs("A")
        assert (jobs.row("A")["attempt"], jobs.row("A")["failures"]) == (2, 0)


def test_the_timeline_and_the_event_stream_say_who_changed_what(queue: Live) -> None:
    (id,) = waiting(queue, 1)
    stream = queue.events("/jobsub/events")
    assert next(stream)["event"] == "hello"
    edit(queue, id, priority=7, deadline_seconds=3600)
    said = f"{ME} changed priority 100 → 7, deadline 86400 s → 3600 s"
    happened = next(stream)["data"]
    assert (happened["event"]["reason"], happened["event"]["message"]) == ("Edited", said)
    assert (happened["job"]["id"], happened["job"]["priority"]) == (id, 7)
    newest = queue.get(f"/jobsub/jobs/{id}/timeline").json["items"][-1]
    assert (newest["phase"], newest["reason"], newest["message"]) == ("Pending", "Edited", said)
    assert queue.job(id)["reason"] == "Draining"


def test_the_same_again_changes_nothing(queue: Live) -> None:
    (id,) = waiting(queue, 1)
    once, twice = (edit(queue, id, priority=7).json for _ in range(2))
    assert once["version"] == twice["version"]
    assert len(queue.get(f"/jobsub/jobs/{id}/timeline").json["items"]) == 2


WRONG: list[tuple[str, Any, set[str]]] = [
    ("nothing", {}, {"(whole)"}),
    ("a list", [], {"(whole)"}),
    ("priority 0", {"priority": 0}, {"priority"}),
    ("priority 1001", {"priority": 1001}, {"priority"}),
    ("priority as text", {"priority": "7"}, {"priority"}),
    ("nulls", {"name": None, "priority": None}, {"name", "priority"}),
    ("deadline 0", {"deadline_seconds": 0}, {"deadline_seconds"}),
    ("name that looks like a path", {"name": "../x"}, {"name"}),
    ("what can't change", {"command": "false", "group": "other"}, {"command", "group"}),
    ("all at once", {"name": "", "priority": 5000, "retries": 1}, {"name", "priority", "retries"}),
]


@pytest.mark.parametrize(("body", "fields"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_every_wrong_field_is_named_and_nothing_changes(queue: Live, body: Any, fields: set[str]) -> None:
    (id,) = waiting(queue, 1)
    before = queue.job(id)
    answer = queue.ask("PATCH", f"/jobsub/jobs/{id}", body)
    assert (answer.status, set(answer.fields)) == (422, fields)
    assert all(error["message"] and error["remedy"] for error in answer.json["errors"])
    assert queue.job(id)["version"] == before["version"]


def test_a_running_job_keeps_all_but_its_name(service: Live) -> None:
    id = service.submit("sleep 60", name="first name")["id"]
    service.until(id, "Running")
    refused = edit(service, id, priority=500, deadline_seconds=60, name="never")
    assert refused.status == 409
    assert "Running" in refused.json["detail"]
    assert "priority" in refused.json["detail"]
    assert "pause" in refused.json["remedy"]
    assert edit(service, id, name="second name").json["name"] == "second name"
    service.post(f"/jobsub/jobs/{id}/pause")
    service.until(id, "Paused")
    assert edit(service, id, priority=500).json["priority"] == 500
    service.post(f"/jobsub/jobs/{id}/cancel")
    service.until(id)
    assert edit(service, id, deadline_seconds=5).status == 409
    assert edit(service, id, name="third name").status == 200
    found = {n: service.get("/jobsub/jobs", text=n).json["items"] for n in ("second name", "third name")}
    assert [len(items) for items in found.values()] == [0, 1]


def test_a_new_deadline_counts(queue: Live) -> None:
    with live(ONE_AT_A_TIME) as service:
        service.post("/jobsub/drain", {"drain": True})
        id = service.submit("sleep 60")["id"]
        edit(service, id, deadline_seconds=1)
        service.post("/jobsub/drain", {"drain": False})
        assert service.until(id)["reason"] == "DeadlineExceeded"


def test_an_edit_that_races_with_the_queue_is_never_lost(service: Live) -> None:
    ids = [service.submit("true", name="before")["id"] for _ in range(8)]
    for n, id in enumerate(ids):
        assert edit(service, id, name=f"after {n}").status == 200
    jobs = [service.until(id) for id in ids]
    assert [job["name"] for job in jobs] == [f"after {n}" for n in range(8)]
    assert {job["phase"] for job in jobs} == {"Succeeded"}
