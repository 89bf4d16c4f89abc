"""A quota that changes while jobs run: nothing is stopped, nothing is admitted until usage fits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_jobsub.cli.inventory import show_usage
from tests.service.people import Jobs, ask, config, working


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    with working(tmp_path, group=4, user=4) as jobs:
        yield jobs


def change(jobs: Jobs, **gpus: int) -> None:
    jobs.service.configure(config(**gpus))
    assert jobs.service.post("/jobsub/reload").json["changed"] == ["groups"]


def test_a_lowered_and_raised_group_quota(jobs: Jobs, capsys: pytest.CaptureFixture[str]) -> None:
    for letter, user, gpus in [
        ("A", "bob", 2),
        ("B", "lin", 2),
        ("C", "pan", 4),
        ("D", "lin", 2),
        ("E", "pan", 1),
    ]:
        jobs.submit(letter, user, gpus)
    jobs.runs("A", "B")

    change(jobs, group=3)
    assert jobs.phases() == {"A": "Running", "B": "Running", "C": "Pending", "D": "Pending", "E": "Pending"}
    usage = jobs.usage()
    assert (usage["held"]["gpu"], usage["quota"]["gpus"], usage["over"]) == ({"A100": 4}, 3, ["gpus"])
    assert (usage["running"], usage["waiting"]) == (2, 3)
    show_usage(jobs.service.get("/jobsub/usage").json)
    assert re.search(r"^phusers\t-\t.*\t4/3 over\t", capsys.readouterr().out, re.MULTILINE)
    assert jobs.row("C")["reason"] == "ExceedsQuota"
    assert re.search(r"asks 4 .*phusers.*\b3\b", jobs.row("C")["message"])

    jobs.end("A")  # 2 of 3: D's 2 don't fit, and E waits behind it
    assert jobs.phases() == {"A": "Succeeded", "B": "Running", "C": "Pending", "D": "Pending", "E": "Pending"}
    assert jobs.usage()["over"] == []
    assert jobs.row("D")["reason"] == "QuotaExceeded"

    jobs.end("B")  # 0 of 3: C is aside and blocks nobody
    jobs.runs("D", "E")
    assert jobs.row("C")["reason"] == "ExceedsQuota"
    refused = ask(jobs.service, "pan", "POST", "/jobsub/jobs", {"command": "true", "instance_type": "gpu-4"})
    assert refused.status == 422

    change(jobs, group=4)
    assert jobs.phases()["C"] == "Pending"
    assert jobs.row("C")["reason"] == "QuotaExceeded"
    jobs.end("D", "E")
    jobs.runs("C")
    jobs.end("C")
    assert all(job["attempt"] == 1 for job in map(jobs.row, jobs.ids))


def test_a_lowered_and_raised_user_quota(jobs: Jobs) -> None:
    for letter, user in [("A", "bob"), ("B", "bob"), ("C", "bob"), ("D", "lin")]:
        jobs.submit(letter, user, 2)
    jobs.runs("A", "B")

    change(jobs, user=1)
    assert jobs.phases() == {"A": "Running", "B": "Running", "C": "Pending", "D": "Pending"}
    bob = jobs.usage()["users"]["bob"]
    assert (bob["held"]["gpu"], bob["quota"]["gpus"], bob["over"]) == ({"A100": 4}, 1, ["gpus"])
    assert {jobs.row(letter)["reason"] for letter in "CD"} == {"ExceedsQuota"}

    jobs.submit("E", "pan", 1)
    jobs.end("A")
    jobs.runs("E")  # those aside block nobody
    change(jobs, user=2)
    assert jobs.phases() == {"A": "Succeeded", "B": "Running", "C": "Pending", "D": "Pending", "E": "Running"}
    jobs.end("E")
    jobs.runs("D")
    assert jobs.phases()["C"] == "Pending"  # bob has 2 of his 2
    jobs.end("B")
    jobs.runs("C")
    jobs.end("C", "D")


def test_a_group_that_is_configured_no_more_and_comes_back(jobs: Jobs) -> None:
    jobs.submit("A", "bob", 4)
    jobs.runs("A")
    jobs.submit("B", "bob", 4)
    jobs.service.configure(config().replace('"phusers"', '"renamed"'))
    assert jobs.service.post("/jobsub/reload").status == 200
    assert jobs.phases() == {"A": "Running", "B": "Pending"}
    assert (jobs.row("B")["reason"], jobs.usage()["configured"]) == ("ExceedsQuota", False)
    assert jobs.usage()["held"]["gpu"] == {"A100": 4}
    assert ask(jobs.service, "lin", "GET", f"/jobsub/jobs/{jobs.ids['B']}").status == 404
    assert ask(jobs.service, "bob", "GET", f"/jobsub/jobs/{jobs.ids['B']}").status == 200
    jobs.end("A")
    assert jobs.phases()["B"] == "Pending"
    jobs.service.configure(config())
    assert jobs.service.post("/jobsub/reload").status == 200
    jobs.runs("B")
    jobs.end("B")
