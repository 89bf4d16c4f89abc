"""F5 and F6: what the way through the service adds to a job's own time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import product
from .figures import REGISTRY, Bench, Bound, CannotMeasure, Outcome, Term, interleave
from .product import JOBS, Service

PAIRS = 15
LINES = 25
COMMAND = "echo hello"
SHELL = "/bin/bash" if os.path.exists("/bin/bash") else "/bin/sh"  # as the engine chooses it
# forks and execs the command as a supervisor must, with the cheapest start that Python has
BARE = f"""\
import os
pid = os.fork()
if not pid:
    os.execv({SHELL!r}, [{SHELL!r}, "-c", {COMMAND!r}])
os.waitpid(pid, 0)
"""


@REGISTRY.figure("F5")
def empty_notebook(bench: Bench) -> Sequence[Outcome]:
    """Run an empty notebook as a job, and by the same runner with nothing around it."""
    folder = bench.folder("F5")
    notebook = product.empty_notebook(folder)
    with product.running(bench, "F5-service") as service:
        ours, bare = interleave(
            PAIRS,
            lambda: _submit_to_final(service, {"notebook": str(notebook)}),
            lambda: _bare_run(service, folder, notebook),
        )
    return [
        Outcome(
            "F5",
            f"empty notebook, submit → final, {PAIRS} pairs",
            Term("ours", ours, "ms"),
            Term("bare run of the same runner", bare, "ms"),
            Bound("≤ 1.08 ×", 1.08),
        )
    ]


@REGISTRY.figure("F6")
def first_line(bench: Bench) -> Sequence[Outcome]:
    """Submit a shell job and follow its log to its first line."""
    with product.running(bench, "F6-service") as service:
        ours, bare = interleave(LINES, lambda: _submit_to_first_line(service), _bare_first_line)
    return [
        Outcome(
            "F6",
            "shell job, submit → its first line at a follower",
            Term("ours", ours, "ms"),
            Term("bare Python that forks and execs it", bare, "ms"),
            Bound("≤ 2 ×", 2),
        )
    ]


def _submit_to_final(service: Service, spec: dict[str, str]) -> float:
    with service.connect() as events, service.connect() as connection:
        stream = events.events("/jobsub/events")
        next(stream)  # hello: it follows from here
        began = time.perf_counter()
        id = product.submit(connection, spec)["id"]
        for name, data in stream:
            if name == "job" and data["job"]["id"] == id and data["job"]["finished_at"]:
                elapsed = (time.perf_counter() - began) * 1e3
                break
    if data["job"]["phase"] != "Succeeded":
        raise CannotMeasure(f"the job ended {data['job']['phase']}: {data['job']['message']}")
    return elapsed


def _bare_run(service: Service, folder: Path, notebook: Path) -> float:
    runner = (sys.executable, "-m", "jupyter_jobsub.runner")
    command = (*runner, notebook, folder / "output.ipynb", "--kernel", "python3", "--cwd", folder)
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=service.variables, capture_output=True, text=True)
    elapsed = (time.perf_counter() - began) * 1e3
    if done.returncode:
        raise CannotMeasure(f"the runner ended with {done.returncode}: {done.stderr[-300:]}")
    return elapsed


def _submit_to_first_line(service: Service) -> float:
    with service.connect() as connection, service.connect() as follower:
        began = time.perf_counter()
        id = product.submit(connection, {"command": COMMAND})["id"]
        stream = follower.events(f"{JOBS}/{id}/log?follow=true")
        for name, data in stream:
            if name == "log" and "hello" in data.get("text", ""):
                elapsed = (time.perf_counter() - began) * 1e3
            if name == "end":
                return elapsed
    raise CannotMeasure(f"the log of {id} ended without its line")


def _bare_first_line() -> float:
    reader, writer = os.pipe()
    began = time.perf_counter()
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", "-c", BARE],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)],
    )
    os.close(writer)
    with open(reader, "rb") as output:
        line = output.readline()
        elapsed = (time.perf_counter() - began) * 1e3
    os.waitpid(pid, 0)
    if line != b"hello\n":
        raise CannotMeasure(f"the bare run printed {line!r}")
    return elapsed
