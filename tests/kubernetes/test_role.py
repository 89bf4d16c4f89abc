"""The shipped role is what the engine uses on an ordinary day: nothing is missing, nothing too much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.engines.kubernetes.access import Right, needed
from jupyter_jobsub.engines.kubernetes.connection import Connection
from jupyter_jobsub.model.job import JobId, TaskKey
from tests.engines.lab import scenario
from tests.kubernetes.lab import ClusterLab, lab_in
from tests.kubernetes.namespaces import Namespace

VERBS = {"POST": "create", "PATCH": "patch", "DELETE": "delete"}


def right(method: str, path: str, query: Any) -> Right | None:
    """Which right a request takes; None outside of a namespace."""
    parts = path.split("/")[5:]
    if not path.startswith("/api/v1/namespaces/") or not parts:
        return None
    resource = "/".join(parts[::2])
    read = "watch" if "watch" in dict(query or {}) else "get" if len(parts) > 1 else "list"
    return Right("", resource, VERBS.get(method, read))


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> set[Right]:
    found: set[Right] = set()
    request, socket = Connection.request, Connection.socket

    def noted(self: Connection, method: str, path: str, **more: Any) -> Any:
        if one := right(method, path, more.get("query")):
            found.add(one)
        return request(self, method, path, **more)

    def opened(self: Connection, path: str, *more: Any) -> Any:
        found.update(Right("", "pods/exec", verb) for verb in ("get", "create"))
        return socket(self, path, *more)

    monkeypatch.setattr(Connection, "request", noted)
    monkeypatch.setattr(Connection, "socket", opened)
    return found


@pytest.fixture
def lab(namespace: Namespace, tmp_path: Path, used: set[Right]) -> ClusterLab:
    return lab_in(namespace, tmp_path, tmp_path)


@scenario
async def test_the_engine_uses_each_right(lab: ClusterLab, used: set[Right]) -> None:
    keep = 'echo 1 > "$JOBSUB_ARTIFACTS/one"'
    roles = [{"name": name, "command": keep, "ports": [{"label": "p"}]} for name in ("a", "b")]
    gang = [TaskKey(JobId("gang"), 1, name) for name in ("a", "b")]
    for key in gang:
        await lab.launch(key=key, task_roles=roles)
    for key in gang:
        assert (await lab.ended(key)).exit_code == 0
        await lab.engine.settled(key)
    plain = await lab.launch("echo up; sleep 600", job="plain", env={"A": "b"})
    await lab.logged(plain, "up")
    await lab.engine.halt(plain, 0.1)
    await lab.ended(plain)
    await lab.engine.settled(plain)
    for job in ("gang", "plain"):
        await lab.engine.purge(JobId(job))
    assert used == set(needed())
