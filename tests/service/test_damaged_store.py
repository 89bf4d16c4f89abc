"""A store damaged under a running service: everyone is told, and a copy put back knows what ran on."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.live import Live


def test_it_is_told_and_survived(service: Live) -> None:
    store = service.data / "jobsub.db"
    id = service.submit("echo one; sleep 3; echo two; exit 5")["id"]
    service.until(id, "Running")
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = store.read_bytes()
    with store.open("r+b") as file:  # in place, under the service's eyes
        file.seek(4096)
        file.write(b"\x5a" * (len(copy) - 4096))
    for method, path in [
        ("GET", "/jobsub/jobs"),
        ("GET", f"/jobsub/jobs/{id}"),
        ("GET", f"/jobsub/jobs/{id}/log"),
        ("POST", f"/jobsub/jobs/{id}/cancel"),
        ("DELETE", f"/jobsub/jobs/{id}"),
        ("POST", "/jobsub/jobs"),
    ]:
        answer = service.ask(method, path, {"command": "true"} if path.endswith("jobs") else None)
        assert answer.status == 507, (method, path, answer.body)
        assert "it is damaged; put back a copy" in answer.json["detail"]
    assert service.get("/jobsub/healthz").status == 200
    service.stop()
    for beside in ("-wal", "-shm"):
        store.with_name(store.name + beside).unlink(missing_ok=True)
    store.write_bytes(copy)
    service.start()
    assert service.until(id)["exit_code"] == 5
    assert service.log(id) == b"one\ntwo\n"
