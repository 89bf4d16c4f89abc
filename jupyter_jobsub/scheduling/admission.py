"""Who may start now: one pure function over a snapshot of the queues.

Each group's queue is walked in order of K. The user's quota is tested first, and a job that does
not fit it blocks only the same user's later jobs. Then the group's quota, then the engine's
capacity: a job that does not fit these stops the queue behind it, of its group alone. Groups
take turns at the capacity. A job that can't start may have jobs of a lower rank make room.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import replace

from ..model.job import JobId, Micros
from .queues import Queue
from .standing import Decisions, Snapshot, Standing, Stop
from .walk import Machine, Walk

RESERVE_AFTER = 10 * 60 * 1_000_000  # µs


def admit(snapshot: Snapshot, now: Micros) -> Decisions:
    """Decide who starts now; deterministic, and idempotent once applied."""
    decisions = _decide(snapshot, now)
    admitted, evicted = list(decisions.admit), dict(decisions.evict)
    fruitless = 0  # looks in a row that moved no job; one lapse can cause another, but no group's twice
    while fruitless <= len(snapshot.queues) and _concerns_others(decisions, snapshot):
        snapshot = _applied(snapshot, decisions)
        decisions = _decide(snapshot, now)
        admitted += decisions.admit
        evicted |= decisions.evict
        fruitless = 0 if decisions.admit or decisions.evict else fruitless + 1
    return Decisions(admitted, evicted, decisions.standings)


def _concerns_others(decisions: Decisions, snapshot: Snapshot) -> bool:
    """Say whether others may start now, or have to make room now."""
    if decisions.evict or decisions.lapsed(snapshot.standings):
        return True
    expecting = any(standing.expects_room for standing in decisions.standings.values())
    return expecting and decisions.taken(snapshot.standings)


def _applied(snapshot: Snapshot, decisions: Decisions) -> Snapshot:
    """The snapshot after decisions; it shares what they did not change."""
    started, evicted = set(decisions.admit), decisions.evict
    held, leaving, placed = snapshot.held.copy(), snapshot.leaving.copy(), dict(snapshot.placed)
    for queue in snapshot.queues.values():
        for job in (job for job in queue if job.id in started):
            held.charge(job.group, job.user, job.request)
    for name in decisions.standings:
        stay = placed.get(name, Queue())
        for job in (job for job in stay if job.id in evicted):
            leaving.charge(name, job.user, job.request)
        placed[name] = Queue(job for job in stay if job.id not in evicted)
    return replace(
        snapshot,
        queues={n: Queue(job for job in q if job.id not in started) for n, q in snapshot.queues.items()},
        held=held,
        leaving=leaving,
        placed=placed,
        preempting={*snapshot.preempting, *(n for n, s in decisions.standings.items() if s.promised)},
        standings={**snapshot.standings, **decisions.standings},
    )


def _decide(snapshot: Snapshot, now: Micros) -> Decisions:
    machine = Machine(snapshot)
    walks = {name: Walk(name, snapshot, machine, now) for name in sorted(snapshot.queues)}
    admitted: list[JobId] = []

    def start(walk: Walk) -> bool:
        if job := walk.start():
            admitted.append(job.id)
        return job is not None

    for stop in _reservations(snapshot.standings.values(), now):
        walk = walks.get(stop.job.group)
        if walk and (walk.head is None or walk.head.id != stop.job.id):
            continue  # it is not the head any more
        if walk is None or not start(walk):
            machine.reserve(stop.job)
    turns = [(walk.turn, walk) for walk in walks.values() if walk.head]
    heapq.heapify(turns)
    while turns:
        _, walk = turns[0]
        if start(walk) and walk.head:
            heapq.heapreplace(turns, (walk.turn, walk))
        else:
            heapq.heappop(turns)
    evicted = {victim: waiter for walk in walks.values() for victim, waiter in walk.evicted.items()}
    return Decisions(admitted, evicted, {name: walk.standing for name, walk in walks.items()})


def _reservations(standings: Iterable[Standing], now: Micros) -> list[Stop]:
    """The heads that have waited for capacity long enough, the longest first."""
    waits = [
        (stop.since, stop.job.key, stop) for s in standings if (stop := s.waits) and stop.since is not None
    ]
    return [stop for since, _, stop in sorted(waits) if now - since >= RESERVE_AFTER]
