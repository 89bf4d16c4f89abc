"""F11: what the service keeps in memory, with a history behind it and a queue before it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from . import processes, product
from .figures import REGISTRY, Bench, Bound, Outcome, Term
from .http import Connection
from .pages import MOST, with_history
from .product import JOBS

SOME = 50_000
WAITING = 1_000
ROUNDS = 5
SETTLE = 1.0
PAGES = 20
FULL = {"cpu": 1.0, "instance_types": {"one": {"cpu": 1, "memory": "64Mi"}}, "max_waiting_per_user": WAITING}


@REGISTRY.figure("F11")
def memory(bench: Bench) -> Sequence[Outcome]:
    """Weigh a service that has listed, searched and shown its jobs while a thousand wait."""
    pairs = [
        (_weigh(bench, f"F11-{n}-some", SOME), _weigh(bench, f"F11-{n}-most", MOST)) for n in range(ROUNDS)
    ]
    some, most = ([pair[side] for pair in pairs] for side in (0, 1))
    of_some = Term(f"{SOME:,} ended", some, "MB")
    return [
        Outcome("F11", f"memory with {WAITING:,} waiting jobs", of_some, None, Bound("≤ 150 MB", 150)),
        Outcome(
            "F11",
            f"memory with {WAITING:,} waiting jobs",
            Term(f"{MOST:,} ended", most, "MB"),
            of_some,
            Bound("≤ 1.1 ×", 1.1),
        ),
    ]


def _weigh(bench: Bench, name: str, jobs: int) -> float:
    with with_history(bench, name, jobs, FULL) as service, service.connect() as connection:
        running = product.submit(connection, {"command": "sleep 600"})
        for _ in range(WAITING):
            product.submit(connection, {"command": "sleep 600"})
        product.until_running(connection, running["id"])
        _use(connection)
        time.sleep(SETTLE)
        return processes.proportional_bytes(service.pid) / 2**20


def _use(connection: Connection) -> None:
    """Read as people do: page after page, searches, a job, the usage."""
    path = f"{JOBS}?limit=500"
    for _ in range(PAGES):
        page = connection.request("GET", path).json()
        path = f"{JOBS}?limit=500&cursor={page['next']}"
    for text in ("train", "job-", "gpt&group=vision", "cobalt"):
        connection.request("GET", f"{JOBS}?limit=500&text={text}")
    connection.request("GET", f"{JOBS}/{page['items'][0]['id']}")
    connection.request("GET", "/jobsub/usage")
