"""What tasks use, through the real service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.archive import Archive
from jupyter_jobsub.model.job import JobId, Micros, TaskKey
from jupyter_jobsub.model.metrics import Gpu, Usage
from jupyter_jobsub.service.render import usage
from tests.live import Live, live

NOON = 1_763_726_400  # seconds


CONFIG = "c.JobsubService.cpu = 8\nc.JobsubService.memory = '8Gi'"

QUIET = """
c.JobsubService.identity = "forwarded"
c.JobsubService.groups = {"lab": {"members": ["ada", "bob"], "share_logs": False}}
"""


@pytest.fixture(scope="module")
def service() -> Iterator[Live]:
    with live(CONFIG) as one:
        yield one


def keep(service: Live, key: TaskKey, looks: int, *gpus: Gpu) -> None:
    """Have a series as if the task had been looked at so often."""
    archive = Archive(service.data / "archive")
    path = archive.logs.path(key)
    mode = path.stat().st_mode
    path.chmod(0o600)
    for number in range(looks):
        at = Micros((NOON + 5 + number * 10) * 1_000_000)
        archive.metrics.append(key, Usage(at, cpu=number * 1.6, memory=1e6, network_sent=0.4, gpus=gpus))
    path.chmod(mode)


def series(service: Live, id: str) -> list[int | None]:
    memory: list[int | None] = service.get(f"/jobsub/jobs/{id}/metrics").json["memory"]
    return memory


def ended(service: Live, **spec: Any) -> str:
    return str(service.until(service.submit(**spec)["id"])["id"])


def test_a_series_is_read_by_window(service: Live) -> None:
    id = ended(service)
    keep(service, TaskKey(JobId(id), 1), 100, Gpu("GPU-a", "A100", 2**36, 0.123456, 2.0**30))
    answer = service.get(f"/jobsub/jobs/{id}/metrics").json
    assert [answer[name] for name in ("id", "attempt", "role", "task")] == [id, 1, "main", 0]
    assert (answer["window"], answer["step_seconds"], len(answer["at"])) == ("15m", 10, 90)
    assert (answer["at"][0], answer["at"][-1]) == (
        "2025-11-21T12:01:40.000000Z",
        "2025-11-21T12:16:30.000000Z",
    )
    assert (answer["cpu"][0], answer["cpu"][-1]) == (16, 158)
    assert set(answer["memory"]) == {1_000_000}
    assert set(answer["disk_read"]) == {None}
    assert (set(answer["network_sent"]), answer["network_scope"]) == ({0}, "host")
    (gpu,) = answer["gpus"]
    assert (gpu["uuid"], gpu["name"], gpu["memory_total"]) == ("GPU-a", "A100", 2**36)
    assert (set(gpu["utilization"]), set(gpu["memory"])) == ({0.1235}, {2**30})
    for window, step, length in (("1h", 30, 34), ("3h", 120, 9), ("lifetime", 300, 4)):
        answer = service.get(f"/jobsub/jobs/{id}/metrics", window=window).json
        assert (answer["step_seconds"], len(answer["at"]), len(answer["cpu"])) == (step, length, length)


def test_a_task_that_was_never_looked_at_has_an_empty_series(service: Live) -> None:
    answer = service.get(f"/jobsub/jobs/{ended(service)}/metrics", window="lifetime").json
    assert (answer["attempt"], answer["step_seconds"]) == (1, 300)
    assert answer["at"] == answer["cpu"] == answer["memory"] == answer["gpus"] == []


def test_each_task_of_each_attempt_has_its_own(service: Live) -> None:
    roles = [{"name": name, "tasks": 2, "command": "exit 1"} for name in ("ps", "worker")]
    id = ended(service, task_roles=roles, retries=1)
    keep(service, TaskKey(JobId(id), 1, "worker", 1), 3)
    path = f"/jobsub/jobs/{id}/metrics"
    assert len(service.get(path, role="worker", task=1, attempt=1).json["at"]) == 3
    for other in ({"role": "worker", "task": 1}, {"role": "worker", "attempt": 1}, {"attempt": 1, "task": 1}):
        answer = service.get(path, **other).json
        assert (answer["at"], answer["attempt"]) == ([], other.get("attempt", 2))
        assert (answer["role"], answer["task"]) == (other.get("role", "ps"), other.get("task", 0))


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"role": "nobody"}, 404, "main (tasks 0 to 0)"),
        ({"task": 1}, 404, "main (tasks 0 to 0)"),
        ({"attempt": 2}, 404, "there is 1"),
        ({"window": "1d"}, 422, "lifetime"),
        ({"window": "1h", "step": 10}, 422, "step"),
        ({"task": -1, "attempt": 0}, 422, "attempt"),
    ],
)
def test_what_there_is_not_is_told(query: dict[str, Any], status: int, said: str, service: Live) -> None:
    answer = service.get(f"/jobsub/jobs/{ended(service)}/metrics", **query)
    assert answer.status == status
    assert said in answer.body.decode()


def test_a_series_goes_with_its_job(service: Live) -> None:
    id = ended(service)
    keep(service, TaskKey(JobId(id), 1), 3)
    folder = service.data / "archive" / id
    assert {path.suffix for path in folder.iterdir()} >= {".log", ".metrics"}
    assert service.ask("DELETE", f"/jobsub/jobs/{id}").status == 204
    assert not Path(folder).exists()


def test_the_use_of_a_job_is_that_of_its_tasks() -> None:
    gpu = Gpu("GPU-a", "A100", 100, 0.5, 7.0)
    assert usage([]) is None
    assert usage([Usage(Micros(0), memory=5.0), Usage(Micros(1_000_000), 1.4, 2.0, gpus=[gpu])]) == {
        "at": "1970-01-01T00:00:01.000000Z",
        "cpu": 1,
        "memory": 7,
        "gpus": [{"uuid": "GPU-a", "name": "A100", "utilization": 0.5, "memory": 7, "memory_total": 100}],
    }
    assert (usage([Usage(Micros(0))]) or {})["cpu"] is None


@pytest.mark.slow  # until the clock comes to ten seconds, twice
def test_followers_see_what_a_job_uses_and_a_restart_takes_it_up() -> None:
    command = "x=$(head -c 30000000 /dev/zero | tr '\\0' x); sleep 60; :"
    ada, bob = ({"Jobsub-User": name} for name in ("ada", "bob"))
    with live(QUIET) as service:
        id = service.post("/jobsub/jobs", {"command": command}, ada).json["id"]
        used = next(
            event["data"]["usage"]
            for event in service.events(f"/jobsub/jobs/{id}/log", follow="true")
            if event["event"] == "job" and event["data"]["usage"]
        )
        assert used["cpu"] > 0
        assert used["memory"] > 30_000_000
        for path in (f"/jobsub/jobs/{id}", "/jobsub/jobs"):
            mine, theirs = (service.ask("GET", path, headers=person).json for person in (ada, bob))
            row, hidden = (answer.get("items", [answer])[0] for answer in (mine, theirs))
            assert row["usage"]["memory"] > 30_000_000
            assert (hidden["id"], hidden["usage"]) == (id, None)  # they see that it runs, and no more
        service.kill()
        service.start()
        changed = (
            event["data"]["job"]
            for event in service.events("/jobsub/events", progress="true")
            if event["event"] == "job"
        )
        assert next(row for row in changed if row["usage"])["usage"]["memory"] > 30_000_000
        before = [value for value in series(service, id) if value]
        assert len(before) >= 2
        service.post(f"/jobsub/jobs/{id}/cancel")
        assert service.until(id)["usage"] is None
        assert [value for value in series(service, id) if value][: len(before)] == before
