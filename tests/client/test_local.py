from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import jupyter_jobsub
from jupyter_jobsub import paths, spawn
from jupyter_jobsub.client import Client, LocalEndpoint, NotRunning, Unreachable, local
from jupyter_jobsub.client.local import is_older


@pytest.mark.parametrize(
    ("version", "than", "older"),
    [
        ("0.1.0", "0.2.0", True),
        ("0.1", "0.1.0", False),
        ("0.9.0", "0.10.0", True),
        ("1.0.0.dev0", "1.0.0", True),
        ("1.0.0a1", "1.0.0b1", True),
        ("1.0.0b2", "1.0.0rc1", True),
        ("1.0.0rc1", "1.0.0", True),
        ("1.0.0rc1", "1.0.0rc2", True),
        ("1.0.0", "1.0.0.post1", True),
        ("1.0.0", "1.0.0rc1", False),
        ("1.0.0+local", "1.0.0", False),
        ("unknown", "1.0.0", False),
        ("", "1.0.0", False),
    ],
)
def test_is_older(version: str, than: str, older: bool) -> None:
    assert is_older(version, than) is older


def test_a_folder_open_to_others_is_refused(data_dir: Path) -> None:
    data_dir.chmod(0o750)
    with pytest.raises(Unreachable, match=r"open to others \(mode 0750\)") as found:
        LocalEndpoint().connect()
    assert found.value.remedy == f"run: chmod 700 {data_dir}"


def test_a_link_is_refused(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data_dir / "there").mkdir(mode=0o700)
    (data_dir / "link").symlink_to(data_dir / "there")
    monkeypatch.setenv("JOBSUB_DATA_DIR", str(data_dir / "link"))
    with pytest.raises(Unreachable, match="not a folder of yours"):
        LocalEndpoint().connect()


def test_somebody_elses_folder_is_refused(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    with pytest.raises(Unreachable, match="not a folder of yours"):
        LocalEndpoint(data_dir).connect()


def test_nothing_is_started_unless_wanted(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawn, "start_service", lambda *_: pytest.fail("started"))
    with pytest.raises(NotRunning):
        LocalEndpoint(start=False).connect()
    assert not list(data_dir.iterdir())


def test_it_is_started_when_nobody_listens(fake: Callable, http: type, data_dir: Path, monkeypatch) -> None:
    started = []

    def start(folder: Path, address: Path) -> None:
        started.append((folder, address))
        fake(lambda request: [http.answer({"items": [], "next": None})])

    monkeypatch.setattr(spawn, "start_service", start)
    with Client() as client:
        assert list(client.jobs()) == []
    assert started == [(data_dir, paths.socket_path(data_dir))]


def test_why_it_does_not_start_is_told(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(folder: Path, address: Path) -> None:
        raise spawn.ServiceNotStarted("the store is too new")

    monkeypatch.setattr(spawn, "start_service", start)
    with pytest.raises(Unreachable, match="could not be started: the store is too new") as found:
        LocalEndpoint().connect()
    assert "doctor" in found.value.remedy


def test_one_that_another_started_is_used(fake: Callable, http: type, data_dir: Path, monkeypatch) -> None:
    refusals = iter([None, None])

    def start(folder: Path, address: Path) -> None:
        if next(refusals, "listens") == "listens":
            fake(lambda request: [http.answer({"items": [], "next": None})])
        raise spawn.ServiceNotStarted("another service (pid 7) holds the folder")

    monkeypatch.setattr(spawn, "start_service", start)
    with Client() as client:
        assert list(client.jobs()) == []


def test_one_that_took_longer_to_start_than_others_are_waited_for(
    data_dir: Path, fake: Callable, http: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        spawn, "start_service", lambda *_: fake(lambda _: iter([http.answer({"items": [], "next": None})]))
    )
    monkeypatch.setattr(local, "PATIENCE", -1.0)
    with Client() as client:
        assert list(client.jobs()) == []


def test_one_that_holds_the_folder_and_never_answers(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(folder: Path, address: Path) -> None:
        raise spawn.ServiceNotStarted("another service (pid 7) holds the folder")

    monkeypatch.setattr(spawn, "start_service", start)
    monkeypatch.setattr(local, "PATIENCE", 0.0)
    with pytest.raises(Unreachable, match=r"pid 7\) holds the folder, but does not answer"):
        LocalEndpoint().connect()


OLD_SERVICE = """
    import socket, sys
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen()
    print("ready", flush=True)
    while True:
        sock, _ = listener.accept()
        file = sock.makefile("rb")
        while words := file.readline().split():
            length = 0
            while line := file.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            body = file.read(length)
            if words[1] == b"/jobsub/stop":
                assert body == b'{"handover": true}', body
            sock.sendall(b"HTTP/1.1 200 OK\\r\\nJobsub-Version: 0.0.1\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
            if words[1] == b"/jobsub/stop":
                import os
                os.unlink(sys.argv[1])
                sys.exit()
"""


def test_an_older_service_hands_over(fake: Callable, http: type, data_dir: Path, monkeypatch) -> None:
    address = paths.socket_path(data_dir)
    command = [sys.executable, "-S", "-c", textwrap.dedent(OLD_SERVICE), str(address)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as old:
        assert old.stdout
        assert old.stdout.readline() == b"ready\n"

        def start(folder: Path, address: Path) -> None:
            assert os.waitid(os.P_PID, old.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT), (
                "the old one still runs"
            )
            fake(lambda request: [http.answer({"items": [], "next": None})])

        monkeypatch.setattr(spawn, "start_service", start)
        with Client() as client:
            assert list(client.jobs()) == []
        assert old.wait() == 0


def test_a_newer_service_is_left_alone(fake: Callable, http: type) -> None:
    service = fake(lambda request: [http.answer({"items": [], "next": None}, version="99.0")])
    with Client() as client:
        assert list(client.jobs()) == []
    assert [r.target for r in service.requests] == ["/jobsub/jobs?limit=500"]


def test_our_version_can_be_read() -> None:
    assert not is_older(jupyter_jobsub.__version__, "0.0.1")
