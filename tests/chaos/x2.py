"""X2: services started at once, an upgrade under running jobs, a clock that is set back and forth."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks import processes
from jupyter_jobsub import __version__
from jupyter_jobsub.client import Client, LocalEndpoint
from jupyter_jobsub.client.local import end_service

from .clock import set_clock
from .drive import Play
from .happenings import Happenings
from .judge import Fault, judge
from .plan import PlannedJob
from .stage import PRODUCT, Stage, Starting

JOBS, CLIENTS = 12, 4
SPREAD = 0.4  # seconds in which what happens at once happens
OLDER = "tests.chaos.older"
DEADLINE = 3  # seconds
LATECOMER = 20.0  # seconds in which a service that is not needed has noticed


def starts(stage: Stage, dice: random.Random, jobs: list[PlannedJob], number: int) -> Iterator[Fault]:
    """Start services, and clients that start one when nobody listens; end one meanwhile."""
    play = _crowd(stage, jobs, number)
    if there := dice.random() < 0.5:
        stage.start(PRODUCT)
    with ThreadPoolExecutor(16) as pool:
        served = _visits(pool, dice, play, jobs)
        racing = [pool.submit(_race, stage, dice.uniform(0, SPREAD)) for _ in range(dice.randint(2, 4))]
        if there:
            pool.submit(_end_service, stage, dice.uniform(0, SPREAD)).result()
        for each in served:
            each.result()
    for said, code in [each.result() for each in racing]:
        if said != "ready" and not (code == 1 and said.startswith("error another service (pid ")):
            yield Fault("wrong", f"a service that came too late ends with {code} and says {said!r}")
    yield from _judged(play, jobs)
    try:
        processes.until(lambda: len(stage.services()) <= 1, LATECOMER, "services to end")
    except TimeoutError:
        yield Fault("wrong", f"{len(stage.services())} services run on one store")


def upgrade(stage: Stage, dice: random.Random, jobs: list[PlannedJob], number: int) -> Iterator[Fault]:
    """Bring clients of this release to a service of an earlier one, whose jobs run on."""
    late = PlannedJob(f"{jobs[0].name}-late", "older", seconds=900, more={"deadline_seconds": DEADLINE})
    play = _crowd(stage, [*jobs, late], number)
    play.clients["older"] = stage.socket_client()
    stage.start(OLDER)
    for planned in [late, *jobs[: JOBS // 2]]:
        play.submit(replace(planned, surface="older"))
    time.sleep(dice.uniform(0, 1.5))
    with ThreadPoolExecutor(CLIENTS) as pool:
        for each in _visits(pool, dice, play, jobs[JOBS // 2 :]):
            each.result()
    version = play.clients["socket"].call("GET", "/jobsub/status")["version"]
    if version != __version__:
        yield Fault("wrong", f"the service is still {version}")
    if dice.random() < 0.5 and (found := [pid for pid in stage.supervisors() if stage.task(pid)]):
        play.kill_supervisor(dice.choice(found))
    yield from _judged(play, jobs)
    row = next((row for row in play.seen.rows if row["name"] == late.name), None)
    killed = row is not None and (row["id"], row["attempt"]) in play.seen.killed
    if row is None or (row["reason"] != "DeadlineExceeded" and not killed):
        yield Fault("wrong", f"{late.name} has not ended at its deadline: {row and row['reason']}")


def _crowd(stage: Stage, jobs: list[PlannedJob], number: int) -> Play:
    """Several clients, each of which starts a service when nobody listens, or replaces an older one."""
    names = ["socket", *(str(n) for n in range(CLIENTS))]
    return Play(stage, jobs, number, {name: Client(LocalEndpoint(stage.data_dir)) for name in names})


def _visits(
    pool: ThreadPoolExecutor, dice: random.Random, play: Play, jobs: Sequence[PlannedJob]
) -> list[Future[None]]:
    """Let each client come at a time of its own and submit its share."""
    shares = [[replace(job, surface=str(n)) for job in jobs[n::CLIENTS]] for n in range(CLIENTS)]
    return [pool.submit(_visit, play, share, dice.uniform(0, SPREAD)) for share in shares]


def _visit(play: Play, share: Sequence[PlannedJob], delay: float) -> None:
    time.sleep(delay)
    for planned in share:
        play.submit(planned)


def _race(stage: Stage, delay: float) -> tuple[str, int | None]:
    """Start a service; answer what it says and, if it does not listen, its exit code."""
    time.sleep(delay)
    starting = Starting(stage, PRODUCT)
    said = starting.said()
    if said == "ready":
        stage.started.append(starting)
    return said, None if said == "ready" else starting.wait()


def _end_service(stage: Stage, delay: float) -> None:
    time.sleep(delay)
    if connection := LocalEndpoint(stage.data_dir, start=False).try_connect():
        end_service(connection)


def _judged(play: Play, jobs: list[PlannedJob]) -> list[Fault]:
    try:
        play.wait_for_ends()
        return judge(tuple(jobs), play.collect())
    finally:
        play.close()


HAPPENINGS = (starts, upgrade, set_clock)


class Rounds(Happenings):
    """Plays rounds of one seed."""

    fault, happenings, jobs = "x2", HAPPENINGS, JOBS

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(seed)
        self._stage = Stage(folder)
        # a client starts the service with the variables of its own process
        self._environment = patch.dict(os.environ, self._stage.variables)

    def __enter__(self) -> Rounds:
        self._environment.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stage.end()
        self._environment.stop()

    def happen(
        self, happens: Callable[..., Any], jobs: list[PlannedJob], number: int, dice: random.Random
    ) -> tuple[list[Fault], int]:
        """Bring it about, and leave no service."""
        try:
            return list(happens(self._stage, dice, jobs, number)), 0
        finally:
            self._stage.stop()
