"""The service's own life: one per store, ends by itself, outlived by its jobs."""

from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.engines.local.folders import until
from tests.live import Live, live


def test_the_socket_is_for_its_owner_alone(service: Live) -> None:
    assert stat.S_IMODE(service.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(service.data.stat().st_mode) == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be another user")
def test_another_user_is_refused_even_where_the_file_would_let_him(service: Live) -> None:
    os.chmod(service.folder, 0o755)
    os.chmod(service.data, 0o711)
    os.chmod(service.socket, 0o666)
    code = f"""
import os, socket
os.setuid(65534)
s = socket.socket(socket.AF_UNIX); s.connect({str(service.socket)!r})
s.sendall(b'GET /jobsub/status HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
print(len(s.recv(100)))
"""
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    finally:
        os.chmod(service.socket, 0o600)
        os.chmod(service.data, 0o700)
    assert done.stdout.strip() == "0" or "ConnectionResetError" in done.stderr or "BrokenPipe" in done.stderr


def test_a_second_one_on_the_same_store_says_who_holds_it(service: Live) -> None:
    second = Live(service.folder)
    with pytest.raises(RuntimeError, match=rf"error another service \(pid {service.process.pid}\)"):
        second.start()
    assert service.get("/jobsub/healthz").json == {"status": "ok"}


def test_it_ends_by_itself_when_nobody_needs_it() -> None:
    with live("c.JobsubService.linger_seconds = 0.2") as service:
        id = service.submit("sleep 0.7; echo done")["id"]
        assert service.process.wait(10) == 0
        assert not service.socket.exists()
        service.start()
        assert service.job(id)["phase"] == "Succeeded"


def test_a_connection_that_asks_nothing_more_does_not_keep_it() -> None:
    with live("c.JobsubService.linger_seconds = 0.2") as service:
        connection = service.connect()
        connection.request("GET", "/jobsub/healthz")
        connection.getresponse().read()
        assert service.process.wait(10) == 0
        connection.close()


def test_a_passive_reader_does_not_keep_it() -> None:
    with live("c.JobsubService.linger_seconds = 0.2") as service:
        active = service.events("/jobsub/events")
        assert next(active)["event"] == "hello"
        passive = service.events("/jobsub/events", passive="true")
        assert next(passive)["event"] == "hello"
        with pytest.raises(subprocess.TimeoutExpired):
            service.process.wait(1)
        active.close()
        assert service.process.wait(10) == 0
        assert list(passive) == []


def test_killed_it_loses_nothing_and_the_job_goes_on() -> None:
    with live() as service:
        ids = [service.submit(f"echo a{n}; sleep 1; echo b{n}; exit {n}")["id"] for n in range(2)]
        waiting = service.submit("echo late")["id"]
        for id in ids:
            service.until(id, "Running")
        service.kill()
        service.start()
        for n, id in enumerate(ids):
            job = service.until(id)
            assert (job["exit_code"], job["attempt"]) == (n, 1)
            assert service.log(id) == f"a{n}\nb{n}\n".encode()
        assert service.until(waiting)["phase"] == "Succeeded"
        held = service.get("/jobsub/usage").json["groups"][0]["held"]
        assert held["cpu"] == 0


def test_a_job_that_ended_while_nobody_looked_has_its_own_code() -> None:
    with live() as service:
        id = service.submit("sleep 0.3; exit 7")["id"]
        service.until(id, "Running")
        service.kill()
        time.sleep(0.8)
        service.start()
        assert service.until(id)["exit_code"] == 7


def test_a_running_job_is_cancelled_by_the_next_service() -> None:
    with live() as service:
        id = service.submit("echo on; sleep 60")["id"]
        service.until(id, "Running")
        service.stop()
        service.start()
        assert service.job(id)["phase"] == "Running"
        service.post(f"/jobsub/jobs/{id}/cancel")
        assert service.until(id)["phase"] == "Cancelled"
        assert service.log(id) == b"on\n"


def test_a_killed_supervisor_leaves_an_unknown_exit_and_a_whole_log() -> None:
    with live() as service:
        id = service.submit("echo one; sleep 1; echo two")["id"]
        service.until(id, "Running")
        supervisor = _supervisor_of(id)
        os.kill(supervisor, signal.SIGKILL)
        job = service.until(id)
        assert (job["phase"], job["reason"], job["exit_code"]) == ("Failed", "ExitUnknown", None)
        assert service.log(id) == b"one\ntwo\n"
        assert service.get("/jobsub/usage").json["groups"][0]["held"]["cpu"] == 0


def test_a_stale_socket_is_replaced() -> None:
    with live() as service:
        service.kill()
        assert service.socket.exists()
        until(lambda: not _listens(service.socket))  # a child between fork and exec may hold it for a moment
        service.start()
        assert service.get("/jobsub/healthz").status == 200


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) != errno.ECONNREFUSED


def _supervisor_of(id: str) -> int:
    """The process that works in the job's run folder."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                folder = (entry / "cwd").readlink()
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if folder.name == f"{id}.1.main.0" and b"supervisor" in words:
                return int(entry.name)
    raise AssertionError("no supervisor")


HANGS = """
import pathlib, threading
from jupyter_jobsub.archive import ArtifactArchive
from jupyter_jobsub.engines.local.runfolder import RunFolder
from jupyter_jobsub.service import host_local

def hang(*_, **__):
    pathlib.Path({there!r}).touch()
    threading.Event().wait()

host_local.LONGEST_CLOSE = 0.5
{what} = hang
"""


@pytest.mark.parametrize("what", ["ArtifactArchive.seal", "ArtifactArchive.contents", "RunFolder.create"])
def test_a_disk_that_does_not_answer_does_not_keep_it(what: str, tmp_path: Path) -> None:
    there = tmp_path / "hangs"
    with live(HANGS.format(there=str(there), what=what)) as service:
        id = service.submit("touch artifacts/a")["id"]
        asks = service.connect()
        if what == "ArtifactArchive.contents":
            service.until(id)
            asks.request("GET", f"/jobsub/jobs/{id}/artifacts")
        until(there.exists)
        service.stop()
        asks.close()
        assert service.process
        assert service.process.returncode == 0
        service.configure("")
        service.start()
        assert service.until(id)["phase"] == "Succeeded"
        assert [item["path"] for item in service.get(f"/jobsub/jobs/{id}/artifacts").json["items"]] == ["a"]
