"""Facts of the machine, printed above the figures: what a commit costs here decides many of them."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SAMPLES = 101


def facts(folder: Path) -> dict[str, Any]:
    """Measure and collect; the folder is on the file system that the figures use."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _model(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
        "append_fsync_ms": _append_fsync(folder),
        "wal_commit_ms": _wal_commit(folder),
    }


def line(found: dict[str, Any]) -> str:
    """Say the facts in one line."""
    costs = f"fsync of a 4 kB append {found['append_fsync_ms']} ms"
    costs += f", SQLite WAL commit (FULL) {found['wal_commit_ms']} ms"
    system = f"{found['cores']} cores ({found['cpu']}), Linux {found['kernel']}, Python {found['python']}"
    return f"machine: {system}, load {found['load']}; {costs}"


def _model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((text.split(":", 1)[1].strip() for text in lines if text.startswith("model name")), "unknown")


def _append_fsync(folder: Path) -> float:
    descriptor = os.open(folder / "append", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append() -> None:
        os.write(descriptor, b"x" * 4096)
        os.fsync(descriptor)

    try:
        return _median_ms(append)
    finally:
        os.close(descriptor)


def _wal_commit(folder: Path) -> float:
    database = sqlite3.connect(folder / "commit.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT)")
    try:
        return _median_ms(lambda: database.execute("INSERT INTO row (text) VALUES (?)", ("x" * 500,)))
    finally:
        database.close()


def _median_ms(act: Callable[[], object]) -> float:
    times = []
    for _ in range(_SAMPLES):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return round(statistics.median(times) * 1e3, 3)
