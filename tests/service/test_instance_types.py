"""How large a job is: by the name of an instance type, or by a number of GPUs."""

from __future__ import annotations

from pathlib import Path

from tests.service.people import ask, working


def test_a_number_of_gpus_chooses_the_smallest_type_that_has_them(tmp_path: Path) -> None:
    with working(tmp_path) as jobs:
        chosen = {}
        for gpus in (0, 1, 2, 3):
            job = ask(jobs.service, "bob", "POST", "/jobsub/jobs", {"command": "true", "gpus": gpus}).json
            chosen[gpus] = job["instance_type"], job["request"]["gpu"]
        assert chosen == {
            0: ("cpu", {}),
            1: ("gpu-1", {"A100": 1}),
            2: ("gpu-2", {"A100": 2}),
            3: ("gpu-4", {"A100": 4}),
        }
        spec = ask(jobs.service, "bob", "GET", f"/jobsub/jobs/{job['id']}/spec").json
        assert (spec.get("gpus"), spec["instance_type"]) == (None, "gpu-4")  # which is what a clone asks for


def test_a_number_of_gpus_that_no_type_has_is_told_with_all_else_that_is_wrong(tmp_path: Path) -> None:
    with working(tmp_path) as jobs:
        spec = {"command": "true", "gpus": 5, "working_dir": "/nowhere"}
        answer = ask(jobs.service, "bob", "POST", "/jobsub/jobs", spec)
        assert answer.status == 422
        wrong = {error["field"]: error["message"] for error in answer.json["errors"]}
        assert wrong["gpus"] == "no instance type has 5; the largest has 4"
        assert wrong.keys() == {"gpus", "working_dir"}
        both = {"command": "true", "gpus": 1, "instance_type": "gpu-2"}
        (error,) = ask(jobs.service, "bob", "POST", "/jobsub/jobs", both).json["errors"]
        assert (error["field"], error["message"]) == ("gpus", "an instance type is given too")
