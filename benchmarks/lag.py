"""F9: how long after a job has written a line its follower has it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from jupyter_jobsub.archive import Archive
from jupyter_jobsub.model.job import JobId, TaskKey

from . import product
from .figures import REGISTRY, Bench, Bound, CannotMeasure, Outcome, Term, interleave
from .product import JOBS, Service

ROUNDS = 7
LINES = 100
FIRST = 10  # lines of a round that are left out: its reader has only just come
WRITER = """\
import os, time
while True:
    os.write(1, b"%d\\n" % time.monotonic_ns())
    time.sleep(0.02)
"""


@REGISTRY.figure("F9")
def log_lag(bench: Bench) -> Sequence[Outcome]:
    """Follow a job that writes the time, as its follower and with ``tail -f`` of its log, in turns."""
    writer = bench.folder("F9") / "writer.py"
    writer.write_text(WRITER)
    with product.running(bench, "F9-service") as service, service.connect() as connection:
        command = [sys.executable, "-I", "-S", str(writer)]
        id = product.submit(connection, {"command": command})["id"]
        product.until_running(connection, id)
        log = Archive(service.data_dir / "archive").logs.path(TaskKey(JobId(id), 1))
        ours, tail = interleave(ROUNDS, lambda: p95(followed(service, id)), lambda: p95(_tailed(log)))
        connection.request("POST", f"{JOBS}/{id}/cancel")
    what = f"log lag, writer → follower, p95 of {LINES} lines"
    own, other = Term("ours", ours, "ms"), Term("tail -f", tail, "ms")
    return [
        Outcome("F9", what, own, other, Bound("≤ 5 ×", 5)),
        Outcome("F9", what, own, None, Bound("≤ 5 ms", 5)),
    ]


def p95(taken: Iterator[float]) -> float:
    """Nineteen of twenty lines are no later than this."""
    return statistics.quantiles(islice(taken, FIRST, FIRST + LINES), n=20)[-1]


def followed(service: Service, id: str) -> Iterator[float]:
    """Follow a job's log as a person does, and give how late each line is."""
    with service.connect() as follower:
        for line in follower.open_stream(f"{JOBS}/{id}/log?follow=true&tail=0"):
            now = time.monotonic_ns()  # it is here; what a reader makes of it is not our time, nor tail's
            if line.startswith(b'data: {"text":'):
                yield from lags(now, json.loads(line[6:])["text"].splitlines())
    raise CannotMeasure(f"the log of {id} ended")


def _tailed(log: Path) -> Iterator[float]:
    with subprocess.Popen(["tail", "-n", "0", "-f", log], stdout=subprocess.PIPE, bufsize=0) as tail:
        assert tail.stdout
        try:
            while piece := tail.stdout.read(1 << 16):
                yield from lags(time.monotonic_ns(), piece.decode().splitlines())
        finally:
            tail.terminate()
    raise CannotMeasure(f"tail -f of {log} ended")


def lags(now: int, stamps: Sequence[str]) -> Iterator[float]:
    """Say how long before now the writer has written each line, in milliseconds."""
    for stamp in stamps:
        yield (now - int(stamp)) / 1e6
