"""Parameter sweeps over REST: jobs that belong together, all of them or none."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import Answer, Live, live

EXAMPLE = Path(__file__).parents[2] / "examples" / "train.ipynb"


@pytest.fixture(scope="module")
def service(new_database: Callable[[], str]) -> Iterator[Live]:
    with live(new_database() + "c.JobsubService.max_waiting_per_user = 40\n") as one:
        yield one


def sweep(service: Live, spec: dict[str, Any], grid: dict[str, Any], key: str | None = None) -> Answer:
    return service.post(
        "/jobsub/sweeps", {"spec": spec, "grid": grid}, {"Idempotency-Key": key} if key else {}
    )


def stored(service: Live) -> int:
    return sum(service.get("/jobsub/status").json["jobs"].values())


def test_a_grid_makes_jobs_that_belong_together(service: Live) -> None:
    spec = {"name": "train", "command": 'echo "$lr $depth $fixed"', "parameters": {"fixed": "yes"}}
    made = sweep(service, spec, {"lr": [0.1, 0.01], "depth": [2, "x y"]})
    assert made.status == 201
    id, items = made.json["id"], made.json["items"]
    assert [row["name"] for row in items] == [
        *("train lr=0.1 depth=2", "train lr=0.1 depth=x y"),
        *("train lr=0.01 depth=2", "train lr=0.01 depth=x y"),
    ]
    assert {row["sweep"] for row in items} == {id}
    assert made.headers["Location"] == f"/jobsub/jobs?sweep={id}"
    said = []
    for row in items:
        assert service.until(row["id"], seconds=60)["phase"] == "Succeeded"
        said.append(service.log(row["id"]).decode().strip())
    assert said == ["0.1 2 yes", "0.1 x y yes", "0.01 2 yes", "0.01 x y yes"]
    listed = service.get("/jobsub/jobs", sweep=id).json["items"]
    assert [row["id"] for row in listed] == [row["id"] for row in reversed(items)]
    assert listed[0]["parameters"] == {"fixed": "yes", "lr": 0.01, "depth": "x y"}
    assert service.get("/jobsub/jobs", sweep=id, text="depth=2", limit=1).json["items"] == [listed[1]]
    assert service.get("/jobsub/jobs", sweep="sweep-20200101-00000000").json["items"] == []


def test_a_rerun_of_one_is_a_plain_job(service: Live) -> None:
    (row,) = sweep(service, {"command": "true"}, {"lr": [1]}).json["items"]
    service.until(row["id"])
    again = service.post(f"/jobsub/jobs/{row['id']}/rerun").json
    assert (again["rerun_of"], again["sweep"], again["parameters"]) == (row["id"], None, {"lr": 1})
    clone = service.post("/jobsub/jobs", service.get(f"/jobsub/jobs/{row['id']}/spec").json).json
    assert (clone["sweep"], clone["parameters"]) == (None, {"lr": 1})


def test_a_key_makes_it_once(service: Live) -> None:
    key = f"k-{time.monotonic_ns()}"
    first = sweep(service, {"command": "true"}, {"lr": [1, 2]}, key)
    second = sweep(service, {"command": "true"}, {"lr": [1, 2]}, key)
    assert (first.status, second.status) == (201, 200)
    assert second.json["id"] == first.json["id"]
    assert [row["id"] for row in second.json["items"]] == [row["id"] for row in first.json["items"]]
    assert sweep(service, {"command": "true"}, {"lr": [1]}, key).status == 409
    assert service.post("/jobsub/jobs", {"command": "true"}, {"Idempotency-Key": key}).status == 409


def test_nothing_is_stored_of_a_wrong_one_and_all_of_it_is_told(service: Live) -> None:
    before = stored(service)
    spec = {"command": "true", "group": "nobody", "priority": 0, "image": "none", "parameters": {"lr": 1}}
    answer = sweep(service, spec, {"lr": [1, 1], "depth": [2]})
    assert answer.status == 422
    assert sorted(answer.fields) == [
        *("grid.lr", "grid.lr.1", "spec.group", "spec.image", "spec.priority"),
    ]
    assert all(error["remedy"] for error in answer.json["errors"])
    assert sweep(service, {"script": "/nowhere/x.py"}, {"lr": [1]}).fields == ["spec.script"]
    assert stored(service) == before


def settle(service: Live) -> None:
    """Leave nothing waiting."""
    for row in service.get("/jobsub/jobs", phase="unfinished", limit=500).json["items"]:
        service.until(row["id"], seconds=60)


def test_who_has_too_many_waiting_is_told_before_anything_is_stored(service: Live) -> None:
    settle(service)
    before = stored(service)
    answer = sweep(service, {"command": "true"}, {"n": list(range(41))})
    assert (answer.status, answer.fields) == (422, ["grid"])
    assert "makes 41 jobs" in answer.json["errors"][0]["message"]
    assert stored(service) == before
    assert sweep(service, {"command": "true"}, {"n": list(range(40))}).status == 201
    settle(service)


def test_a_sweep_outlives_the_service(service: Live) -> None:
    key = f"k-{time.monotonic_ns()}"
    made = sweep(service, {"command": "true"}, {"lr": [1, 2, 3]}, key).json
    service.kill()
    service.start()
    assert len(service.get("/jobsub/jobs", sweep=made["id"]).json["items"]) == 3
    assert sweep(service, {"command": "true"}, {"lr": [1, 2, 3]}, key).json["id"] == made["id"]


def test_the_example_notebook_with_two_parameters(service: Live) -> None:
    spec = {"notebook": str(EXAMPLE), "image": "python3"}
    made = sweep(service, spec, {"epochs": [1, 2], "learning_rate": [0.01, 0.02]}).json
    for row in made["items"]:
        assert service.until(row["id"], seconds=100)["phase"] == "Succeeded"
        cells = json.loads(Path(service.job(row["id"])["output"]).read_text())["cells"]
        (injected,) = [c["source"] for c in cells if "injected-parameters" in c["metadata"].get("tags", ())]
        values = row["parameters"]
        lines = ["# Parameters", f"epochs = {values['epochs']}", f"learning_rate = {values['learning_rate']}"]
        assert "".join(injected).splitlines() == lines
