"""The extension before the real service, which it starts."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
from base64 import b64decode
from itertools import groupby
from pathlib import Path

import pytest
from jupyter_server.auth.identity import PasswordIdentityProvider, User

import jupyter_jobsub
from jupyter_jobsub.extension.job_events import SCHEMA_ID

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def ended(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """End the service that the test has started, when it is over."""
    monkeypatch.setenv("PYTHONPATH", str(Path(jupyter_jobsub.__file__).parents[1]))
    yield
    if pid := service_pid(folder):
        os.kill(pid, signal.SIGTERM)
        asyncio.run(end_of(folder, pid))


def service_pid(folder: Path) -> int | None:
    """The service's process, if it lives (the command line of a dead one is empty)."""
    try:
        pid = int((folder / "service.lock").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    return pid if os.fsencode(folder) in command else None


async def kill(folder: Path) -> None:
    pid = service_pid(folder)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await end_of(folder, pid)


async def end_of(folder: Path, pid: int) -> None:
    while service_pid(folder) == pid:
        await asyncio.sleep(0.005)


@pytest.fixture
def jobs(jp_fetch):
    class Jobs:
        async def submit(self, command, **spec):
            body = json.dumps({"command": command, "name": "j", **spec})
            headers = {"Content-Type": "application/json"}
            response = await jp_fetch(
                "jobsub/jobs", method="POST", body=body, headers=headers, raise_error=False
            )
            assert response.code == 201, response.body
            return json.loads(response.body)

        async def get(self, path, **params):
            return json.loads((await jp_fetch("jobsub", path, params=params)).body)

        async def until_final(self, id):
            while (job := await self.get(f"jobs/{id}"))["finished_at"] is None:
                await asyncio.sleep(0.02)
            return job

    return Jobs()


class Browser:
    def __init__(self, socket):
        self.socket = socket

    async def tell(self, **message):
        await self.socket.write_message(json.dumps(message))

    async def until(self, end):
        """Everything that comes up to the message for which `end` holds."""
        heard = []
        while not heard or not end(heard[-1]):
            heard.append(json.loads(await asyncio.wait_for(self.socket.read_message(), 30)))
        return heard


class People(PasswordIdentityProvider):
    """Whoever the test says it is."""

    name = ""

    def get_user(self, handler):
        return User(self.name)

    def is_token_authenticated(self, handler):
        return True


async def test_the_first_request_starts_the_service_and_a_job_runs(folder, jobs, jp_fetch):
    job = await jobs.submit("echo one; exit 3")
    done = await jobs.until_final(job["id"])
    assert (done["phase"], done["exit_code"]) == ("Failed", 3)
    assert (await jp_fetch("jobsub/jobs", job["id"], "log")).body == b"one\n"
    assert [row["id"] for row in (await jobs.get("jobs"))["items"]] == [job["id"]]
    assert service_pid(folder)


async def test_a_service_that_was_killed_is_started_by_the_next_request(folder, jobs):
    job = await jobs.submit("true")
    await kill(folder)
    assert (await jobs.until_final(job["id"]))["exit_code"] == 0


async def test_job_events_need_no_page(folder, jobs, jp_serverapp):
    assert service_pid(folder) is None  # nobody asked for anything yet
    logger, heard = jp_serverapp.event_logger, []

    async def listen(logger, schema_id, data):
        heard.append((data["id"], data["phase"]))

    logger.add_listener(schema_id=SCHEMA_ID, listener=listen)
    job = await jobs.submit("true")
    other = await jobs.submit("sleep 0.5")
    await jobs.until_final(job["id"])
    await kill(folder)
    await jobs.until_final(other["id"])
    ids = (job["id"], other["id"])
    happened = [(id, e["phase"]) for id in ids for e in (await jobs.get(f"jobs/{id}/timeline"))["items"]]
    assert {"Pending", "Succeeded"} <= {phase for _, phase in happened}
    while len(heard) < len(happened):
        await asyncio.sleep(0.005)
        await logger.gather_listeners()
    assert sorted(heard) == sorted(happened)


async def test_who_listens_for_events_keeps_no_service(folder, jobs, jp_environ):
    config = Path(os.environ["JUPYTER_CONFIG_DIR"]) / "jupyter_jobsub_config.py"
    config.write_text("c.JobsubService.linger_seconds = 0.2\n")
    await jobs.submit("true")
    pid = service_pid(folder)
    await end_of(folder, pid)
    assert service_pid(folder) is None


async def test_an_artifact_is_read_by_ranges_and_runs_in_no_browser(jobs, jp_fetch):
    job = await jobs.submit("mkdir artifacts/sub; printf 0123456789 > 'artifacts/sub/a b%.html'")
    await jobs.until_final(job["id"])
    path = f"jobsub/jobs/{job['id']}/artifacts"
    (item,) = json.loads((await jp_fetch(path)).body)["items"]
    whole = await jp_fetch(path, item["path"])
    part = await jp_fetch(path, item["path"], headers={"Range": "bytes=-3"})
    assert (whole.code, whole.body, part.code, part.body) == (200, b"0123456789", 206, b"789")
    assert part.headers["Content-Range"] == "bytes 7-9/10"
    assert part.headers["Content-Disposition"].endswith("filename*=UTF-8''a%20b%25.html")
    assert part.headers["Content-Type"] == "application/octet-stream"
    assert part.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in part.headers.get_list("Content-Security-Policy")
    etag = {"If-Range": '"other"', "Range": "bytes=0-0"}
    assert (await jp_fetch(path, item["path"], headers=etag)).code == 200
    beyond = await jp_fetch(path, item["path"], headers={"Range": "bytes=10-"}, raise_error=False)
    assert (beyond.code, beyond.headers["Content-Range"]) == (416, "bytes */10")


async def test_a_log_is_downloaded_whole(jobs, jp_fetch, http_server_client):
    http_server_client.max_body_size = 2**30
    job = await jobs.submit("seq 1 3000000")
    await jobs.until_final(job["id"])
    got, expected = hashlib.sha256(), hashlib.sha256()
    params = {"download": "true"}
    response = await jp_fetch("jobsub/jobs", job["id"], "log", params=params, streaming_callback=got.update)
    assert response.headers["Content-Disposition"].startswith("attachment")
    expected.update("".join(f"{n}\n" for n in range(1, 3_000_001)).encode())
    assert got.hexdigest() == expected.hexdigest()


async def test_no_event_is_lost_when_the_service_is_killed(folder, jobs, jp_ws_fetch):
    browser = Browser(await jp_ws_fetch("jobsub", "ws"))
    await browser.tell(subscribe="events")
    await browser.until(lambda m: m["type"] == "hello")
    ids = []
    heard = []
    for n in range(3):
        ids.append((await jobs.submit(f"sleep 0.{n}; exit {n}"))["id"])
        await kill(folder)
        heard += await browser.until(lambda m: m["type"] == "online")
    for id in ids:
        await jobs.until_final(id)
    happened = [event for id in ids for event in (await jobs.get(f"jobs/{id}/timeline"))["items"]]
    newest = max(event["id"] for event in happened)
    heard += await browser.until(lambda m: m.get("last_event_id") == newest)
    told = [m["last_event_id"] for m in heard if m["type"] == "job"]
    assert told == sorted({event["id"] for event in happened})
    states = [m["type"] for m in heard if m["type"] in ("offline", "online")]
    assert [state for state, _ in groupby(states)] == ["offline", "online"] * 3
    assert all(m["message"] for m in heard if m["type"] == "offline")
    browser.socket.close()


async def test_no_line_of_a_followed_log_is_lost_when_the_service_is_killed(folder, jobs, jp_ws_fetch):
    browser = Browser(await jp_ws_fetch("jobsub", "ws"))
    job = await jobs.submit("for n in $(seq 1 200); do echo $n; sleep 0.005; done; printf '\\xff'")
    await browser.tell(subscribe="log", key="k", job=job["id"])
    heard = await browser.until(lambda m: "50\n" in m.get("text", ""))
    await kill(folder)
    heard += await browser.until(lambda m: m["type"] == "end")
    pieces = [m for m in heard if m["type"] == "log"]
    log = b"".join(m["text"].encode() if "text" in m else b64decode(m["base64"]) for m in pieces)
    assert log == b"".join(b"%d\n" % n for n in range(1, 201)) + b"\xff"
    assert heard[-1]["job"]["phase"] == "Succeeded"
    browser.socket.close()


async def test_a_stopped_service_is_back_for_the_next_request(folder, jobs, jp_fetch):
    await jobs.get("jobs")
    pid = service_pid(folder)
    await jp_fetch("jobsub/stop", method="POST", body=b"{}")
    await end_of(folder, pid)
    assert (await jobs.get("jobs"))["items"] == []
    assert service_pid(folder) != pid


async def test_a_page_hears_who_changed_a_waiting_job(jobs, jp_fetch, jp_ws_fetch):
    await jp_fetch("jobsub/drain", method="POST", body=b"{}")
    job = await jobs.submit("true")
    browser = Browser(await jp_ws_fetch("jobsub", "ws"))
    await browser.tell(subscribe="events")
    await browser.until(lambda m: m["type"] == "hello")
    body = json.dumps({"priority": 500, "name": "other"})
    answer = await jp_fetch("jobsub/jobs", job["id"], method="PATCH", body=body)
    assert json.loads(answer.body)["priority"] == 500
    heard = (await browser.until(lambda m: m["type"] == "job"))[-1]
    assert heard["event"]["message"] == f"{job['user']} changed name 'j' → 'other', priority 100 → 500"
    assert (heard["job"]["name"], heard["job"]["priority"]) == ("other", 500)
    await jp_fetch("jobsub/jobs", job["id"], "cancel", method="POST", body=b"")
    await jobs.until_final(job["id"])
    browser.socket.close()


async def test_a_page_goes_on_when_a_reload_changes_who_may_what(jobs, jp_fetch, jp_ws_fetch, jp_environ):
    browser = Browser(await jp_ws_fetch("jobsub", "ws"))
    await browser.tell(subscribe="events")
    await browser.until(lambda m: m["type"] == "hello")
    config = Path(os.environ["JUPYTER_CONFIG_DIR"]) / "jupyter_jobsub_config.py"
    config.write_text('c.JobsubService.admins = ["ada"]\n')
    reloaded = await jp_fetch("jobsub/reload", method="POST", body=b"")
    assert json.loads(reloaded.body)["changed"] == ["admins"]
    job = await jobs.submit("true")
    heard = await browser.until(lambda m: m["type"] == "job" and m["job"]["phase"] == "Succeeded")
    assert [m["event"]["phase"] for m in heard if m["type"] == "job"] == [
        "Pending",
        "Preparing",
        "Running",
        "Succeeded",
    ]
    assert {m["job"]["id"] for m in heard if m["type"] == "job"} == {job["id"]}
    browser.socket.close()


async def test_people_who_share_a_server_have_their_own_jobs(jobs, jp_fetch, jp_serverapp, jp_environ):
    config = Path(os.environ["JUPYTER_CONFIG_DIR"]) / "jupyter_jobsub_config.py"
    config.write_text('c.JobsubService.identity = "forwarded"\n')
    jp_serverapp.web_app.settings["identity_provider"] = people = People()
    people.name = "ada"
    job = await jobs.submit("true")
    assert job["user"] == "ada"
    people.name = "bob"
    assert (await jobs.get("catalog"))["user"] == "bob"
    headers = {"Jobsub-User": "ada"}
    refused = await jp_fetch(
        "jobsub/jobs", job["id"], "cancel", method="POST", body=b"", headers=headers, raise_error=False
    )
    assert refused.code in (403, 404)
    assert json.loads(refused.body)["status"] == refused.code
    people.name = "ada"
    await jobs.until_final(job["id"])


async def test_a_configuration_that_is_wrong_is_told(jobs, jp_fetch, tmp_path, jp_environ):
    config = Path(os.environ["JUPYTER_CONFIG_DIR"]) / "jupyter_jobsub_config.py"
    config.write_text("c.JobsubService.cpu = -5\n")
    response = await jp_fetch("jobsub/jobs", raise_error=False)
    problem = json.loads(response.body)
    assert (response.code, response.headers["Content-Type"]) == (503, "application/problem+json")
    assert "cpu" in problem["detail"]
    assert "Traceback" not in problem["detail"]
    assert problem["remedy"]
