"""F13 and F14: what the command line and the extension add to the service's own answer."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import product
from .figures import REGISTRY, Bench, Bound, CannotMeasure, Outcome, Term, interleave
from .http import Connection
from .idle import jupyter_with_extension
from .product import JOBS

COMMANDS = 25
REQUESTS = 300
JOBS_LISTED = 20


@REGISTRY.figure("F13")
def list_command(bench: Bench) -> Sequence[Outcome]:
    """Run ``jupyter jobsub list`` as a whole process, and ``jupyter --paths``."""
    jupyter = Path(sys.executable).parent / "jupyter"
    with product.running(bench, "F13-service") as service:
        with service.connect() as connection:
            for _ in range(JOBS_LISTED):
                product.submit(connection, {"command": "true"})
            product.until_idle(connection)
        ours, paths = interleave(
            COMMANDS,
            lambda: _whole_process((jupyter, "jobsub", "list"), service.variables),
            lambda: _whole_process((jupyter, "--paths"), service.variables),
        )
    return [
        Outcome(
            "F13",
            f"`jupyter jobsub list` of {JOBS_LISTED} jobs as a whole process",
            Term("ours", ours, "ms"),
            Term("`jupyter --paths`", paths, "ms"),
            Bound("≤ 2.5 ×", 2.5),
        )
    ]


@REGISTRY.figure("F14")
def through_the_extension(bench: Bench) -> Sequence[Outcome]:
    """Ask for one job by both ways, each over a connection that is kept."""
    with product.running(bench, "F14-service") as service, service.connect() as straight:
        id = product.submit(straight, {"command": "true"})["id"]
        product.until_idle(straight)
        with jupyter_with_extension(bench.folder("F14"), service) as server, server.connect() as through:
            ours, own = interleave(REQUESTS, lambda: _get(through, id), lambda: _get(straight, id))
    return [
        Outcome(
            "F14",
            "one job, through the extension",
            Term("extension", ours, "ms"),
            Term("straight to the service", own, "ms"),
            Bound("≤ +3 ms", 3, of="difference"),
        )
    ]


def _whole_process(command: tuple[str | Path, ...], environment: Mapping[str, str]) -> float:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    began = time.perf_counter()
    pid = os.posix_spawn(command[0], command, environment, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, 1)])
    _, status = os.waitpid(pid, 0)
    elapsed = (time.perf_counter() - began) * 1e3
    os.close(nowhere)
    if status:
        raise CannotMeasure(
            f"{' '.join(map(str, command[1:]))} ended with {os.waitstatus_to_exitcode(status)}"
        )
    return elapsed


def _get(connection: Connection, id: str) -> float:
    began = time.perf_counter()
    answer = connection.request("GET", f"{JOBS}/{id}")
    elapsed = (time.perf_counter() - began) * 1e3
    if answer.status != 200:
        raise CannotMeasure(f"GET answered {answer.status}: {answer.body[:200]!r}")
    return elapsed
