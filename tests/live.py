"""A real service in a folder of its own, for tests that go through HTTP."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jupyter_jobsub.client import LocalEndpoint
from jupyter_jobsub.client.local import end_service

QUICK_END = ("Succeeded", "Failed", "Cancelled")


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket; a service that uses it is stopped at the end."""
    folder = Path(tempfile.mkdtemp(prefix="jobsub-"))
    yield folder
    if connection := LocalEndpoint(folder, start=False).try_connect():
        end_service(connection)
    shutil.rmtree(folder)


class UnixConnection(http.client.HTTPConnection):
    """The standard library's client over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self._path))


class Answer:
    """A response that was read."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def fields(self) -> list[str]:
        """The fields that a problem names."""
        return [error["field"] for error in self.json["errors"]]


class Live:
    """A service process and ways to talk to it."""

    def __init__(self, folder: Path, config: str = "", env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.socket = self.data / "service.sock"
        (folder / "config").mkdir(exist_ok=True)
        self.configure(config)
        self.env = os.environ | {
            "JOBSUB_DATA_DIR": str(self.data),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_NO_CONFIG": "",
        } | dict(env or {})  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, config: str) -> None:
        (self.folder / "config" / "jupyter_jobsub_config.py").write_text(f"c = get_config()\n{config}\n")

    def start(self) -> None:
        reader, writer = os.pipe()
        command = [sys.executable, "-m", "jupyter_jobsub.service"]
        self.process = subprocess.Popen(
            [*command, "--data-dir", str(self.data), "--ready-fd", str(writer)],
            pass_fds=[writer],
            env=self.env,
        )
        os.close(writer)
        with open(reader) as ready:
            line = ready.readline()
        if line != "ready\n":
            self.process.wait()
            raise RuntimeError(line)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process
        self.process.terminate()
        self.process.wait(30)

    def connect(self) -> UnixConnection:
        return UnixConnection(self.socket)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        connection = self.connect()
        try:
            data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            target = path + (f"?{urlencode(query, doseq=True)}" if query else "")
            connection.request(method, target, data, dict(headers or {}))
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path: str, **query: Any) -> Answer:
        return self.ask("GET", path, **query)

    def post(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("POST", path, body, headers)

    def submit(self, command: str | list[str] = "true", **spec: Any) -> dict[str, Any]:
        what = spec if {"script", "notebook", "task_roles"} & set(spec) else {"command": command} | spec
        answer = self.post("/jobsub/jobs", what)
        assert answer.status == 201, answer.body
        job: dict[str, Any] = answer.json
        return job

    def job(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/jobsub/jobs/{id}").json
        return found

    def until(self, id: str, *phases: str, seconds: float = 60) -> dict[str, Any]:
        """Wait for a phase (any final one by default)."""
        wanted = phases or QUICK_END
        end = time.monotonic() + seconds
        while (job := self.job(id))["phase"] not in wanted:
            assert time.monotonic() < end, job
            time.sleep(0.02)
        return job

    def log(self, id: str, **query: Any) -> bytes:
        return self.get(f"/jobsub/jobs/{id}/log", **query).body

    def events(
        self, path: str, headers: Mapping[str, str] | None = None, **query: Any
    ) -> Iterator[dict[str, Any]]:
        """Server-sent events as dicts of event, id and decoded data."""
        connection = self.connect()
        try:
            target = path + (f"?{urlencode(query, doseq=True)}" if query else "")
            connection.request("GET", target, headers=dict(headers or {}))
            response = connection.getresponse()
            assert response.status == 200, response.read()
            yield from _events(response)
        finally:
            connection.close()


def _events(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    while line := response.readline():
        text = line.decode().rstrip("\n")
        if not text:
            if event:
                yield event
            event = {}
        elif not text.startswith(":"):
            name, _, value = text.partition(": ")
            event[name] = json.loads(value) if name == "data" else value


@contextmanager
def live(config: str = "", env: Mapping[str, str] | None = None) -> Iterator[Live]:
    """Start a service in a short temporary folder; end it and forget the folder."""
    # a job's supervisor may outlive the service, and write while the folder goes
    temporary = tempfile.TemporaryDirectory(prefix="jobsub-", dir="/tmp", ignore_cleanup_errors=True)
    with temporary as folder:
        service = Live(Path(folder), config, env)
        service.start()
        try:
            yield service
        finally:
            if service.process and service.process.poll() is None:
                service.stop()
