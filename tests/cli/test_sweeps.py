"""Parameter sweeps from the command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.cli import completion
from jupyter_jobsub.cli.sweeps import varied

Run = Callable[..., str]
Rows = Callable[..., list[dict[str, Any]]]
Until = Callable[[str, str], None]

ID = re.compile(r"sweep-\d{8}-[0-9a-z]{8}")
GRID = ("-p", "lr=0.1,0.01", "-p", "depth=2,4")


@pytest.fixture
def done(jobsub: Run) -> str:
    """A sweep of four jobs, of which those with depth 4 have failed."""
    sweep_id = jobsub("submit", "--name", "try", *GRID, "--", 'echo "$lr $depth"; test $depth = 2').strip()
    jobsub("wait", sweep_id, code=1)
    return sweep_id


@pytest.fixture
def waiting(jobsub: Run) -> str:
    """A sweep of two jobs that wait for good."""
    jobsub("status")
    jobsub("drain")
    try:
        sweep_id = jobsub("submit", "-p", "n=1,2", "--", "true").strip()
        jobsub("pause", sweep_id)
    finally:
        jobsub("drain", "--off")
    return sweep_id


def test_a_grid_prints_the_sweeps_id(jobsub: Run, rows: Rows, done: str) -> None:
    assert ID.fullmatch(done)
    found = rows("list", "--sweep", done)
    assert [row["name"] for row in found] == [
        *("try lr=0.01 depth=4", "try lr=0.01 depth=2", "try lr=0.1 depth=4", "try lr=0.1 depth=2")
    ]
    shown = jobsub("get", found[0]["id"])
    assert f"\nsweep\t{done}\n" in shown
    assert "\nparameters\tlr=0.01 depth=4\n" in shown
    assert jobsub("logs", found[0]["id"]) == "0.01 4\n"


def test_its_jobs_are_compared(jobsub: Run, rows: Rows, done: str) -> None:
    titles, *lines = (line.split("\t") for line in jobsub("sweep", done).splitlines())
    assert titles == ["ID", "lr", "depth", "PHASE", "TIME", "EXIT", "STANDING"]
    assert [(line[1], line[2], line[3], line[5]) for line in lines] == [
        *(("0.1", "2", "Succeeded", "0"), ("0.1", "4", "Failed", "1")),
        *(("0.01", "2", "Succeeded", "0"), ("0.01", "4", "Failed", "1")),
    ]
    assert [row["parameters"]["depth"] for row in rows("sweep", done)] == [2, 4, 2, 4]
    assert "no sweep" in jobsub("sweep", "sweep-20200101-00000000", code=4)
    assert jobsub("sweep", lines[0][0][-8:]) == jobsub("sweep", done)
    (plain,) = rows("submit", "--", "true")
    assert "belongs to no sweep" in jobsub("sweep", plain["id"], code=2)


def test_columns_are_what_differs() -> None:
    rows = [{"parameters": {"fixed": 1, "lr": lr, "on": on}} for lr, on in ((0.1, True), (0.2, True))]
    assert varied(rows) == ["lr"]
    assert varied(rows[:1]) == ["fixed", "lr", "on"]
    assert varied([*rows, {"parameters": {"more": None}}]) == ["fixed", "lr", "on"]


def test_wait_prints_how_each_ended_and_gives_the_first_failures_code(jobsub: Run) -> None:
    text = jobsub("submit", "--name", "n", "-p", "code=0,7,5", "--wait", "--", "exit $code", code=7)
    ends = [re.sub(r"^\S+: ", "", line) for line in text.splitlines()]
    assert sorted(ends) == [
        "Failed (Error), exit code 5  n code=5",
        "Failed (Error), exit code 7  n code=7",
        "Succeeded (Completed), exit code 0  n code=0",
    ]


def test_follow_gives_zero_and_json_the_ended_jobs(rows: Rows) -> None:
    ended = rows("submit", "-p", "code=0,7", "--follow", "--", "exit $code")
    assert sorted(row["exit_code"] for row in ended) == [0, 7]
    (made,) = rows("submit", "-p", "code=0,0.0", "--", "exit $code")
    assert [row["parameters"] for row in made["items"]] == [{"code": 0}, {"code": 0.0}]
    assert {row["sweep"] for row in made["items"]} == {made["id"]}


def test_verbs_take_all_its_jobs_that_allow_them(jobsub: Run, rows: Rows, waiting: str) -> None:
    one, two = [row["id"] for row in reversed(rows("list", "--sweep", waiting))]
    assert jobsub("edit", waiting, "--priority", "7").splitlines()[0].startswith(one)
    assert [row["priority"] for row in rows("get", waiting)] == [7, 7]
    jobsub("cancel", one)
    assert jobsub("cancel", waiting).startswith(two)
    assert "nothing to cancel" in jobsub("cancel", waiting, code=6)
    jobsub("wait", waiting, code=125)
    again = jobsub("rerun", waiting).split()
    assert [(row["rerun_of"], row["sweep"]) for row in rows("get", *again)] == [(one, None), (two, None)]
    jobsub("wait", *again)
    assert jobsub("delete", waiting, "--yes") == f"{one}: deleted\n{two}: deleted\n"
    assert "no sweep" in jobsub("get", waiting, code=4)


def test_what_is_for_one_job_alone_says_so(jobsub: Run, done: str) -> None:
    assert "is a sweep" in jobsub("logs", done, code=2)


def test_a_job_file_with_a_grid(rows: Rows, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(
        "command: 'true'\nparameters: {a: 1, b: 2}\ngrid: {c: [1, 2], d: [1, 2, 3]}\n"
    )
    (made,) = rows("submit", "--file", "job.yaml", "-p", "a=5,6", "-p", "d=9", "-p", "e=7")
    assert [row["parameters"] for row in made["items"]] == [
        {"b": 2, "d": 9, "e": 7, "c": c, "a": a} for c in (1, 2) for a in (5, 6)
    ]


def test_a_clone_may_be_a_sweep(jobsub: Run, rows: Rows) -> None:
    job_id = jobsub("submit", "-p", "a=1", "-p", "b=1", "--", "true").strip()
    (made,) = rows("clone", job_id, "-p", "a=2,3")
    assert [row["parameters"] for row in made["items"]] == [{"b": 1, "a": 2}, {"b": 1, "a": 3}]


def test_everything_wrong_is_told(rows: Rows) -> None:
    (error,) = rows("submit", "-p", "a=1,1", "-p", "1x=1,2", "--priority", "0", "--", "true", code=5)
    fields = [each["field"] for each in error["error"]["errors"]]
    assert sorted(fields) == ["grid.1x", "grid.a.1", "spec.priority"]


def test_the_same_key_makes_one_sweep(jobsub: Run) -> None:
    words = ("submit", "--idempotency-key", "sweep-key", "-p", "n=1,2", "--", "true")
    assert jobsub(*words) == jobsub(*words)


def test_completion_knows_sweeps(done: str) -> None:
    assert done in completion.job_ids("sweep-")
    assert done in completion.sweep_ids(prefix="")
