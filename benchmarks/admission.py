"""What deciding who may start costs: F7 and F8."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

from jupyter_jobsub.model.catalog import Group
from jupyter_jobsub.model.job import JobId, Micros, UserName
from jupyter_jobsub.model.resources import Quota, Resources
from jupyter_jobsub.scheduling.admission import admit
from jupyter_jobsub.scheduling.queues import Candidate, Key, Ledger, Queue
from jupyter_jobsub.scheduling.standing import Decisions, Snapshot

from .figures import REGISTRY, Bench, Bound, Outcome, Term, interleave

WAITING = 50_000
GROUPS = 1_000
USERS = 40  # of a group, the last four of whom have room left
ROUNDS = 9
NOW = Micros(10**15)


class World:
    """Groups of very different sizes, of many people, most of whom are at their own quota.

    The walk is as long as it can be: every queue is walked to its end, for in none is there a job
    that stops all behind it; those who have room left start two jobs each.
    """

    def __init__(self) -> None:
        chance = random.Random(7)
        sizes = [1 + int(WAITING * 0.2 / (rank + 4)) for rank in range(GROUPS)]
        sizes = [max(1, size * WAITING // sum(sizes)) for size in sizes]
        names = [f"group-{i:04}" for i in range(GROUPS)]
        self.jobs = [
            Candidate(
                id=JobId(f"job-{i:06}"),
                user=UserName(f"user-{chance.randrange(USERS)}"),
                group=name,
                request=Resources(cpu=2000, memory=2**33, gpu={"A100": 2}),
                queued_at=Micros(NOW - chance.randrange(10**12)),
                priority=chance.choice([50, 100, 100, 100, 500]),
                preemptible=chance.random() < 0.2,
            )
            for i, name in enumerate(chance.choices(names, sizes, k=WAITING))
        ]
        self.groups = {n: Group(n, quota=Quota(gpus=4 * USERS), user_quota=Quota(gpus=4)) for n in names}
        self.held = Ledger()
        for name in names:
            for user in range(USERS - 4):
                self.held.charge(name, UserName(f"user-{user}"), Resources(8000, 2**35, {"A100": 4}))
        queued: dict[str, list[Candidate]] = {}
        for job in self.jobs:
            queued.setdefault(job.group, []).append(job)
        self.queues = {name: Queue(jobs) for name, jobs in queued.items()}
        self.by_size = sorted(self.queues, key=lambda name: len(self.queues[name]))

    def decide(self, names: Sequence[str]) -> Decisions:
        """Admit in some groups."""
        queues = {name: self.queues[name] for name in names}
        return admit(Snapshot(queues, self.held, self.groups), NOW)

    def event(self, name: str) -> Decisions:
        """Let a job of a group end, so that another may start, and decide that group again."""
        freed = Resources(-2000, -(2**33), {"A100": -2})
        self.held.charge(name, UserName("user-0"), freed)
        try:
            return self.decide([name])
        finally:
            self.held.charge(name, UserName("user-0"), freed * -1)


def key(job: Candidate) -> Key:
    """K, as written down in the rule: the job keeps its own once it has been asked for."""
    return (job.preemptible, -job.priority, job.queued_at, job.id)


def seconds(call: Callable[[], object], times: int = 1) -> float:
    """How long one of several calls takes."""
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times


@REGISTRY.figure("F7")
def f7(bench: Bench) -> Sequence[Outcome]:
    """A full pass, against sorting what waits."""
    world = World()
    ours, sort = interleave(
        ROUNDS,
        lambda: seconds(lambda: world.decide(world.by_size)) * 1e3,
        lambda: seconds(lambda: sorted(world.jobs, key=key)) * 1e3,
    )
    started = len(world.decide(world.by_size).admit)
    what = f"admit, full pass, {WAITING} waiting in {len(world.queues)} groups, {started} of which start"
    return [Outcome("F7", what, Term("admit", ours, "ms"), Term("sorted", sort, "ms"), Bound("≤ 3 ×", 3))]


@REGISTRY.figure("F8")
def f8(bench: Bench) -> Sequence[Outcome]:
    """A pass after one event, against a full pass."""
    world = World()
    median, largest = world.by_size[len(world.by_size) // 2], world.by_size[-1]
    share = len(world.queues[largest]) / WAITING
    outcomes = []
    for id, name, bound in (
        ("F8a", median, Bound("≤ 1/500 ×", 1 / 500)),
        ("F8b", largest, Bound(f"≤ 2 × its share, {2 * share:.3g} ×", 2 * share)),
    ):
        times = 100 if name == median else 5
        ours, full = interleave(
            ROUNDS,
            lambda name=name, times=times: seconds(lambda: world.event(name), times) * 1e3,  # type: ignore[misc]
            lambda: seconds(lambda: world.decide(world.by_size)) * 1e3,
        )
        what = f"admit after an event in a group of {len(world.queues[name])} waiting"
        outcomes.append(Outcome(id, what, Term("event", ours, "ms"), Term("full pass", full, "ms"), bound))
    return outcomes
