"""X7: on Kubernetes. The service, API server and kubelet are killed; Pods are deleted by hand."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

from jupyter_jobsub.engines.kubernetes import names
from tests.kubernetes import namespaces
from tests.kubernetes.cluster import Cluster, session
from tests.kubernetes.cluster.parts import PARTS
from tests.kubernetes.world import ClusterWorld

from .drive import PATIENCE, Play
from .judge import FINAL, Fault, judge
from .plan import some_jobs
from .world import send

JOBS = 10
LONGEST = 240.0  # seconds for the jobs of a round to end on a slow machine
# what a version is the version of is soon forgotten; a node is soon missed
OPTIONS: dict[str, Any] = {
    "kubelet": {"nodeStatusUpdateFrequency": "1s", "nodeLeaseDurationSeconds": 4},
    "flags": {
        "kube-apiserver": {"etcd-compaction-interval": "2s"},
        "kube-controller-manager": {"node-monitor-grace-period": "6s", "node-monitor-period": "1s"},
    },
}
CONFIG = "c.JobsubService.start_timeout_seconds = 30\n"
MARK = b"[jobsub: "  # how a line begins that says that others may be missing
Victim = Literal["service", "kube-apiserver", "kubelet", "pod"]


@dataclass(frozen=True)
class Blow:
    """What is killed so many seconds after the round's begin, and for how long it stays away."""

    at: float
    victim: Victim
    away: float
    choice: float  # which of several, as a share of their number


def blows(dice: random.Random) -> list[Blow]:
    """Choose a round's."""
    numbers = {
        "service": dice.randint(1, 3),
        "kube-apiserver": dice.randint(0, 2),
        "pod": dice.randint(0, 2),
        "kubelet": int(dice.random() < 0.3),
    }
    chosen = [_blow(dice, victim) for victim, number in numbers.items() for _ in range(number)]
    return sorted(chosen, key=lambda blow: blow.at)


def _blow(dice: random.Random, victim: Any) -> Blow:
    away = {"kube-apiserver": dice.uniform(0, 3), "kubelet": dice.uniform(0, 15)}.get(victim, 0.0)
    return Blow(dice.uniform(0.5, 15), victim, away, dice.random())


@dataclass
class Striking(Play):
    """One round under way."""

    world: ClusterWorld
    cluster: Cluster | None = None
    kills: Counter[str] = field(default_factory=Counter)
    _over: threading.Event = field(default_factory=threading.Event)
    _hands: threading.Lock = field(default_factory=threading.Lock)  # of whoever stops and starts parts

    def run(self, chosen: Sequence[Blow]) -> list[Fault]:
        """Play it all, and judge it."""
        striker = threading.Thread(target=self._strike_all, args=[chosen])
        minder = threading.Thread(target=self._mind)
        striker.start()
        minder.start()
        try:
            for planned in self.jobs:
                self.cancel_due()
                self.submit(planned)
            striker.join()
            self.wait_for_ends()
            self.collect()
            return [*self._judged(), *self._left()]
        finally:
            striker.join()
            self._over.set()
            minder.join()
            self.close()

    def _mind(self) -> None:
        """Start again what gives up by itself, as a scheduler does that has missed something."""
        while self.cluster and not self._over.wait(1):
            with self._hands:
                for part in PARTS:
                    self.cluster.start(part)

    def _judged(self) -> list[Fault]:
        """Judge it; a log that says itself where lines may be missing counts as whole but for those."""
        planned = {id: job for job in self.jobs if (id := self.seen.accepted.get(job.name))}
        for (id, attempt), log in self.seen.logs.items():
            whole = planned[id].log(attempt) if id in planned else b""
            if MARK in log and _is_part(log, whole):
                self.kills["log gap"] += 1
                self.seen.logs[id, attempt] = whole
        for row in self.seen.rows:
            for event in self.insist(partial(self.clients["socket"].timeline, row["id"])) or ():
                if event["reason"] == "BackOff":
                    self.kills["requeue"] += 1
                    self.seen.requeued.add((row["id"], event["attempt"]))
        return judge(tuple(self.jobs), self.seen)

    def _strike_all(self, chosen: Sequence[Blow]) -> None:
        for blow in chosen:
            time.sleep(max(0.0, self.began + blow.at - time.monotonic()))
            if blow.victim == "service":
                self.kills["service"] += sum(send(pid, signal.SIGKILL) for pid in self.world.services())
            elif blow.victim == "pod":
                self._delete_a_pod(blow.choice)
            elif self.cluster:
                with self._hands:
                    self.cluster.stop(blow.victim, signal.SIGKILL)
                    time.sleep(blow.away)
                    self.cluster.start(blow.victim)
                self.kills[blow.victim] += 1

    def _delete_a_pod(self, choice: float) -> None:
        """Delete one of those that run, as a person may; nobody says so to the service."""
        with contextlib.suppress(OSError, RuntimeError):  # the API server may be away
            running = [pod for pod in self._objects("pods") if pod["status"].get("phase") == "Running"]
            if running:
                pod = running[int(choice * len(running))]
                if key := names.key_of(pod):
                    self.seen.deleted.add((key.job, key.attempt))
                name = pod["metadata"]["name"]
                self.world.namespace.api.call("DELETE", f"{self.world.namespace.path}/pods/{name}")
                self.kills["pod"] += 1

    def _objects(self, kind: str) -> list[dict[str, Any]]:
        namespace = self.world.namespace
        selector = "&".join(f"labelSelector={name}%3D{value}" for name, value in names.MANAGED_BY.items())
        found: list[dict[str, Any]] = namespace.api.call("GET", f"{namespace.path}/{kind}?{selector}")[
            "items"
        ]
        return found

    def _left(self) -> list[Fault]:
        """See that the cluster has nothing of the jobs any more, without their being purged and after it."""
        left = self._there()
        client = self.clients["socket"]
        for row in self.seen.rows:
            if row["phase"] in FINAL:
                self.insist(partial(client.act, row["id"], "purge"))
        return left or self._there()

    def _there(self) -> list[Fault]:
        """What the cluster has of ours, when it has had the time to remove it."""
        limit = time.monotonic() + PATIENCE
        while left := [self._named(kind, it) for kind in _KINDS for it in self._objects(kind)]:
            if time.monotonic() > limit:
                return [Fault("wrong", f"the cluster still has the {each}") for each in left]
            time.sleep(0.2)
        return []

    @staticmethod
    def _named(kind: str, it: dict[str, Any]) -> str:
        return f"{kind[:-1]} {it['metadata']['name']}"


def _is_part(log: bytes, whole: bytes) -> bool:
    """Whether a log has lines of the whole one, in their order, and marks of what is missing."""
    rest = iter(whole.splitlines())
    return all(line in rest for line in log.splitlines() if not line.startswith(MARK))


_KINDS = ("pods", "secrets", "services")


@dataclass(frozen=True)
class Played:
    """A round and what came of it."""

    faults: list[Fault]
    kills: Counter[str]
    jobs: int
    seconds: float

    def __str__(self) -> str:
        kills = ", ".join(f"{count} × {victim}" for victim, count in sorted(self.kills.items()))
        return (
            f"{self.jobs} jobs; {kills or 'nothing killed'}; {len(self.faults)} faults; {self.seconds:.1f} s"
        )


class Rounds:
    """Plays rounds of one seed, on a cluster of their own.

    Parameters
    ----------
    bring_up:
        Gives the cluster; without it one is brought up, and ended with the rounds.
    """

    def __init__(self, folder: Path, seed: int, bring_up: Callable[..., Cluster] | None = None) -> None:
        self._folder = folder
        self._seed = seed
        self._bring_up = bring_up
        self._open = ExitStack()

    def __enter__(self) -> Rounds:
        with ExitStack() as opened:
            if self._bring_up:
                self._cluster = self._bring_up(**OPTIONS)
            else:
                self._cluster = opened.enter_context(_own())
            made = namespaces.made(self._cluster, "x7", self._folder)
            self._world = ClusterWorld(self._folder, opened.enter_context(made), CONFIG)
            # the service is started by whoever needs it
            opened.enter_context(patch.dict(os.environ, self._world.variables))
            opened.callback(self._world.end)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def play(self, number: int) -> Played:
        """Play a round and judge it."""
        began = time.monotonic()
        dice = random.Random(f"x7.{self._seed}.{number}")
        drawn = some_jobs(dice, f"x7-{self._seed}-{number}", JOBS)
        jobs = [replace(job, surface="socket") for job in drawn]
        round = Striking(self._world, jobs, number, patience=LONGEST, cluster=self._cluster)
        faults = round.run(blows(dice))
        return Played(faults, round.kills, len(round.seen.rows), time.monotonic() - began)


@contextlib.contextmanager
def _own() -> Iterator[Cluster]:
    with session.joined(uuid.uuid4().hex[:8]) as at:
        cluster = Cluster.up(at / "p-x7", **OPTIONS)
        try:
            yield cluster
        finally:
            cluster.down()
