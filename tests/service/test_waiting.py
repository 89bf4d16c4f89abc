"""What a job waits for changes with other jobs; whoever follows it hears of that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live import Live, live

CONFIG = """
c.JobsubService.identity = "forwarded"
c.JobsubService.groups = {"one": {"quota": {"cpu": 1}, "members": ["ann"]}, "other": {"members": ["eve"]}}
"""
ANN, EVE = {"Jobsub-User": "ann"}, {"Jobsub-User": "eve"}


@pytest.fixture
def queue() -> Iterator[tuple[Live, list[str]]]:
    """Three jobs of a group in which one can run."""
    with live(CONFIG) as service:
        ids = [service.post("/jobsub/jobs", {"command": "sleep 600"}, ANN).json["id"] for _ in range(3)]
        service.until(ids[0], "Running")
        yield service, ids
        for id in ids:
            service.post(f"/jobsub/jobs/{id}/cancel", headers=ANN)


def cancel(service: Live, id: str) -> None:
    assert service.post(f"/jobsub/jobs/{id}/cancel", headers=ANN).status == 200


def test_a_follower_hears_that_its_place_has_changed(queue: tuple[Live, list[str]]) -> None:
    service, (first, second, third) = queue
    stream = service.events(f"/jobsub/jobs/{third}/log", ANN, follow="true")
    assert next(stream)["data"]["position"] == 2
    cancel(service, second)
    told = next(stream)
    assert told["event"] == "job"
    assert (told["data"]["position"], told["data"]["reason"]) == (1, "QuotaExceeded")
    cancel(service, first)
    assert [next(stream)["data"]["phase"] for _ in range(2)] == ["Preparing", "Running"]


def test_a_list_hears_of_the_jobs_that_it_names(queue: tuple[Live, list[str]]) -> None:
    service, (first, second, third) = queue
    stream = service.events("/jobsub/events", ANN, progress="true", id=[first, third])
    assert next(stream)["event"] == "hello"
    cancel(service, second)
    while (told := next(stream)["data"])["job"]["id"] != third:
        assert told["job"]["id"] == first
    assert told["event"] is None
    assert told["job"]["position"] == 1


def test_naming_a_job_shows_it_to_nobody_else(queue: tuple[Live, list[str]]) -> None:
    service, (_, second, third) = queue
    hers = service.post("/jobsub/jobs", {"command": "sleep 600"}, EVE).json["id"]
    stream, eves = (
        service.events("/jobsub/events", who, progress="true", id=[third, hers]) for who in (ANN, EVE)
    )
    assert next(stream)["event"] == next(eves)["event"] == "hello"
    cancel(service, second)
    assert next(stream)["data"]["job"]["id"] == third
    service.post(f"/jobsub/jobs/{hers}/cancel", headers=EVE)
    phase = ""
    while phase != "Cancelled":
        told = next(eves)["data"]["job"]
        assert told["id"] == hers
        phase = told["phase"]
