"""Rows of jobs as the service tells them."""

from __future__ import annotations

from typing import Any


def row(**changes: Any) -> dict[str, Any]:
    """A job that runs, with changes."""
    return {
        "id": "job-20260131-k7x2mp9w",
        "name": "train",
        "group": "team",
        "kind": "command",
        "phase": "Running",
        "reason": "Started",
        "message": "",
        "position": None,
        "request": {"cpu": 2000, "memory": 4 << 30, "gpu": {}},
        "attempt": 1,
        "queued_at": "2026-01-31T08:00:00.000000Z",
        "started_at": "2026-01-31T08:10:00.000000Z",
        "finished_at": None,
        "duration_seconds": 65.0,
        "exit_code": None,
        "progress": None,
        "usage": None,
        "log_expired": False,
        "rerun_of": None,
        "allowed": ["cancel", "pause"],
        **changes,
    }
