"""F3 and F4: what a submit costs, and how many fit into a second."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from . import peer, product
from .figures import REGISTRY, Bench, Bound, CannotMeasure, Outcome, Term
from .http import Address, Connection, Load, flood

ROUNDS = 5
IN_A_ROW = 20
CLIENTS = 16
OURS_AT_ONCE = 800
PEERS_AT_ONCE = 32  # each starts a Python process there: more would measure the machine's memory
TWO_AT_ONCE = {
    "cpu": 2.0,
    "instance_types": {"one": {"cpu": 1, "memory": "64Mi"}},
    "max_waiting_per_user": 10_000,
}


@REGISTRY.figure("F3")
def one_client(bench: Bench) -> Sequence[Outcome]:
    """Submit one notebook after the other on both sides, each with its jobs starting meanwhile.

    Every round begins idle. The first submit of a round meets nothing of its predecessors: its
    median is in the note, because the peer's later ones compete with the processes it has started.
    """
    notebook = product.empty_notebook(bench.folder("F3"))
    ours: list[list[float]] = []
    peers: list[list[float]] = []
    with peer.running(bench, "F3-peer", notebook) as other:
        _submit_times(other.server.address, other.submit(), 3)  # its first request opens its database
        other.end_jobs()
        for round in range(ROUNDS):
            peers.append(_submit_times(other.server.address, other.submit(), IN_A_ROW))
            other.end_jobs()
            with product.running(bench, f"F3-{round}") as service:
                request = product.submit_bytes({"notebook": str(notebook)})
                ours.append(_submit_times(service.socket, request, IN_A_ROW))
    first = [statistics.median(times[0] for times in side) for side in (ours, peers)]
    what = f"submit over REST, durable, one client, {IN_A_ROW} notebooks in a row"
    return [
        Outcome(
            "F3",
            what,
            Term("ours", [statistics.median(times) for times in ours], "ms"),
            Term("peer", [statistics.median(times) for times in peers], "ms"),
            Bound("≤ 1/10", 0.1),
            f"first of a row, nothing else running: {first[0]:.1f} and {first[1]:.1f} ms",
        )
    ]


@REGISTRY.figure("F4")
def many_clients(bench: Bench) -> Sequence[Outcome]:
    """Submit by 16 clients; here two jobs hold the quota and the rest wait, there all start."""
    notebook = product.empty_notebook(bench.folder("F4"))
    ours: list[Load] = []
    peers: list[Load] = []
    with peer.running(bench, "F4-peer", notebook) as other:
        flood(other.server.address, [other.submit()] * 3, 1)
        other.end_jobs()
        for round in range(ROUNDS):
            peers.append(_checked(flood(other.server.address, [other.submit()] * PEERS_AT_ONCE, CLIENTS)))
            other.end_jobs()
            ours.append(_flood_ours(bench, f"F4-{round}", notebook))
    busy = statistics.median(load.busy for load in ours)
    return [
        Outcome(
            "F4",
            f"submits a second, {CLIENTS} clients, 2 jobs running, the rest waiting",
            Term("ours", [load.rate for load in ours], "/s"),
            Term("peer", [load.rate for load in peers], "/s"),
            Bound("≥ 30 ×", 30, at_least=True),
            f"load generator busy {busy:.0%} of the time",
        )
    ]


def _submit_times(address: Address, request: bytes, count: int) -> list[float]:
    times = []
    with Connection(address) as connection:
        for _ in range(count):
            began = time.perf_counter()
            answer = connection.send(request)
            times.append((time.perf_counter() - began) * 1e3)
            if answer.status >= 300:
                raise CannotMeasure(f"submit answered {answer.status}: {answer.body[:300]!r}")
    return times


def _flood_ours(bench: Bench, name: str, notebook: Path) -> Load:
    requests = [product.submit_bytes({"notebook": str(notebook)})] * OURS_AT_ONCE
    with product.running(bench, name, TWO_AT_ONCE) as service:
        with service.connect() as connection:
            running = [product.submit(connection, {"command": "sleep 600"}) for _ in range(2)]
            for job in running:
                product.until_running(connection, job["id"])
        return _checked(flood(service.socket, requests, CLIENTS))


def _checked(load: Load) -> Load:
    if any(status >= 300 for status in load.statuses):
        raise CannotMeasure(f"submits were answered {sorted(load.statuses)}")
    return load
