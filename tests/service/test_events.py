"""The event stream: whole, in order, resumable, and only what one may see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.live import QUICK_END, Live, live


def test_every_move_of_a_job_is_an_event(service: Live) -> None:
    stream = service.events("/jobsub/events")
    assert next(stream)["event"] == "hello"
    id = service.submit("true")["id"]
    phases: list[str] = []
    while not phases or phases[-1] != "Succeeded":
        event = next(stream)
        if event["data"]["job"]["id"] == id and event["data"]["event"]:
            phases.append(event["data"]["event"]["phase"])
    assert phases == ["Pending", "Preparing", "Running", "Succeeded"]
    service.ask("DELETE", f"/jobsub/jobs/{id}")
    gone = next(event for event in stream if event["event"] == "deleted")
    assert gone["data"] == {"id": id}


def test_a_reader_resumes_without_a_gap(service: Live) -> None:
    stream = service.events("/jobsub/events")
    newest = next(stream)["data"]["last"]
    stream.close()
    ids = [service.submit("true")["id"] for _ in range(3)]
    for id in ids:
        service.until(id)
    # a command may end before its start is noted: what happened to a job is in its timeline
    happened = sum(len(service.get(f"/jobsub/jobs/{id}/timeline").json["items"]) for id in ids)
    seen: dict[str, list[int]] = {id: [] for id in ids}
    for event in service.events("/jobsub/events", {"Last-Event-ID": str(newest)}):
        if event["event"] == "job" and event["data"]["job"]["id"] in seen:
            seen[event["data"]["job"]["id"]].append(int(event["id"]))
        if sum(map(len, seen.values())) == happened:
            break
    numbers = [number for one in seen.values() for number in one]
    assert len(set(numbers)) == len(numbers)
    assert min(numbers) > newest


def test_a_deletion_is_told_to_who_was_away(service: Live) -> None:
    id = service.submit("true")["id"]
    service.until(id)
    newest = next(service.events("/jobsub/events"))["data"]["last"]
    service.ask("DELETE", f"/jobsub/jobs/{id}")
    after = service.submit("true")["id"]
    hello, gone, job, *_ = take(service.events("/jobsub/events", {"Last-Event-ID": str(newest)}), 3)
    assert (hello["data"]["last"] > newest, gone["event"], gone["data"]) == (True, "deleted", {"id": id})
    assert (job["event"], job["data"]["job"]["id"]) == ("job", after)
    assert newest < int(gone["id"]) < int(job["id"])


def take(events: Iterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    return [next(events) for _ in range(count)]


def test_progress_comes_to_those_who_ask(service: Live) -> None:
    plain, live = (service.events("/jobsub/events", **query) for query in ({}, {"progress": "true"}))
    assert [next(stream)["event"] for stream in (plain, live)] == ["hello", "hello"]
    id = service.submit("printf '\\033]7717;0.25;one\\007'; sleep 60")["id"]
    heard = until_fraction(live, id, 0.25)
    assert heard["data"]["event"] is None or heard["data"]["event"]["phase"] == "Running"
    late = service.events("/jobsub/events", progress="true")
    assert next(late)["event"] == "hello"
    assert until_fraction(late, id, 0.25)["data"]["job"]["progress"]["text"] == "one"
    service.post(f"/jobsub/jobs/{id}/cancel")
    service.until(id)
    told = []
    while not told or told[-1]["data"]["job"]["phase"] not in QUICK_END:
        told.append(next(plain))
    assert all("id" in event for event in told if event["data"]["event"])
    assert [event["data"]["event"] for event in told].count(None) <= 1  # the wish to end it


def until_fraction(stream: Iterator[dict[str, Any]], id: str, fraction: float) -> dict[str, Any]:
    for event in stream:
        row = event["data"].get("job", {})
        if row.get("id") == id and (row["progress"] or {}).get("fraction") == fraction:
            return event
    raise AssertionError("the stream ended")


def test_a_wrong_last_event_id(service: Live) -> None:
    answer = service.ask("GET", "/jobsub/events", headers={"Last-Event-ID": "soon"})
    assert (answer.status, answer.fields) == (422, ["Last-Event-ID"])


def test_a_person_gets_her_groups_events_only_and_a_limited_number_of_streams() -> None:
    config = """
c.JobsubService.identity = "forwarded"
c.JobsubService.max_streams_per_user = 2
c.JobsubService.groups = {"a": {"members": ["ann"]}, "b": {"members": ["bob"]}}
"""
    with live(config) as service:
        streams = [service.events("/jobsub/events", {"Jobsub-User": "ann"}) for _ in range(2)]
        for stream in streams:
            assert next(stream)["event"] == "hello"
        refused = service.ask("GET", "/jobsub/events", headers={"Jobsub-User": "ann"})
        assert refused.status == 429
        hidden = service.post("/jobsub/jobs", {"command": "true"}, {"Jobsub-User": "bob"}).json["id"]
        shown = service.post("/jobsub/jobs", {"command": "true"}, {"Jobsub-User": "ann"}).json["id"]
        first = next(streams[0])["data"]["job"]["id"]
        assert first == shown != hidden
