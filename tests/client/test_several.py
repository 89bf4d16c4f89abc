from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_jobsub.client import Client
from jupyter_jobsub.client.job import Job
from jupyter_jobsub.client.several import watch_jobs


def row(id: str, phase: str) -> dict[str, Any]:
    return {"id": id, "phase": phase}


def test_jobs_are_followed_until_all_have_ended_or_are_gone(fake: Callable[..., Any], http: Any) -> None:
    ids = ["job-1", "job-2", "job-3", "job-4"]

    def script(request: Any) -> Any:
        path = request.target.partition("?")[0]
        if path == "/jobsub/events":
            yield http.STREAM
            yield http.event("hello", {"last": 7})
            yield http.event("job", {"event": None, "job": row("job-9", "Failed")})
            yield http.event("job", {"event": None, "job": row("job-1", "Succeeded")})
            yield http.event("job", {"event": None, "job": row("job-1", "Succeeded")})
            yield http.event("deleted", {"id": "job-9"})
            yield http.event("deleted", {"id": "job-2"})
        elif path.endswith("job-4"):
            yield http.problem(404, detail="no such job")
        else:
            yield http.answer(row(path.rpartition("/")[2], "Failed" if path.endswith("job-3") else "Running"))

    fake(script)
    with Client() as client:
        jobs = [Job(client, row(id, "Pending")) for id in ids]
        assert list(watch_jobs(jobs)) == [
            ("job", row("job-1", "Running")),
            ("job", row("job-2", "Running")),
            ("job", row("job-3", "Failed")),
            ("deleted", "job-4"),
            ("job", row("job-1", "Succeeded")),
            ("deleted", "job-2"),
        ]
    assert [job.phase for job in jobs] == ["Succeeded", "Running", "Failed", "Pending"]


def test_no_jobs_need_no_service() -> None:
    assert list(watch_jobs([])) == []
