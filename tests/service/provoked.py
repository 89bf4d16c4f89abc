"""Every answer that the document promises, provoked from real services."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from jupyter_jobsub.service.examples import ANSWERS, REQUESTS
from tests.live import Answer, Live, live

Answers: TypeAlias = dict[tuple[str, int], Answer]

JOBS = "/jobsub/jobs"
SWEEPS = "/jobsub/sweeps"
NEVER = "job-20260101-00000000"
CONFIG = """
c.JobsubService.gpus = [{"type": "A100", "count": 4}]
c.JobsubService.groups = {"research": {"quota": {"gpus": 4}, "user_quota": {"gpus": 2}}}
c.JobsubService.instance_types = {"gpu-1": {"cpu": 1, "memory": "1Mi", "gpu": {"A100": 1}}}
"""
SHARED = """
c.JobsubService.identity = "forwarded"
c.JobsubService.max_streams_per_user = 1
c.JobsubService.share_logs = False
c.JobsubService.groups = {"research": {"members": ["ada", "bob"]}}
"""
ON_JOBS = {
    "get_job": ("GET", ""),
    "edit": ("PATCH", ""),
    "delete_job": ("DELETE", ""),
    "cancel": ("POST", "/cancel"),
    "pause": ("POST", "/pause"),
    "resume": ("POST", "/resume"),
    "rerun": ("POST", "/rerun"),
    "get_spec": ("GET", "/spec"),
    "get_log": ("GET", "/log"),
    "get_metrics": ("GET", "/metrics"),
    "timeline": ("GET", "/timeline"),
    "list_artifacts": ("GET", "/artifacts"),
    "get_artifact": ("GET", "/artifacts/pi"),
    "get_output": ("GET", "/output"),
    "purge": ("POST", "/purge"),
}
SPEC, EDIT = REQUESTS["submit"], REQUESTS["edit"]


def provoked() -> Answers:
    """Answers by operation and status."""
    found: Answers = {}
    with live(CONFIG) as service:
        _of_the_service(service, found)
        _of_jobs(service, found)
        _wrong(service, found)
        found["stop", 200] = service.post("/jobsub/stop", REQUESTS["stop"])
    with live(SHARED) as service:
        _of_strangers(service, found)
    return found


def _of_the_service(service: Live, found: Answers) -> None:
    for name in ("catalog", "usage", "status", "healthz", "metrics"):
        found[name, 200] = service.get(f"/jobsub/{name}")
    found["openapi", 200] = service.get("/jobsub/openapi.json")
    found["reload", 200] = service.post("/jobsub/reload")
    found["drain", 200] = service.post("/jobsub/drain", REQUESTS["drain"])
    service.post("/jobsub/drain", {"drain": False})


def _of_jobs(service: Live, found: Answers) -> None:
    key = {"Idempotency-Key": "train-1"}
    sleeper = SPEC | {"command": "sleep 60"}
    found["submit", 201] = service.post(JOBS, SPEC, key)
    found["submit", 200] = service.post(JOBS, SPEC, key)
    found["submit", 409] = service.post(JOBS, sleeper, key)
    _of_sweeps(service, found)
    found["list_jobs", 200] = service.get(JOBS)
    done = f"{JOBS}/{service.until(found['submit', 201].json['id'])['id']}"
    for name, (method, path) in ON_JOBS.items():
        if method == "GET" and name not in ("get_artifact", "get_output"):
            found[name, 200] = service.get(done + path)
    _of_artifacts(service, found)
    _of_output(service, found)
    found["rerun", 201] = service.post(f"{done}/rerun", headers={"Idempotency-Key": "again"})
    found["rerun", 200] = service.post(f"{done}/rerun", headers={"Idempotency-Key": "again"})
    for name in ("cancel", "pause", "resume"):
        found[name, 409] = service.post(f"{done}/{name}")
    found["edit", 409] = service.ask("PATCH", done, EDIT)
    found["rerun", 422] = _rerun_of_what_is_gone(service, done)
    running = f"{JOBS}/{service.submit('sleep 60')['id']}"
    service.until(running.rpartition("/")[2], "Running")
    found["rerun", 409] = service.post(f"{running}/rerun")
    found["delete_job", 409] = service.ask("DELETE", running)
    found["purge", 409] = service.post(f"{running}/purge")
    found["pause", 200] = service.post(f"{running}/pause")
    service.until(running.rpartition("/")[2], "Paused")
    found["edit", 200] = service.ask("PATCH", running, EDIT)
    service.post("/jobsub/drain", {"drain": True})
    found["resume", 200] = service.post(f"{running}/resume")
    found["cancel", 200] = service.post(f"{running}/cancel")
    service.post("/jobsub/drain", {"drain": False})
    service.until(running.rpartition("/")[2])
    found["delete_job", 204] = service.ask("DELETE", running)
    found |= _expired(service)


def _of_sweeps(service: Live, found: Answers) -> None:
    key, sweep = {"Idempotency-Key": "sweep-1"}, REQUESTS["submit_sweep"]
    twice = sweep | {"grid": {"lr": [0.1, 0.1]}}
    found["submit_sweep", 201] = service.post(SWEEPS, sweep, key)
    found["submit_sweep", 200] = service.post(SWEEPS, sweep, key)
    found["submit_sweep", 409] = service.post(SWEEPS, twice, key)
    found["submit_sweep", 422] = service.post(SWEEPS, twice)
    for job in found["submit_sweep", 201].json["items"]:
        service.until(job["id"])


def _of_artifacts(service: Live, found: Answers) -> None:
    job = f"{JOBS}/{service.until(service.submit('echo 3 >$JOBSUB_ARTIFACTS/pi')['id'])['id']}"
    pi = f"{job}/artifacts/pi"
    found["list_artifacts", 200] = service.get(f"{job}/artifacts")
    found["list_artifacts", 422] = service.get(f"{job}/artifacts", attempt=0)
    found["get_artifact", 200] = service.get(pi)
    found["get_artifact", 206] = service.ask("GET", pi, headers={"Range": "bytes=0-0"})
    found["get_artifact", 416] = service.ask("GET", pi, headers={"Range": "bytes=2-"})
    found["get_artifact", 422] = service.get(pi, attempt=0)
    found["purge", 200] = service.post(f"{job}/purge")
    found["list_artifacts", 410] = service.get(f"{job}/artifacts")
    found["get_artifact", 410] = service.get(pi)


def _of_output(service: Live, found: Answers) -> None:
    notebook = service.folder / "a.ipynb"
    notebook.write_text(ANSWERS["get_output"])
    job = f"{JOBS}/{service.until(service.submit(notebook=str(notebook), image='python3')['id'])['id']}"
    output = f"{job}/output"
    found["get_output", 200] = service.get(output)
    found["get_output", 206] = service.ask("GET", output, headers={"Range": "bytes=0-0"})
    found["get_output", 416] = service.ask("GET", output, headers={"Range": "bytes=99999-"})
    service.post(f"{job}/purge")
    found["get_output", 410] = service.get(output)


def _rerun_of_what_is_gone(service: Live, path: str) -> Answer:
    service.configure(CONFIG.replace("gpu-1", "gpu-2"))
    service.post("/jobsub/reload")
    answer = service.post(f"{path}/rerun")
    service.configure(CONFIG)
    service.post("/jobsub/reload")
    return answer


def _expired(service: Live) -> Answers:
    id = service.submit("true", ttl_seconds=0)["id"]
    end = time.monotonic() + 20
    while not service.job(id)["log_expired"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    names = ("get_log", "get_metrics")
    return {(name, 410): service.get(f"{JOBS}/{id}{ON_JOBS[name][1]}") for name in names}


def _wrong(service: Live, found: Answers) -> None:
    for name, (method, path) in ON_JOBS.items():
        found[name, 404] = service.ask(method, f"{JOBS}/{NEVER}{path}", EDIT if name == "edit" else None)
    job = f"{JOBS}/{service.submit('true')['id']}"
    half, huge = b'{"priority": 500', b" " * (2**20 + 1)
    for name, method, path in [
        ("submit", "POST", JOBS),
        ("submit_sweep", "POST", SWEEPS),
        ("edit", "PATCH", job),
        ("stop", "POST", "/jobsub/stop"),
        ("drain", "POST", "/jobsub/drain"),
    ]:
        found[name, 400] = service.ask(method, path, half)
        found[name, 413] = service.ask(method, path, huge)
        wrong = service.ask(method, path, {"priority": 5000, "drain": "yes", "handover": 1})
        found.setdefault((name, 422), wrong)
    found["list_jobs", 422] = service.get(JOBS, limit=1000)
    found["get_log", 422] = service.get(f"{job}/log", tail=-1)
    found["get_metrics", 422] = service.get(f"{job}/metrics", window="2h")
    found["events", 422] = service.ask("GET", "/jobsub/events", headers={"Last-Event-ID": "soon"})
    service.configure("c.JobsubService.groups = {'research': {'quota': {'gpu': 4}}}")
    found["reload", 422] = service.post("/jobsub/reload")


def _of_strangers(service: Live, found: Answers) -> None:
    ada, bob = ({"Jobsub-User": name} for name in ("ada", "bob"))
    job = f"{JOBS}/{service.post(JOBS, {'command': 'sleep 60'}, ada).json['id']}"
    for name, (method, path) in ON_JOBS.items():
        if name != "get_job":
            body = EDIT if name == "edit" else None
            found[name, 403] = service.ask(method, job + path, body, bob)
    for name in ("stop", "reload", "drain"):
        found[name, 403] = service.post(f"/jobsub/{name}", headers=bob)
    found["metrics", 403] = service.ask("GET", "/jobsub/metrics", headers=bob)
    with _open(service, ada):
        found["events", 429] = service.ask("GET", "/jobsub/events", headers=ada)
        found["get_log", 429] = service.ask("GET", f"{job}/log", headers=ada, follow="true")
    service.ask("POST", f"{job}/cancel", headers=ada)


@contextmanager
def _open(service: Live, headers: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    stream = service.events("/jobsub/events", headers)
    yield next(stream)
    stream.close()  # type: ignore[attr-defined]
