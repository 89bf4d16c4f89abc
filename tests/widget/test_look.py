from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jupyter_jobsub.widget.look import Look, look, saved_look

from .rows import row

HALF = {"fraction": 0.5, "text": "", "eta_seconds": 100}
NOW = datetime(2026, 1, 31, 8, 5, 3, tzinfo=timezone.utc)
GPUS = [
    {"uuid": "a", "name": "H200", "utilization": 0.874, "memory": 31 << 30, "memory_total": 141 << 30},
    {"uuid": "b", "name": "H200", "utilization": None, "memory": None, "memory_total": None},
]


def shown(age: float = 0.0, **changes: Any) -> Look:
    return look(row(**changes), age, NOW)


@pytest.mark.parametrize(
    ("changes", "reason", "why"),
    [
        ({}, "", ""),
        ({"phase": "Preparing", "reason": "Starting"}, "Starting", ""),
        (
            {
                "phase": "Pending",
                "reason": "QuotaExceeded",
                "position": 3,
                "message": "team uses 2 of 2 CPUs",
            },
            "QuotaExceeded",
            "no. 3 in team; team uses 2 of 2 CPUs",
        ),
        ({"phase": "Pending", "reason": "Queued", "position": 1, "group": None}, "", "no. 1"),
        ({"progress": {"fraction": 0.4, "text": "epoch 2/5"}}, "", "epoch 2/5"),
        ({"phase": "Succeeded", "reason": "Completed", "exit_code": 0}, "", ""),
        ({"phase": "Succeeded", "reason": "Completed", "progress": {"fraction": 1, "text": "5/5"}}, "", ""),
        (
            {"phase": "Failed", "reason": "Error", "exit_code": 3, "message": "out of data"},
            "",
            "exit code 3; out of data",
        ),
        ({"phase": "Failed", "reason": "Error", "exit_code": 3, "message": "exit code 3"}, "", "exit code 3"),
        (
            {"phase": "Failed", "reason": "DeadlineExceeded", "message": "ran for 1 h"},
            "DeadlineExceeded",
            "ran for 1 h",
        ),
        ({"reason": "Cancelling", "message": "asked by ada"}, "Cancelling", "asked by ada"),
        ({"message": "a\x1b[31mb\nc"}, "", "a [31mb c"),
    ],
)
def test_what_a_job_waits_for_or_how_it_ended(changes: dict[str, Any], reason: str, why: str) -> None:
    found = shown(**changes)
    assert (found.reason, found.why) == (reason, why)


@pytest.mark.parametrize(
    ("changes", "age", "time", "left"),
    [
        ({}, 0, "1m05s so far", ""),
        ({}, 60, "2m05s so far", ""),
        ({"phase": "Pending", "duration_seconds": None}, 7, "queued 5m03s ago", ""),
        ({"phase": "Paused"}, 7, "queued 5m03s ago", ""),
        ({"phase": "Pending", "queued_at": "2026-01-31T09:00:00.000000Z"}, 0, "queued 0s ago", ""),
        ({"phase": "Preparing", "duration_seconds": None}, 7, "", ""),
        ({"phase": "Failed"}, 60, "took 1m05s", ""),
        ({"phase": "Cancelled", "duration_seconds": None}, 60, "", ""),
        (
            {"progress": {"fraction": 0.4, "text": "", "eta_seconds": 100}},
            30,
            "1m35s so far",
            "about 1m10s left",
        ),
        ({"progress": HALF}, 100, "2m45s so far", ""),
        ({"progress": HALF | {"fraction": 0.95}}, 100, "2m45s so far", "nearly done"),
        ({"progress": HALF | {"eta_seconds": None}}, 0, "1m05s so far", ""),
        (
            {"phase": "Failed", "progress": {"fraction": 0.4, "text": "", "eta_seconds": 9}},
            0,
            "took 1m05s",
            "",
        ),
    ],
)
def test_time_goes_on_between_two_rows(changes: dict[str, Any], age: float, time: str, left: str) -> None:
    found = shown(age, **changes)
    assert (found.time, found.left) == (time, left)


@pytest.mark.parametrize(
    ("phase", "progress", "fraction", "percent"),
    [
        ("Running", None, None, ""),
        ("Running", {"fraction": 0.427, "text": ""}, 0.427, "43%"),
        ("Running", {"fraction": 1.7, "text": ""}, 1.0, "100%"),
        ("Failed", {"fraction": 0.4, "text": ""}, 0.4, ""),
        ("Succeeded", None, 1.0, ""),
    ],
)
def test_how_far_it_is(phase: str, progress: Any, fraction: float | None, percent: str) -> None:
    found = shown(phase=phase, progress=progress)
    assert (found.fraction, found.percent) == (fraction, percent)


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (None, ()),
        ({"cpu": None, "memory": None, "gpus": []}, ()),
        ({"cpu": 1630, "memory": 3 << 29, "gpus": []}, ("CPU 1.63 of 2", "memory 1.5 GiB of 4 GiB")),
        (
            {"cpu": 0, "memory": 0, "gpus": GPUS},
            ("CPU 0.00 of 2", "memory 0 B of 4 GiB", "GPU 0 87% 31 GiB of 141 GiB", "GPU 1"),
        ),
    ],
)
def test_what_it_uses(usage: Any, words: tuple[str, ...]) -> None:
    assert shown(usage=usage).usage == words


def test_notes() -> None:
    found = shown(attempt=3, rerun_of="job-1", log_expired=True)
    assert found.notes == ("attempt 3", "rerun of job-1", "its log is kept no more")


def test_a_line_of_text() -> None:
    found = shown(progress={"fraction": 0.4, "text": "epoch 2/5", "eta_seconds": 100}, usage={"cpu": 1500})
    assert found.line == (
        "job-20260131-k7x2mp9w train: Running, 40%, epoch 2/5, 1m05s so far, about 1m40s left, CPU 1.50 of 2"
    )
    unnamed = shown(name=None, phase="Pending", reason="BackOff", position=2)
    assert unnamed.line == "job-20260131-k7x2mp9w Pending (BackOff), no. 2 in team, queued 5m03s ago"


def test_what_is_saved_stays_true() -> None:
    assert saved_look(row(progress=HALF)).left == ""
    running, waiting = saved_look(row()), saved_look(row(phase="Pending", started_at=None))
    assert running.time.startswith("started 2026-01-31 ")
    seen = datetime.now(timezone.utc).astimezone() + timedelta(days=2)
    assert saved_look(row(), seen).time.endswith(f"; seen so on {seen:%Y-%m-%d %H:%M}")
    assert waiting.time.startswith("queued 2026-01-31 ")
    assert saved_look(row(phase="Failed")).time == "took 1m05s"
    assert saved_look(row(phase="Preparing", started_at=None)).time.startswith("queued 2026-01-31 ")
