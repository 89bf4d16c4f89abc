"""How ``usage`` reads."""

from __future__ import annotations

import pytest

from jupyter_jobsub.cli.inventory import show_usage

GIB = 2**30
FOUND = {
    "capacity": {"cpu": 8000, "memory": 64 * GIB, "gpu": {"A100": 4, "T4": 2}},
    "held": {"cpu": 2500, "memory": 12 * GIB, "gpu": {"A100": 4}},
    "disk": {"total": 1024 * GIB, "free": 700 * GIB, "kept_bytes": 4 * GIB},
    "groups": [
        {
            "name": "research",
            "configured": True,
            "quota": {"cpu": None, "memory": 16 * GIB, "gpus": 2, "gpu": {"T4": 0}},
            "held": {"cpu": 1500, "memory": 8 * GIB, "gpu": {"A100": 4}},
            "over": ["gpus"],
            "running": 2,
            "waiting": 5,
            "kept_bytes": 3 * GIB,
            "users": [
                {
                    "name": "bob",
                    "quota": {"cpu": 1000, "memory": None, "gpus": None, "gpu": {}},
                    "held": {"cpu": 1500, "memory": 8 * GIB, "gpu": {"A100": 4}},
                    "over": ["cpu"],
                    "running": 2,
                    "waiting": 1,
                    "kept_bytes": 1536,
                }
            ],
        },
        {
            "name": "gone",
            "configured": False,
            "quota": {"cpu": None, "memory": None, "gpus": None, "gpu": {}},
            "held": {"cpu": 1000, "memory": 4 * GIB, "gpu": {}},
            "over": [],
            "running": 1,
            "waiting": 0,
            "kept_bytes": 0,
            "users": [],
        },
    ],
}


def test_what_is_held_of_each_resource_and_what_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    show_usage(FOUND)
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["GROUP", "USER", "CPU", "MEMORY GiB", "GPU", "A100", "T4", "RUNNING", "WAITING", "KEPT"],
        ["(machine)", "-", "2.5/8", "12/64", "4/6", "4/4", "0/2", "-", "-", "4 GiB"],
        ["research", "-", "1.5", "8/16", "4/2 over", "4", "0/0", "2", "5", "3 GiB"],
        ["research", "bob", "1.5/1 over", "8", "4", "4", "0", "2", "1", "1.5 KiB"],
        ["gone (not configured)", "-", "1", "4", "0", "0", "0", "1", "0", "0 B"],
        ["free disk", "700 GiB of 1 TiB"],
    ]


def test_a_machine_without_gpus_has_no_columns_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    disk = {"total": 2, "free": 1, "kept_bytes": 0}
    nothing = {"cpu": 0, "memory": 0, "gpu": {}}
    show_usage({"capacity": None, "held": nothing, "disk": disk, "groups": []})
    assert capsys.readouterr().out.splitlines() == [
        "GROUP\tUSER\tCPU\tMEMORY GiB\tRUNNING\tWAITING\tKEPT",
        "(all)\t-\t0\t0\t-\t-\t0 B",
        "free disk\t1 B of 2 B",
    ]


def test_a_cluster_is_no_machine_and_has_no_limit_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    show_usage({**FOUND, "capacity": None})
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert lines[1][:4] == ["(all)", "-", "2.5", "12"]
