"""A clock that is set back and forth by an hour while jobs wait, run, end and are forgotten."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from jupyter_jobsub.client import Client

from .drive import PATIENCE, Play
from .judge import Fault, judge
from .plan import PlannedJob
from .service import BACK_OFF
from .stage import Stage

HOUR = 3600
LATE = 60.0  # seconds that a loaded machine may take, and far from an hour
START_TIMEOUT, DEADLINE, TTL, RUNNING = 5, 3, 3, 3  # seconds
EARLY = 0.8  # of the time that something has to take: who looks, looks a little late
CONFIG = f"""
c.JobsubService.start_timeout_seconds = {START_TIMEOUT}
c.JobsubService.groups["line"] = {{"quota": {{"cpu": 1}}}}
"""


@dataclass
class Watcher:
    """Looks at all jobs again and again, and notes when each was first seen how."""

    client: Client
    first: dict[tuple[str, str], float] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Look until it is over."""
        with self.client:
            while not self.over.wait(0.03):
                for row in self.client.page(limit=100)["items"]:
                    states = [row["phase"], row["reason"], *(["gone"] if row["log_expired"] else [])]
                    if row["finished_at"]:
                        states.append("ended")
                    for state in states:
                        self.first.setdefault((row["name"], state), time.monotonic())

    def seconds(self, name: str, since: str, until: str) -> float | None:
        """How long it took from one state to another; None if either never came."""
        with suppress(KeyError):
            return self.first[name, until] - self.first[name, since]
        return None


def set_clock(stage: Stage, dice: random.Random, jobs: list[PlannedJob], number: int) -> Iterator[Fault]:
    """Set the clock while a job backs off, one runs, one nears its deadline, a log its end; others queue."""
    plain = replace(jobs[0], seconds=RUNNING, cancelled=False, codes=(0,), retries=0, lines=2)
    name = plain.name.rsplit("-", 1)[0]
    stuck = replace(plain, name=f"{name}-stuck", seconds=0.1)
    late = replace(plain, name=f"{name}-late", seconds=900, more={"deadline_seconds": DEADLINE})
    brief = replace(plain, name=f"{name}-brief", seconds=0.1, more={"ttl_seconds": TTL})
    line = [replace(plain, name=f"{name}-line{n}", seconds=0.3, more={"group": "line"}) for n in range(4)]
    stage.configure(CONFIG)
    stage.start()
    play = Play(stage, [stuck, plain, late, brief, *line], number)
    watcher = Watcher(stage.socket_client())
    watching = threading.Thread(target=watcher.run)
    watching.start()
    first, second, third = dice.sample([-HOUR, 0, HOUR, dice.choice([-HOUR, HOUR])], 3)
    try:
        with stage.switched("no-start"):
            play.submit(stuck)
            time.sleep(dice.uniform(0, START_TIMEOUT))
            stage.set_clock(first)
            _until(watcher, (stuck.name, "BackOff"))
        time.sleep(dice.uniform(0, BACK_OFF / 2))
        stage.set_clock(second)
        for planned in (plain, late, brief, *line):
            play.submit(planned)
            if planned is line[1]:
                stage.set_clock(third)
        _until(watcher, (late.name, "ended"))
        _until(watcher, (brief.name, "gone"))
        play.wait_for_ends()
        seen = play.collect()
    finally:
        watcher.over.set()
        watching.join()
        play.close()
        stage.set_clock(0)
        stage.configure()
    seen.logs[seen.accepted[brief.name], 1] = brief.log(1)  # it was to be removed
    seen.artifacts[seen.accepted[brief.name], 1] = brief.kept(1)
    yield from judge((plain, brief, *line), seen)
    if not any(row["name"] == stuck.name and row["phase"] == "Succeeded" for row in seen.rows):
        yield Fault("lost", f"{stuck.name} did not succeed after its back-off")
    yield from _durations(watcher, stuck.name, plain.name, late.name, brief.name)
    yield from _stamps(seen.rows, line)


def _until(watcher: Watcher, state: tuple[str, str]) -> None:
    limit = time.monotonic() + PATIENCE
    while state not in watcher.first and time.monotonic() < limit:
        time.sleep(0.02)


def _durations(watcher: Watcher, stuck: str, plain: str, late: str, brief: str) -> Iterator[Fault]:
    for name, what, since, until, least in (
        (stuck, "start time-out", "Preparing", "BackOff", START_TIMEOUT),
        (stuck, "back-off", "BackOff", "ended", BACK_OFF),
        (plain, "run", "Running", "ended", RUNNING),
        (late, "deadline", "Running", "DeadlineExceeded", DEADLINE),
        (brief, "time to live", "ended", "gone", TTL),
    ):
        seconds = watcher.seconds(name, since, until)
        if seconds is None or not least * EARLY <= seconds <= least + LATE:
            yield Fault("wrong", f"{name}: its {what} of {least} s took {seconds} s")


def _stamps(rows: Sequence[Any], line: Sequence[PlannedJob]) -> Iterator[Fault]:
    now = datetime.now(timezone.utc)
    for row in rows:
        stamps = [row[f"{name}_at"] for name in ("queued", "admitted", "started", "finished")]
        times = [datetime.fromisoformat(stamp.replace("Z", "+00:00")) for stamp in stamps if stamp]
        if times != sorted(times):
            yield Fault("wrong", f"{row['name']}: its times are out of order: {stamps}")
        if any(abs(each - now) > timedelta(seconds=HOUR + 2 * PATIENCE) for each in times):
            yield Fault("wrong", f"{row['name']}: its times are not of today: {stamps}")
        if times and (times[-1] - times[0]).total_seconds() > LATE + HOUR / 60:
            yield Fault("wrong", f"{row['name']}: its times are too far apart: {stamps}")
    begun = {row["name"]: row["started_at"] for row in rows}
    order = [begun[planned.name] for planned in line if planned.name in begun]
    if order != sorted(order):
        yield Fault("wrong", f"the line of one was not served in its order: {order}")
