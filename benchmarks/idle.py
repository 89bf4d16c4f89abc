"""F12: what the extension and the service take while nothing happens."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from . import processes, product
from .figures import REGISTRY, Bench, Bound, CannotMeasure, Outcome, Term
from .jupyter import JupyterServer
from .product import Service

PAIRS = 5
SETTLE = 3.0
WINDOW = 6.0
WITH = "--ServerApp.jpserver_extensions={'jupyter_jobsub': True}"
WITHOUT = "--ServerApp.jpserver_extensions={'jupyter_jobsub': False}"


@REGISTRY.figure("F12")
def idle(bench: Bench) -> Sequence[Outcome]:
    """Leave two Jupyter Servers alone, one with the extension and a service, and weigh them."""
    with product.running(bench, "F12-service") as service:
        pairs = [_pair(bench, service, f"F12-{number}") for number in range(PAIRS)]
    share = [100 * (ours - bare) for ours, bare, *_ in pairs]
    bare_share = [100 * bare for _, bare, *_ in pairs]
    memory = [[values[column] / 2**20 for values in pairs] for column in (2, 3)]
    return [
        Outcome(
            "F12",
            f"idle for {PAIRS} × {WINDOW:g} s, processor time of extension + service",
            Term("with", [100 * ours for ours, *_ in pairs], "% CPU"),
            Term("Jupyter alone", bare_share, "% CPU"),
            Bound("≤ +0.2 %", 0.2, of="difference"),
            f"differences {', '.join(f'{value:.2f}' for value in share)}",
        ),
        Outcome(
            "F12m",
            "idle, memory of the Jupyter process",
            Term("with", memory[0], "MB"),
            Term("Jupyter alone", memory[1], "MB"),
            Bound("≤ +5 MB", 5, of="difference"),
        ),
    ]


@contextmanager
def jupyter_with_extension(folder: Path, service: Service) -> Iterator[JupyterServer]:
    """Run a Jupyter Server whose extension forwards to the service."""
    own = {name: service.variables[name] for name in ("JOBSUB_DATA_DIR",)}
    with JupyterServer(Path(sys.executable), folder, root=folder, environment=own, options=(WITH,)) as server:
        with server.connect() as connection:
            answer = connection.request("GET", "/jobsub/status")
        if answer.status != 200 or answer.json()["data_dir"] != str(service.data_dir):
            raise CannotMeasure(f"the extension answered {answer.status}: {answer.body[:200]!r}")
        yield server


def _pair(bench: Bench, service: Service, name: str) -> tuple[float, float, float, float]:
    with ExitStack() as stack:
        with_it = stack.enter_context(jupyter_with_extension(bench.folder(f"{name}-with"), service))
        folder = bench.folder(f"{name}-without")
        bare = JupyterServer(Path(sys.executable), folder, root=folder, options=(WITHOUT,))
        stack.enter_context(bare)
        time.sleep(SETTLE)
        before = [processes.processor_ns(pid) for pid in (with_it.pid, service.pid, bare.pid)]
        time.sleep(WINDOW)
        after = [processes.processor_ns(pid) for pid in (with_it.pid, service.pid, bare.pid)]
        jupyter, own, alone = ((b - a) / (WINDOW * 1e9) for a, b in zip(before, after, strict=True))
        memory = [processes.proportional_bytes(pid) for pid in (with_it.pid, bare.pid)]
    return jupyter + own, alone, memory[0], memory[1]
