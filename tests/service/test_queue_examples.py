"""The examples of PrimeHub's job design (3.1, Scheduler), through REST and with several people.

There are three jobs submitted to the same group phusers. Assume that the group setting is:
user quota 4 GPU, group quota 4 GPU.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.live import live
from tests.service.people import Jobs, ask, config, working


@pytest.fixture(params=["one after the other", "all before the first starts"])
def jobs(request: pytest.FixtureRequest, tmp_path: Path, new_database: Callable[[], str]) -> Iterator[Jobs]:
    """The group of the examples; its queue is looked at after each submit, or after the last."""
    with working(tmp_path, new_database(), group=4, user=4) as jobs:
        jobs.service.post("/jobsub/drain", {"drain": request.param.startswith("all")})
        yield jobs


def submitted(jobs: Jobs, *rows: tuple[str, int, str]) -> None:
    for letter, gpus, user in rows:
        jobs.submit(letter, user, gpus)
    jobs.service.post("/jobsub/drain", {"drain": False})


def test_example_1(jobs: Jobs) -> None:
    """Job B is blocked because of no enough GPU. Job C is blocked by job B: it is scheduled by FIFO."""
    submitted(jobs, ("A", 2, "bob"), ("B", 4, "pan"), ("C", 2, "lin"))
    jobs.runs("A")
    assert jobs.phases() == {"A": "Running", "B": "Pending", "C": "Pending"}
    b, c = jobs.row("B"), jobs.row("C")
    assert (b["position"], c["position"]) == (1, 2)
    assert re.search(r"phusers.*\b2\b.* of .*\b4\b.*asks 4", b["message"])
    assert b["id"] in c["message"]
    jobs.end("A")
    jobs.runs("B")
    assert jobs.phases() == {"A": "Succeeded", "B": "Running", "C": "Pending"}
    jobs.end("B")
    jobs.runs("C")
    jobs.end("C")


def test_example_2(jobs: Jobs) -> None:
    """Job B is bob's own. Job C is scheduled because job B is blocked by user quota."""
    submitted(jobs, ("A", 2, "bob"), ("B", 4, "bob"), ("C", 2, "lin"))
    jobs.runs("A", "C")
    assert jobs.phases() == {"A": "Running", "B": "Pending", "C": "Running"}
    message = jobs.row("B")["message"]
    assert re.search(r"\b2\b.* of .*\b4\b.*asks 4", message)
    assert {"bob", "phusers"} <= set(re.findall(r"\w+", message))
    usage = jobs.usage()
    assert (usage["held"]["gpu"], usage["running"], usage["waiting"]) == ({"A100": 4}, 2, 1)
    held = {name: (user["held"]["gpu"], user["waiting"]) for name, user in usage["users"].items()}
    assert held == {"bob": ({"A100": 2}, 1), "lin": ({"A100": 2}, 0)}
    jobs.end("A")
    # bob's quota has room now, the group's has not
    assert jobs.phases() == {"A": "Succeeded", "B": "Pending", "C": "Running"}
    jobs.end("C")
    jobs.runs("B")
    jobs.end("B")


def test_a_user_that_is_blocked_blocks_only_his_own(jobs: Jobs) -> None:
    submitted(jobs, ("A", 2, "bob"), ("B", 4, "bob"), ("C", 1, "bob"), ("D", 1, "pan"), ("E", 1, "lin"))
    jobs.runs("A", "D", "E")
    assert jobs.phases() == {"A": "Running", "B": "Pending", "C": "Pending", "D": "Running", "E": "Running"}
    jobs.end("A", "D", "E")
    jobs.runs("B")
    jobs.end("B")
    jobs.runs("C")
    jobs.end("C")


def test_more_than_any_quota_is_refused_and_every_bound_named() -> None:
    with live(config(group=3, user=2, machine=3)) as service:
        body = {"command": "true", "group": "phusers", "instance_type": "gpu-4"}
        answer = ask(service, "bob", "POST", "/jobsub/jobs", body)
        assert answer.status == 422
        assert set(answer.fields) == {"instance_type"}
        said = [error["message"] for error in answer.json["errors"]]
        for whose, limit in [("your quota in phusers", 2), ("the quota of phusers", 3), ("this machine", 3)]:
            assert any(whose in text and f"{limit} GPU" in text and "4 GPU" in text for text in said), whose
        assert service.get("/jobsub/jobs").json["items"] == []
