"""One example of each request and answer, for the OpenAPI document: a day in the group research."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from .example_problems import ID

Json: TypeAlias = Mapping[str, Any]

AGAIN = "job-20260131-8s1vbn3x"
SWEEP = "sweep-20260131-2c5d9f0k"
SPEC = {"name": "train", "command": "echo epoch 1", "instance_type": "gpu-1", "retries": 1}

_GPU: Json = {
    "uuid": "GPU-4b1ab5a3-9d1c-4f0e-8a53-5c8f4f1d2e77",
    "name": "A100",
    "memory_total": 42949672960,
}
_WAITING: Json = {
    "id": ID,
    "name": "train",
    "user": "ada",
    "group": "research",
    "phase": "Pending",
    "reason": "QuotaExceeded",
    "message": "ada uses 2 of her 2 GPUs in research; this job asks 1",
    "position": 1,
    "kind": "command",
    "instance_type": "gpu-1",
    "image": "python3",
    "request": {"cpu": 4000, "memory": 17179869184, "gpu": {"A100": 1}},
    "priority": 100,
    "preemptible": False,
    "retries": 1,
    "deadline_seconds": 86400,
    "ttl_seconds": 604800,
    "attempt": 0,
    "failures": 0,
    "queued_at": "2026-01-31T08:15:30.123456Z",
    "admitted_at": None,
    "started_at": None,
    "finished_at": None,
    "duration_seconds": None,
    "exit_code": None,
    "progress": None,
    "usage": None,
    "log_expired": False,
    "kept_bytes": None,
    "rerun_of": None,
    "sweep": None,
    "parameters": {},
    "intent": "run",
    "version": 1,
    "allowed": ["cancel", "pause", "edit", "clone"],
}
_OF_SWEEP: Json = {**_WAITING, "sweep": SWEEP}
_RUNNING: Json = {
    **_WAITING,
    "phase": "Running",
    "reason": "Started",
    "message": "",
    "position": None,
    "attempt": 1,
    "admitted_at": "2026-01-31T08:20:00.000100Z",
    "started_at": "2026-01-31T08:20:00.015400Z",
    "duration_seconds": 12.5,
    "progress": {"fraction": 0.45, "text": "9/20", "eta_seconds": 15},
    "usage": {
        "at": "2026-01-31T08:20:10.001200Z",
        "cpu": 3870,
        "memory": 5368709120,
        "gpus": [{**_GPU, "utilization": 0.93, "memory": 21474836480}],
    },
    "version": 3,
}
_ENDING: Json = {**_RUNNING, "version": 4, "allowed": ["edit", "clone"]}
_DONE: Json = {
    **_RUNNING,
    "phase": "Succeeded",
    "reason": "Completed",
    "finished_at": "2026-01-31T08:25:00.015400Z",
    "duration_seconds": 300.0,
    "exit_code": 0,
    "progress": None,
    "usage": None,
    "kept_bytes": 482304,
    "version": 4,
    "allowed": ["edit", "rerun", "clone", "purge", "delete"],
}
_TASK: Json = {
    "role": "main",
    "index": 0,
    "attempt": 1,
    "started_at": _DONE["started_at"],
    "finished_at": _DONE["finished_at"],
    "exit_code": 0,
    "reason": "Completed",
    "message": "",
    "host": "workstation",
    "note": "",
    "ports": {},
}
_DETAIL: Json = {
    **_DONE,
    "tasks": [_TASK],
    "command": "echo epoch 1",
    "working_dir": None,
    "snapshot": None,
    "output": None,
}
_STARTED: Json = {
    "id": 1204,
    "at": _RUNNING["started_at"],
    "phase": "Running",
    "reason": "Started",
    "message": "",
    "attempt": 1,
}
_QUOTA: Json = {"cpu": None, "memory": None, "gpus": 4, "gpu": {}}
_USERS_QUOTA: Json = {"cpu": None, "memory": None, "gpus": 2, "gpu": {}}
_CATALOG: Json = {
    "user": "ada",
    "engine": "local",
    "groups": [
        {
            "name": "research",
            "quota": _QUOTA,
            "user_quota": _USERS_QUOTA,
            "volume": "/project/research",
            "datasets": {"images": "/data/images"},
            "instance_types": ["gpu-1"],
            "images": ["python3"],
        }
    ],
    "instance_types": [{"name": "gpu-1", "description": "one GPU and its share", **_WAITING["request"]}],
    "images": [{"name": "python3", "reference": "/opt/conda", "description": "Python 3 (ipykernel)"}],
    "defaults": {
        "group": "research",
        "instance_type": "gpu-1",
        "image": "python3",
        "priority": 100,
        "deadline_seconds": 86400,
        "ttl_seconds": 604800,
    },
    "limits": {
        "max_waiting_per_user": 1000,
        "max_body_bytes": 1048576,
        "max_snapshot_bytes": 20971520,
        "max_log_bytes": 1073741824,
        "max_artifact_files": 1000,
        "max_artifact_bytes": 10737418240,
    },
    "notes": ["CPU and memory are counted on this machine, not enforced."],
}
_HELD: Json = {"cpu": 8000, "memory": 34359738368, "gpu": {"A100": 2}}
_COUNTS: Json = {"held": _HELD, "over": [], "running": 2, "waiting": 1, "kept_bytes": 734003200}
_USAGE: Json = {
    "capacity": {"cpu": 32000, "memory": 274877906944, "gpu": {"A100": 4}},
    "held": _HELD,
    "disk": {"total": 1099511627776, "free": 824633720832, "kept_bytes": 2936012800},
    "groups": [
        {
            "name": "research",
            "configured": True,
            "quota": _QUOTA,
            **_COUNTS,
            "users": [{"name": "ada", "quota": _USERS_QUOTA, **_COUNTS}],
        }
    ],
}
_STATUS: Json = {
    "pid": 4711,
    "socket": "/home/ada/.local/share/jupyter/jobsub/service.sock",
    "data_dir": "/home/ada/.local/share/jupyter/jobsub",
    "database": "/home/ada/.local/share/jupyter/jobsub/jobsub.db",
    "store": "6f1c20de9a3b4e75",
    "engine": "local",
    "runs_on": "workstation",
    "trouble": "",
    "version": "1.0.0",
    "started_at": "2026-01-31T07:00:00.000000Z",
    "user": "ada",
    "jobs": {
        "Pending": 1,
        "Preparing": 0,
        "Running": 2,
        "Paused": 0,
        "Unknown": 0,
        "Succeeded": 40,
        "Failed": 2,
        "Cancelled": 1,
    },
    "draining": False,
    "waiting_launches": 0,
}
_SERIES: Json = {
    "id": ID,
    "attempt": 1,
    "role": "main",
    "task": 0,
    "window": "15m",
    "step_seconds": 10,
    "at": ["2026-01-31T08:20:00.000000Z", "2026-01-31T08:20:10.000000Z"],
    "cpu": [3870, None],
    "memory": [5368709120, None],
    "disk_read": [1048576, None],
    "disk_write": [0, None],
    "network_received": [2311, None],
    "network_sent": [1840, None],
    "network_scope": "host",
    "gpus": [{**_GPU, "utilization": [0.93, None], "memory": [21474836480, None]}],
}
_LOG_STREAM: tuple[tuple[str, Json, str | None], ...] = (
    ("job", _RUNNING, None),
    ("log", {"text": "epoch 1\n"}, "1:8"),
    ("log", {"base64": "/w=="}, "1:9"),
    ("attempt", {"attempt": 2}, "2:0"),
    ("end", _DONE, None),
)
_EVENT_STREAM: tuple[tuple[str, Json, str | None], ...] = (
    ("hello", {"last": 1203}, None),
    ("job", {"event": _STARTED, "job": _RUNNING}, "1204"),
    ("deleted", {"id": AGAIN}, "1205"),
)
STREAMS = {"get_log": _LOG_STREAM, "events": _EVENT_STREAM}
_METRICS = """\
# HELP jobsub_jobs Jobs by group and phase.
# TYPE jobsub_jobs gauge
jobsub_jobs{group="research",phase="Running"} 2.0
"""


REQUESTS: Mapping[str, Json] = {
    "submit": SPEC,
    "submit_sweep": {"spec": SPEC, "grid": {"lr": [0.1, 0.01]}},
    "edit": {"priority": 500},
    "stop": {"handover": False},
    "drain": {"drain": True},
}
ANSWERS: Mapping[str, Any] = {
    "submit": _WAITING,
    "submit_sweep": {
        "id": SWEEP,
        "items": [
            {**_OF_SWEEP, "name": "train lr=0.1", "parameters": {"lr": 0.1}},
            {**_OF_SWEEP, "id": AGAIN, "name": "train lr=0.01", "parameters": {"lr": 0.01}, "position": 2},
        ],
    },
    "list_jobs": {"items": [_WAITING], "next": None, "total": 1},
    "get_job": _DETAIL,
    "edit": {**_WAITING, "priority": 500, "version": 2},
    "purge": {**_DONE, "log_expired": True, "kept_bytes": 0, "allowed": ["edit", "rerun", "clone", "delete"]},
    "cancel": {**_ENDING, "reason": "Cancelling", "intent": "cancel"},
    "pause": {**_ENDING, "reason": "Pausing", "intent": "pause", "allowed": ["cancel", "edit", "clone"]},
    "resume": {
        **_WAITING,
        "phase": "Paused",
        "reason": "Resuming",
        "message": "",
        "position": None,
        "attempt": 1,
        "version": 7,
    },
    "rerun": {**_WAITING, "id": AGAIN, "rerun_of": ID},
    "get_spec": {**SPEC, "group": "research", "image": "python3"},
    "get_log": "epoch 1\nepoch 2\n",
    "list_artifacts": {
        "attempt": 1,
        "items": [{"path": "model/weights.bin", "size": 481280, "modified_at": _DONE["finished_at"]}],
        "bytes": 481280,
        "complete": True,
        "dropped": ["model/weights.old"],
        "dropped_count": 1,
        "dropped_bytes": 11737418240,
        "dropped_because": ["at most 10 GiB are kept"],
    },
    "get_artifact": "the bytes of the file",
    "get_output": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "timeline": {"items": [_STARTED]},
    "get_metrics": _SERIES,
    "catalog": _CATALOG,
    "usage": _USAGE,
    "status": _STATUS,
    "stop": {"stopping": True},
    "reload": {"changed": ["groups"], "at_next_start": ["memory"]},
    "drain": {"draining": True},
    "healthz": {"status": "ok"},
    "metrics": _METRICS,
    "openapi": {
        "openapi": "3.1.0",
        "info": {"title": "Jupyter Jobsub", "version": "1.0.0"},
        "paths": {},
        "components": {},
    },
}
