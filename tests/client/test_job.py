"""Jobs from Python, at a real service."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import jupyter_jobsub
from jupyter_jobsub import (
    Conflict,
    InvalidRequest,
    Job,
    JobFailed,
    JobsubClient,
    NotFound,
    NotRunning,
    Unreachable,
    UsageError,
)
from tests.live import Live, live

pytestmark = pytest.mark.usefixtures("nothing_left")
HOLD = "for i in $(seq 1000); do [ -e go ] && break; sleep 0.05; done"
HELD = f"echo ready; {HOLD}; echo gone"


def until(job: Job, phase: str) -> None:
    with job.watch() as watch:
        assert any(kind == "job" and row["phase"] == phase for kind, row in watch)


def test_a_command_from_submit_to_its_end(client: JobsubClient, tmp_path: Path) -> None:
    job = client.submit(command=["python", "-c", "print(6 * 7)"], name="answer", env={"A": "1"})
    assert (job.name, job.group, job.final) == ("answer", "default", False)
    assert job.wait() is job
    assert (job.phase, job.exit_code, job.attempt, job.final) == ("Succeeded", 0, 1, True)
    assert job.logs() == "42\n"
    assert job.output is None
    spec = job.spec()
    assert (spec["working_dir"], spec["environment"]) == (str(tmp_path), sys.prefix)
    assert [event["phase"] for event in job.timeline()][-1] == "Succeeded"
    assert repr(job) == f"<Job {job.id} 'answer' Succeeded>"
    assert client.job(job.id[-8:]) == job


def test_a_script_with_arguments_and_parameters(client: JobsubClient, tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text('echo "$1 $lr"')
    job = client.submit("a.sh", "x y", parameters={"lr": 0.5}).wait(check=True)
    assert job.logs() == "x y 0.5\n"
    assert job.parameters == {"lr": 0.5}
    assert job.clone("z", parameters={"lr": 1}).wait().logs() == "z 1\n"


def test_a_log_is_followed_as_it_is_written(client: JobsubClient, tmp_path: Path) -> None:
    job = client.submit(command=HELD)
    with job.logs(follow=True) as pieces:
        text = ""
        while "ready" not in text:
            text += next(pieces)
        (tmp_path / "go").touch()
        text += "".join(pieces)
    assert text == "ready\ngone\n"
    assert job.wait().logs(tail=1) == "gone\n"


def test_a_character_may_come_in_two_pieces(client: JobsubClient, tmp_path: Path) -> None:
    job = client.submit(command=rf"printf 'a\303'; {HOLD}; printf '\251\377'")
    pieces = job.logs(follow=True)
    first = next(pieces)
    (tmp_path / "go").touch()
    assert (first, "".join(pieces)) == ("a", "\u00e9\ufffd")


def test_watch_tells_all_that_happens(client: JobsubClient) -> None:
    job = client.submit(command="echo one; exit 3")
    seen = list(job.watch())
    assert b"".join(value for kind, value in seen if kind == "log") == b"one\n"
    assert seen[-1][0] == "end"
    assert (job.phase, job.row) == ("Failed", seen[-1][1])


def test_check_raises_with_what_the_job_said(client: JobsubClient) -> None:
    job = client.submit(command="seq 20; echo no data >$JOBSUB_TERMINATION_LOG; exit 3", name="n")
    with pytest.raises(JobFailed) as caught:
        job.wait(check=True)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{job.id} (n) Failed, exit code 3: no data"
    assert [line.strip() for line in lines[1:]] == [str(number) for number in range(11, 21)]
    assert caught.value.row["exit_code"] == 3
    assert job.phase == "Failed"


def test_waiting_ends_in_time(client: JobsubClient) -> None:
    job = client.submit(command="sleep 60")
    with pytest.raises(TimeoutError, match=rf"not ended after 0.05 s: {job.id}"):
        job.wait(timeout=0.05)
    assert job.cancel().wait(check=False).phase == "Cancelled"
    with pytest.raises(JobFailed, match="Cancelled"):
        job.wait(timeout=0, check=True)  # its end is known


def test_several_are_waited_for(client: JobsubClient) -> None:
    jobs = [client.submit(command=f"exit {code}") for code in range(3)]
    ended = list(client.wait([jobs[0], jobs[1], jobs[2].id]))
    assert sorted(job.exit_code or 0 for job in ended) == [0, 1, 2]
    assert jobs[1] in ended
    assert (jobs[1].phase, jobs[1].exit_code) == ("Failed", 1)


def test_verbs(client: JobsubClient) -> None:
    job = client.submit(command="sleep 60", name="old", priority=7)
    assert job.pause().row["intent"] == "pause"
    until(job, "Paused")
    assert job.edit(name="new").name == "new"
    assert job.resume().row["intent"] == "run"
    job.cancel().wait()
    again = job.rerun()
    assert (again.row["rerun_of"], again.name) == (job.id, "new")
    again.cancel().wait()
    again.delete()
    with pytest.raises(NotFound):
        again.refresh()
    with pytest.raises(Conflict):
        job.pause()


def test_jobs_are_listed(client: JobsubClient) -> None:
    start = datetime.now(timezone.utc) - timedelta(seconds=1)
    made = [client.submit(command="true", name=f"listed {n}") for n in range(3)]
    list(client.wait(made))
    assert list(client.jobs(text="listed", since=start)) == made[::-1]
    assert list(client.jobs(text="listed", limit=2, phase="Succeeded", mine=True)) == made[:0:-1]
    assert list(client.jobs(text="listed", until=start.isoformat())) == []
    assert list(client.jobs(text="listed", phase=["Failed", "Cancelled"])) == []
    assert list(client.jobs(text="listed", sort="name", group="default")) == made
    assert list(client.jobs(text="listed", order="asc", limit=2, group=["default", "other"])) == made[:2]


def test_what_can_be_asked_for(client: JobsubClient) -> None:
    assert client.catalog()["groups"][0]["name"] == "default"
    assert client.status()["version"] == jupyter_jobsub.__version__
    assert client.usage()["groups"]


def test_every_wrong_value_is_named(client: JobsubClient) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client.submit(command="true", priority=0, retries=-1, group="nowhere")
    assert {error.field for error in caught.value.errors} == {"priority", "retries", "group"}
    assert all(error.remedy for error in caught.value.errors)


def test_what_should_be_a_mapping_is_named_too(client: JobsubClient) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client.submit(command="true", env=["A=1"], parameters="lr=1", task_roles={})  # type: ignore[arg-type]
    assert {error.field for error in caught.value.errors} == {"env", "parameters", "task_roles"}
    with pytest.raises(UsageError, match="a specification is a mapping"):
        client.submit(spec="job.yaml")  # type: ignore[arg-type]


def test_calls_that_make_no_sense(client: JobsubClient) -> None:
    with pytest.raises(UsageError, match="say what to run"):
        client.submit()
    with pytest.raises(UsageError, match="too short"):
        client.job("a")
    with pytest.raises(NotFound, match="no job"):
        client.job("zzzzzzzz")
    with pytest.raises(UsageError, match="since: 'yesterday' is no time"):
        client.jobs(since="yesterday")


def test_what_a_task_has_used(client: JobsubClient) -> None:
    job = client.submit(command="true").wait()
    found = job.metrics("lifetime", role="main", task=0, attempt=1)
    assert (found["id"], found["window"], found["attempt"]) == (job.id, "lifetime", 1)
    assert len(found["at"]) == len(found["cpu"]) == len(found["memory"])
    with pytest.raises(InvalidRequest, match="window"):
        job.metrics("1d")  # type: ignore[arg-type]


def test_a_job_is_made_once_under_its_key(client: JobsubClient) -> None:
    first, second = (client.submit(command="true", idempotency_key="k1") for _ in range(2))
    assert first == second
    first.wait()


def test_events_of_all_jobs(client: JobsubClient) -> None:
    with client.events(progress=True) as events:
        assert next(events)[0] == "hello"
        job = client.submit(command="true")
        assert next(data["job"]["id"] for kind, data in events if kind == "job") == job.id
    job.wait()


def test_what_waits_goes_on_over_a_restart_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with live() as service, monkeypatch.context() as patch, ThreadPoolExecutor(1) as pool:
        patch.setenv("JOBSUB_DATA_DIR", str(service.data))
        with JobsubClient(start=False) as client:
            old = client.submit(command="true").wait()
            job = client.submit(command=HELD)
            waiting = pool.submit(waited_for, client, job.id, waits := threading.Event())
            watch = job.watch()
            while next(watch) != ("log", b"ready\n"):
                pass
            assert waits.wait(10)
            service.kill()
            service.start()
            old.delete()  # over a connection that is new, though a DELETE is never repeated
            (tmp_path / "go").touch()
            assert list(watch)[-1][1]["phase"] == "Succeeded"
            assert waiting.result(20).phase == "Succeeded"
            assert job.logs() == "ready\ngone\n"


def waited_for(client: JobsubClient, job_id: str, waits: threading.Event) -> Job:
    """Wait for a job in a thread, and tell when the waiting has begun."""
    job = client.job(job_id)
    look = client.service.job

    def looked(job_id: str) -> dict[str, Any]:  # which a wait does when its stream has begun
        row = look(job_id)
        waits.set()
        return row

    client.service.job = looked  # type: ignore[method-assign]
    return job.wait()


def test_a_service_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBSUB_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("JOBSUB_URL", raising=False)
    with pytest.raises(NotRunning):
        JobsubClient(start=False).status()


def test_an_address_that_is_none() -> None:
    with pytest.raises(Unreachable, match="no http or https address"):
        JobsubClient("ftp://x")


def test_equal_jobs_are_one(service: Live, client: JobsubClient) -> None:
    job = client.submit(command="true").wait()
    assert {job, client.job(job.id)} == {job}
    assert f"{job}" == job.id
    assert str(service.socket) in repr(client)
    assert job != Job(client.service, job.row | {"id": "other"})
    said = job.row | {"message": "a\x1b[31m\nb"}
    assert repr(Job(client.service, said)) == f"<Job {job.id} 'true' Succeeded: a [31m b>"
