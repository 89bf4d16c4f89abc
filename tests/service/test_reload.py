"""The configuration is reread while the service runs; a bad one changes nothing and says what to do."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest

from tests.live import Live, live


def reload(service: Live, config: str) -> dict[str, dict[str, Any]]:
    """Reread a configuration; answer what is wrong with it, by setting."""
    service.configure(config)
    answer = service.post("/jobsub/reload")
    assert answer.status in (200, 422), answer.body
    errors = answer.json.get("errors", [])
    assert all(error["message"] and error["remedy"] for error in errors)
    return {error["field"].removeprefix("JobsubService."): error for error in errors}


def test_a_bad_file_changes_nothing_and_names_every_mistake_with_its_line(service: Live) -> None:
    before = service.get("/jobsub/catalog").json
    wrong = reload(
        service,
        """
c.JobsubService.max_waiting_per_user = 0
c.JobsubService.instance_types = {
    "small": {"cpu": 1},
    "odd": {"cpu": -1, "memory": "lots"},
}
c.JobsubService.groups = {
    "lab": {
        "quota": {"gpus": -2, "gpu": {"A100": "two"}},
        "user_quota": {"cpus": 1},
        "members": "ann",
        "instance_types": ["small",
                           "huge"],
        "images": ["nothing"],
    },
    "../x": {},
}
""",
    )
    # the first line of the file is the test's own
    assert {
        field: int(error["message"].rpartition(", line ")[2][:-1]) - 1 for field, error in wrong.items()
    } == {
        "max_waiting_per_user": 2,
        "instance_types.odd.cpu": 5,
        "instance_types.odd.memory": 5,
        "groups.lab.quota.gpus": 9,
        "groups.lab.quota.gpu.A100": 9,
        "groups.lab.user_quota.cpus": 10,
        "groups.lab.members": 11,
        "groups.lab.instance_types.1": 13,
        "groups.lab.images.0": 14,
        "groups.../x": 16,
    }
    assert service.get("/jobsub/catalog").json == before


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ("c.JobsubService.groups = {'a': {'volume': 'here'}}", "groups.a.volume"),
        ("c.JobsubService.groups = {'a': {'datasets': {'../d': '/x'}}}", "groups.a.datasets.../d"),
        ("c.JobsubService.groups = {'a': 3}", "groups.a"),
        ("c.JobsubService.groups = []", "groups"),
        ("c.JobsubService.cpu = 'many'", "cpu"),
        ("c.JobsubService.identity = 'hub'", "identity"),
        ("c.JobsubService.kubernetes = {'namespace': 'Lab'}", "kubernetes.namespace"),
        ("c.JobsubService.images = {'torch': 'pytorch/pytorch'}", "images"),
    ],
)
def test_a_wrong_setting_is_named(service: Live, config: str, field: str) -> None:
    assert set(reload(service, config)) == {field}


def test_a_file_that_can_not_be_read_is_named_with_its_line(service: Live) -> None:
    for config, line in [("x = 1\nc.JobsubService.groups = {", 3), ("1 / 0", 2)]:
        (field,) = reload(service, config)
        assert field.endswith(f"jupyter_jobsub_config.py, line {line}")


def test_a_service_does_not_start_with_it_and_says_why() -> None:
    with live() as service:
        service.stop()
        service.configure("c.JobsubService.groups = {'lab': {'quota': {'cpu': -1}}}")
        with pytest.raises(RuntimeError, match=r"groups\.lab\.quota\.cpu: .*config\.py, line 2"):
            service.start()


def test_what_can_only_change_at_a_start_says_so() -> None:
    with live() as service:
        before = service.get("/jobsub/usage").json["capacity"]
        service.configure('c.JobsubService.memory = "640Gi"\nc.JobsubService.halt_grace_seconds = 3.0')
        answers = [service.post("/jobsub/reload").json for _ in range(2)]
        assert [answer["at_next_start"] for answer in answers] == [["memory"], ["memory"]]
        assert [answer["changed"] for answer in answers] == [["halt_grace_seconds"], []]
        assert service.get("/jobsub/usage").json["capacity"] == before


def test_a_hangup_signal_rereads_too() -> None:
    with live() as service:
        service.configure('c.JobsubService.groups = {"new": {}}')
        assert service.process
        os.kill(service.process.pid, signal.SIGHUP)
        end = time.monotonic() + 20
        while [g["name"] for g in service.get("/jobsub/catalog").json["groups"]] != ["new"]:
            assert time.monotonic() < end
            time.sleep(0.02)
