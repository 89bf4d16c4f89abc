"""The service on a cluster, as people see it: jobs, what they leave, what they are told."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.service import SECONDS, configuration
from tests.live import Live, live

LINES = "for i in $(seq 200); do echo line $i; sleep 0.05; done; exit 7"


@pytest.fixture(scope="module")
def service(namespace: Namespace) -> Iterator[Live]:
    with live(configuration(namespace.kubeconfig)) as service:
        yield service


def message(service: Live, id: str, *words: str) -> dict[str, Any]:
    """Wait until a job's message has these words."""
    end = time.monotonic() + SECONDS
    while not all(word in (job := service.job(id))["message"] for word in words):
        assert time.monotonic() < end, job
        time.sleep(0.05)
    return job


def test_a_job_runs_and_says_where(service: Live) -> None:
    id = service.submit('echo "$PRIMEHUB_GROUP in $PWD"; echo 1 > artifacts/one; exit 3')["id"]
    job = service.until(id, seconds=SECONDS)
    assert (job["phase"], job["exit_code"], job["image"]) == ("Failed", 3, "base")
    assert service.log(id) == b"default in /home/jovyan\n"
    assert job["tasks"][0]["host"]
    assert job["tasks"][0]["note"] == ""
    assert [file["path"] for file in service.get(f"/jobsub/jobs/{id}/artifacts").json["items"]] == ["one"]


def test_a_notebook_runs_and_comes_back(service: Live, tmp_path: Path) -> None:
    cell = {"cell_type": "code", "id": "a", "execution_count": None, "metadata": {}, "outputs": []}
    tagged = cell | {"id": "b", "metadata": {"tags": ["parameters"]}, "source": ["n = 1"]}
    cells = [tagged, cell | {"source": ["n * 6"]}]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "n.ipynb").write_text(json.dumps(notebook))
    id = service.submit(notebook=str(tmp_path / "n.ipynb"), parameters={"n": 7}, instance_type="half")["id"]
    job = service.until(id, seconds=SECONDS)
    assert job["phase"] == "Succeeded", service.log(id)
    *_, last = json.loads(Path(job["output"]).read_text())["cells"]
    assert last["outputs"][0]["data"]["text/plain"] == ["42"]
    downloaded = service.ask("GET", f"/jobsub/jobs/{id}/output")
    assert (downloaded.status, downloaded.body) == (200, Path(job["output"]).read_bytes())


def test_what_can_not_start_says_why_and_is_cancelled(service: Live) -> None:
    missing = service.submit("true", image="missing")["id"]
    huge = service.submit("true", instance_type="huge")["id"]
    message(service, missing, "127.0.0.1:1/missing:1")
    message(service, huge, "1000 CPU")
    for id in (missing, huge):
        service.post(f"/jobsub/jobs/{id}/cancel")
        assert service.until(id, seconds=SECONDS)["phase"] == "Cancelled"


def test_what_can_not_be_placed_in_time_goes_back_and_blocks_nobody(namespace: Namespace) -> None:
    config = configuration(namespace.kubeconfig)
    config += "\nc.JobsubService.groups = {'one': {'quota': {'cpu': 1000}}}"
    config += "\nc.JobsubService.start_timeout_seconds = 10.0"
    with live(config) as service:
        huge, small = service.submit("true", instance_type="huge")["id"], service.submit("true")["id"]
        assert service.job(small)["phase"] == "Pending"
        job = message(service, huge, "next try", "1000 CPU")
        assert (job["phase"], job["reason"], job["attempt"]) == ("Pending", "BackOff", 1)
        assert service.until(small, seconds=SECONDS)["phase"] == "Succeeded"
        service.post(f"/jobsub/jobs/{huge}/cancel")
        assert service.until(huge, seconds=SECONDS)["phase"] == "Cancelled"


def test_a_job_goes_on_while_the_service_is_killed(service: Live) -> None:
    id = service.submit(LINES)["id"]
    service.until(id, "Running", seconds=SECONDS)
    service.kill()
    service.start()
    job = service.until(id, seconds=SECONDS)
    assert (job["phase"], job["exit_code"], job["attempt"]) == ("Failed", 7, 1)
    assert service.log(id).splitlines() == [b"line %d" % n for n in range(1, 201)]


def test_nothing_is_left_of_what_has_ended(service: Live, namespace: Namespace) -> None:
    id = service.submit("true", env={"SECRET": "x"})["id"]
    service.until(id, seconds=SECONDS)
    end = time.monotonic() + SECONDS
    selected = f"labelSelector=jupyter-jobsub/job={id}"
    while any(namespace.api.call("GET", f"{namespace.path}/{kind}?{selected}")["items"] for kind in KINDS):
        assert time.monotonic() < end
        time.sleep(0.05)


KINDS = ("pods", "secrets", "services")


def test_what_it_is_and_has_is_shown(service: Live, namespace: Namespace) -> None:
    status = service.get("/jobsub/status").json
    assert (status["engine"], status["trouble"]) == ("kubernetes", "")
    assert status["runs_on"].endswith(f"namespace {namespace.name}")
    catalog = service.get("/jobsub/catalog").json
    assert [image["name"] for image in catalog["images"]] == ["base", "missing"]
    assert service.get("/jobsub/usage").json["capacity"] is None


def test_doctor_reaches_the_cluster(service: Live, namespace: Namespace) -> None:
    found = examined(service)
    assert found["cluster"]["level"] == found["images"]["level"] == "ok"
    assert namespace.name in found["cluster"]["text"]


def test_doctor_says_what_is_missing(service: Live, namespace: Namespace) -> None:
    service.configure(configuration(namespace.kubeconfig, namespace="nowhere"))
    try:
        found = examined(service)
    finally:
        service.configure(configuration(namespace.kubeconfig))
    assert found["configuration"]["level"] == "ok"
    assert (found["cluster"]["level"], bool(found["cluster"]["remedy"])) == ("fail", True)
    assert "nowhere" in found["cluster"]["text"]


def examined(service: Live) -> dict[str, dict[str, str]]:
    """What ``doctor`` asks the service's program, by what was looked at."""
    command = [sys.executable, "-m", "jupyter_jobsub.service", "--check", "--data-dir", str(service.data)]
    done = subprocess.run(command, env=service.env, capture_output=True, text=True, check=True)
    return {row["check"]: row for row in map(json.loads, done.stdout.splitlines())}
