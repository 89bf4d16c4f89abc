"""Jobs over REST, with the real engine."""

from __future__ import annotations

import getpass
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import Live, live


@pytest.fixture(scope="module")
def service(new_database: Callable[[], str]) -> Iterator[Live]:
    with live(new_database()) as one:
        yield one


def test_a_command_runs_and_its_row_tells_its_life(service: Live) -> None:
    made = service.post("/jobsub/jobs", {"command": "echo hi; exit 3", "name": "three"})
    assert made.status == 201
    assert made.headers["Location"] == f"/jobsub/jobs/{made.json['id']}"
    job = service.until(made.json["id"])
    assert (job["phase"], job["reason"], job["exit_code"], job["attempt"]) == ("Failed", "Error", 3, 1)
    assert (job["name"], job["user"], job["group"]) == ("three", getpass.getuser(), "default")
    assert re.fullmatch(r"job-\d{8}-[0-9a-z]{8}", job["id"])
    times = [job[f"{moment}_at"] for moment in ("queued", "admitted", "started", "finished")]
    assert times == sorted(times)
    assert job["allowed"] == ["edit", "rerun", "clone", "purge", "delete"]
    assert job["tasks"][0]["exit_code"] == 3
    assert service.log(job["id"]) == b"hi\n"


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("printf 'a\\n\\nb\\n'\nprintf c", b"a\n\nb\nc"),
        (
            ["printf", "%s|", "two words", "'quoted'", "$HOME", "new\nline"],
            b"two words|'quoted'|$HOME|new\nline|",
        ),
        (
            'echo "$PRIMEHUB_GROUP/$JOBSUB_ATTEMPT/$JOBSUB_TASK_ROLE/$JOBSUB_TASK_INDEX"',
            b"default/1/main/0\n",
        ),
        ("printf '\\r 10%%\\r 20%%\\n'", b"\r 10%\r 20%\n"),
        ("printf '\\377\\000x'", b"\xff\x00x"),
        ("echo out; echo err >&2", b"out\nerr\n"),
        ("printf '$A'", b"$A"),
    ],
)
def test_commands_are_run_as_they_were_written(service: Live, command: Any, output: bytes) -> None:
    id = service.submit(command, env={"A": "b"})["id"]
    assert service.until(id)["phase"] == "Succeeded"
    assert service.log(id) == output


def test_variables(service: Live) -> None:
    id = service.submit("env", env={"MINE": "x y"})["id"]
    service.until(id)
    found = dict(line.split("=", 1) for line in service.log(id).decode().splitlines() if "=" in line)
    assert found["PRIMEHUB_USER"] == getpass.getuser()
    assert found["PRIMEHUB_GROUP"] == "default"
    assert found["JOBSUB_JOB_ID"] == id
    assert found["MINE"] == "x y"
    assert found["CUDA_VISIBLE_DEVICES"] == ""
    assert not [name for name in found if "TOKEN" in name]


def test_a_script_runs_as_it_was_at_submit_in_its_own_folder(service: Live, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("word = 'imported'\n")
    script = tmp_path / "train.py"
    script.write_text("import helper, os, sys\nprint(helper.word, os.getcwd(), *sys.argv[1:])\n")
    hold = service.submit("sleep 0.5")["id"]
    id = service.submit(script=str(script), args=["--lr", "0.1"])["id"]
    script.write_text("print('changed')\n")
    job = service.until(id)
    assert service.log(id).decode() == f"imported {tmp_path} --lr 0.1\n", job
    again = service.post(f"/jobsub/jobs/{id}/rerun")
    assert (again.status, again.json["rerun_of"]) == (201, id)
    service.until(again.json["id"])
    assert service.log(again.json["id"]) == service.log(id)
    service.until(hold)


def test_the_same_key_answers_the_same_job(service: Live) -> None:
    key = {"Idempotency-Key": f"k-{time.monotonic_ns()}"}
    first = service.post("/jobsub/jobs", {"command": "true"}, key)
    second = service.post("/jobsub/jobs", {"command": "true"}, key)
    other = service.post("/jobsub/jobs", {"command": "false"}, key)
    assert (first.status, second.status, other.status) == (201, 200, 409)
    assert first.json["id"] == second.json["id"]
    assert other.json["remedy"]


def test_a_key_is_good_after_the_file_is_gone(service: Live, tmp_path: Path) -> None:
    script = tmp_path / "once.sh"
    script.write_text("echo once\n")
    key = {"Idempotency-Key": f"k-{time.monotonic_ns()}"}
    first = service.post("/jobsub/jobs", {"script": str(script)}, key)
    script.unlink()
    second = service.post("/jobsub/jobs", {"script": str(script)}, key)
    assert (first.status, second.status) == (201, 200)
    assert second.json["id"] == first.json["id"]


def test_cancel_ends_the_whole_group(service: Live, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    id = service.submit(f"trap '' TERM; (trap '' TERM; sleep 30; touch {mark}) & sleep 30; wait")["id"]
    service.until(id, "Running")
    time.sleep(0.2)
    answer = service.post(f"/jobsub/jobs/{id}/cancel")
    assert (answer.status, answer.json["intent"]) == (200, "cancel")
    assert answer.json["reason"] == "Cancelling"
    assert service.post(f"/jobsub/jobs/{id}/cancel").status == 200  # twice is once
    job = service.until(id)
    assert service.post(f"/jobsub/jobs/{id}/cancel").status == 200
    assert (job["phase"], job["message"]) == ("Cancelled", f"cancelled by {getpass.getuser()}")
    assert not mark.exists()


def test_an_answer_says_what_was_asked_of_a_job_that_waits(service: Live) -> None:
    service.post("/jobsub/drain", {"drain": True})
    try:
        id = service.submit()["id"]

        def asked(action: str) -> tuple[str, str, str, int | None]:
            row = service.post(f"/jobsub/jobs/{id}/{action}").json
            return row["phase"], row["reason"], row["message"], row["position"]

        assert asked("pause") == ("Pending", "Pausing", "", None)
        service.until(id, "Paused")
        assert asked("resume") == ("Paused", "Resuming", "", None)
        service.until(id, "Pending")
        assert asked("cancel") == ("Pending", "Cancelling", "", None)
        assert service.until(id)["reason"] == "Cancelled"
    finally:
        service.post("/jobsub/drain", {"drain": False})


def test_pause_resume_and_delete(service: Live) -> None:
    id = service.submit("test $JOBSUB_ATTEMPT = 2 && exit 0; echo one; sleep 60")["id"]
    service.until(id, "Running")
    service.post(f"/jobsub/jobs/{id}/pause")
    paused = service.until(id, "Paused")
    assert service.get("/jobsub/usage").json["groups"][0]["held"]["cpu"] == 0
    assert service.post(f"/jobsub/jobs/{id}/resume").status == 200
    done = service.until(id)
    assert (done["phase"], done["attempt"], done["queued_at"]) == ("Succeeded", 2, paused["queued_at"])
    assert service.ask("DELETE", f"/jobsub/jobs/{id}").status == 204
    assert service.get(f"/jobsub/jobs/{id}").status == 404
    assert not (service.data / "archive" / id).exists()


def test_a_deadline_fails_the_job(service: Live) -> None:
    id = service.submit("echo begun; sleep 60", deadline_seconds=1)["id"]
    job = service.until(id)
    assert (job["phase"], job["reason"]) == ("Failed", "DeadlineExceeded")
    assert service.log(id) == b"begun\n"


def test_the_spec_can_be_submitted_again(service: Live) -> None:
    job = service.submit("echo 'a\nb'", env={"SECRET": "x"}, priority=7)
    spec = service.get(f"/jobsub/jobs/{job['id']}/spec").json
    assert (spec["command"], spec["env"], spec["priority"]) == ("echo 'a\nb'", {"SECRET": "x"}, 7)
    assert service.post("/jobsub/jobs", spec).status == 201


def test_lists_filter_and_page(service: Live) -> None:
    names = [f"zebra-{n}" for n in range(5)]
    ids = [service.submit("true", name=name)["id"] for name in names]
    for id in ids:
        service.until(id)
    found = service.get("/jobsub/jobs", text="ZEBRA", limit=2).json
    assert [job["name"] for job in found["items"]] == ["zebra-4", "zebra-3"]
    rest = service.get("/jobsub/jobs", text="ZEBRA", limit=100, cursor=found["next"]).json
    assert [job["name"] for job in rest["items"]] == ["zebra-2", "zebra-1", "zebra-0"]
    assert rest["next"] is None
    done = service.get("/jobsub/jobs", phase=["Succeeded", "Failed"], text="zebra", mine="true").json
    assert len(done["items"]) == 5
    first = service.job(ids[0])["queued_at"]
    assert service.get("/jobsub/jobs", text="zebra", until=first).json["items"] == []
    assert len(service.get("/jobsub/jobs", text="zebra", since=first).json["items"]) == 5


def test_lists_sort_from_any_place(service: Live) -> None:
    names = ["okapi b", "Okapi A", "okapi c"]
    ids = [service.submit("true", name=name, priority=n + 1)["id"] for n, name in enumerate(names)]
    for id in ids:
        service.until(id)

    def listed(**query: Any) -> tuple[list[str], int | None]:
        page = service.get("/jobsub/jobs", text="okapi", **query).json
        return [job["name"][-1] for job in page["items"]], page["total"]

    assert listed() == (["c", "A", "b"], None)
    assert listed(offset=1) == (["A", "b"], 3)
    assert listed(sort="name") == (["A", "b", "c"], 3)
    assert listed(sort="name", order="desc", offset=1, limit=1) == (["b"], 3)
    assert listed(sort="priority") == (["c", "A", "b"], 3)
    assert listed(sort="submitted", order="asc", group=["default", "no such"]) == (["b", "A", "c"], 3)
    assert listed(sort="finished", group=["no such"]) == ([], 0)
    page = service.get("/jobsub/jobs", text="okapi", sort="name", limit=2).json
    assert listed(sort="name", cursor=page["next"]) == (["c"], 3)
    wrong = service.get("/jobsub/jobs", text="okapi", sort="id", cursor=page["next"])
    assert (wrong.status, wrong.fields) == (422, ["cursor"])
    every = service.get("/jobsub/jobs", limit=1).json["total"]
    assert every == sum(service.get("/jobsub/status").json["jobs"].values())


def test_why_a_job_waits() -> None:
    with live('c.JobsubService.groups = {"research": {"quota": {"cpu": 1}}}') as service:
        first, second, third = (service.submit("sleep 20")["id"] for _ in range(3))
        service.until(first, "Running")
        job = service.job(second)
        assert (job["phase"], job["reason"], job["position"]) == ("Pending", "QuotaExceeded", 1)
        assert job["message"] == "research uses 1 of its 1 CPU; this job asks 1"
        assert service.job(third)["position"] == 2
        usage = service.get("/jobsub/usage").json["groups"][0]
        assert (usage["held"]["cpu"], usage["running"], usage["waiting"]) == (1000, 1, 2)
        for id in (third, second, first):
            service.post(f"/jobsub/jobs/{id}/cancel")
        service.until(first)


def test_forwarded_identities_see_their_groups_jobs_only() -> None:
    config = """
c.JobsubService.identity = "forwarded"
c.JobsubService.groups = {"a": {"members": ["ann", "abe"]}, "b": {"members": ["bob"]}}
"""
    with live(config) as service:
        ann, abe, bob = ({"Jobsub-User": name} for name in ("ann", "abe", "bob"))
        body = {"command": "sleep 20", "env": {"KEY": "secret"}}
        id = service.post("/jobsub/jobs", body, ann).json["id"]
        path = f"/jobsub/jobs/{id}"
        assert service.ask("GET", path, headers=ann).json["user"] == "ann"
        spaced = service.ask("GET", "/jobsub/catalog", headers={"Jobsub-User": "ada%20l%C3%B6vel"})
        assert spaced.json["user"] == "ada lövel"
        assert service.ask("GET", path, headers=abe).json["allowed"] == ["clone"]
        assert service.ask("GET", f"{path}/spec", headers=abe).json["env"] == {"KEY": None}
        assert service.ask("POST", f"{path}/cancel", headers=abe).status == 403
        assert service.ask("GET", path, headers=bob).status == 404
        assert service.ask("POST", f"{path}/cancel", headers=bob).status == 404
        assert service.ask("GET", "/jobsub/jobs", headers=bob).json["items"] == []
        assert service.ask("POST", "/jobsub/stop", headers=ann).status == 403
        assert service.ask("GET", "/jobsub/metrics", headers=ann).status == 403
        assert sum(service.ask("GET", "/jobsub/status", headers=bob).json["jobs"].values()) == 0
        # without a name it is the owner at the socket, who keeps what an operator needs
        assert service.post("/jobsub/reload").status == 200
        refused = service.post("/jobsub/jobs", body | {"group": "b"}, ann)
        assert (refused.status, refused.fields) == (422, ["group"])
        assert service.ask("POST", f"{path}/cancel", headers=ann).status == 200
        service.kill()


def test_a_group_may_keep_its_logs_and_specs_to_their_owners() -> None:
    config = """
c.JobsubService.identity = "forwarded"
c.JobsubService.share_logs = False
c.JobsubService.groups = {"a": {"members": ["ann", "abe"]}}
"""
    with live(config) as service:
        ann, abe = ({"Jobsub-User": name} for name in ("ann", "abe"))
        command = "echo hunter2 > $JOBSUB_TERMINATION_LOG; exit 1"
        id = service.post("/jobsub/jobs", {"command": command, "name": "secret"}, ann).json["id"]
        path = f"/jobsub/jobs/{id}"
        while service.ask("GET", path, headers=ann).json["phase"] != "Failed":
            time.sleep(0.02)
        assert "hunter2" in service.ask("GET", path, headers=ann).json["message"]
        for address in (path, "/jobsub/jobs"):
            assert b"hunter2" not in service.ask("GET", address, headers=abe).body
        for part in ("spec", "log", "timeline"):
            assert service.ask("GET", f"{path}/{part}", headers=abe).status == 403


def test_a_halt_that_failed_is_tried_again(service: Live) -> None:
    id = service.submit("sleep 60")["id"]
    service.until(id, "Running")
    folder = service.data / "runs" / f"{id}.1.main.0"
    away = folder.rename(folder.with_name("away"))
    folder.touch()
    service.post(f"/jobsub/jobs/{id}/cancel")
    time.sleep(0.2)
    assert service.job(id)["phase"] == "Running"
    folder.unlink()
    away.rename(folder)
    assert service.until(id)["phase"] == "Cancelled"


def test_too_many_waiting_jobs_of_one_person_are_refused() -> None:
    config = 'c.JobsubService.max_waiting_per_user = 2\nc.JobsubService.groups = {"g": {"quota": {"cpu": 1}}}'
    with live(config) as service:
        service.post("/jobsub/drain", {"drain": True})
        ids = [service.submit("true")["id"] for _ in range(2)]
        answer = service.post("/jobsub/jobs", {"command": "true"})
        assert answer.status == 422
        assert service.job(ids[0])["reason"] == "Draining"
        service.post("/jobsub/drain", {"drain": False})
        for id in ids:
            service.until(id)


def test_head_answers_what_get_would_without_its_body(service: Live) -> None:
    id = service.submit("seq 1 9")["id"]
    service.until(id)
    for path in (f"/jobsub/jobs/{id}", f"/jobsub/jobs/{id}/log", "/jobsub/healthz", "/jobsub/openapi.json"):
        head, get = service.ask("HEAD", path), service.get(path)
        assert (head.status, head.body) == (200, b"")
        for name in ("Content-Type", "Content-Length", "Jobsub-Log-End"):
            assert head.headers[name] == get.headers[name], (path, name)


def test_head_of_a_stream_ends_at_once(service: Live) -> None:
    id = service.submit("sleep 60")["id"]
    connection = service.connect()
    for path in (
        f"/jobsub/jobs/{id}/log?follow=true",
        f"/jobsub/jobs/{id}/log?download=true",
        "/jobsub/events",
    ):
        connection.request("HEAD", path)
        head = connection.getresponse()
        assert (head.status, head.read()) == (200, b"")
        assert head.headers["Content-Length"] is None
    connection.request("GET", "/jobsub/healthz")  # on the same connection: nothing was left on it
    assert connection.getresponse().read() == b'{"status":"ok"}'
    connection.close()
    service.post(f"/jobsub/jobs/{id}/cancel")
