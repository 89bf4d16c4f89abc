"""X3: the disk is full, or the store read-only, damaged or on a network, while jobs come, run and end."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_jobsub.client import Client, Unreachable
from jupyter_jobsub.errors import NotFound, UserError

from .drive import Play
from .happenings import Happenings
from .judge import Fault, judge
from .plan import PlannedJob
from .stage import Stage

JOBS = 12
PAUSE = 0.5  # seconds at most between two submits: some come before the fault, in it and after it
REFUSALS = (503, 507)
READS = ("/jobsub/status", "/jobsub/jobs", "/jobsub/usage", "/jobsub/catalog")
MOUNTS = "1 0 0:1 / / rw - ext4 disk rw\n2 1 0:2 / {} rw - nfs4 server:/home rw\n"


@dataclass
class Round(Play):
    """One round under way, and what was said that should not be."""

    world: Stage
    dice: random.Random = field(default_factory=random.Random)
    wrong: list[str] = field(default_factory=list)

    def run(self, happens: Callable[[Round], None]) -> list[Fault]:
        """Submit the jobs while the fault comes, lasts and goes; judge what is left when all have ended."""
        nature = threading.Thread(target=self._happen, args=[happens])
        nature.start()
        try:
            for planned in self.jobs:
                time.sleep(self.dice.uniform(0, PAUSE))
                self.cancel_due()
                self.submit(planned)
            nature.join()
            self.wait_for_ends()
            seen = self.collect()
        finally:
            nature.join()
            self.close()
        self.wrong += filter(None, map(objection, self.refusals))
        return [*judge(tuple(self.jobs), seen), *(Fault("wrong", text) for text in self.wrong)]

    def _happen(self, happens: Callable[[Round], None]) -> None:
        time.sleep(self.dice.uniform(0, 1))
        try:
            happens(self)
        except Exception as error:  # it would be lost with its thread
            self.wrong.append(f"{type(error).__name__}: {error}")

    def under(self, fault: AbstractContextManager[None]) -> None:
        """Live with a fault for a while: whoever reads is answered, whoever is refused is told why."""
        with fault, self.world.socket_client() as client:
            over = time.monotonic() + self.dice.uniform(1, 5)
            self.command("submit", "--group", "chaos", "true")
            while time.monotonic() < over:
                self._read(client)
                time.sleep(0.1)

    def command(self, *words: str) -> None:
        """Give a command: it gets through, or says in words what is wrong and what to do."""
        done = self.world.command(*words)
        remedy = done.stderr.count("\n") > 1
        if "Traceback" in done.stderr or (done.returncode and not remedy):
            self.wrong.append(f"{words[0]!r} ends with {done.returncode} and says {done.stderr!r}")

    def _read(self, client: Client) -> None:
        logs = [f"/jobsub/jobs/{id}/log" for id in list(self.seen.accepted.values())[-2:]]
        for path in (*READS, *logs):
            try:
                client.exchange("GET", path)
            except NotFound:
                pass
            except UserError as error:
                self.refusals.append(error)
            except (Unreachable, OSError) as error:
                self.wrong.append(f"GET {path} while the fault lasted: {error}")

    def refused(self, *words: str, full: bool = False) -> None:
        """Start the service, on a full disk perhaps; it must refuse in these words."""
        said = self.world.start(full=full)
        if not said.startswith("error ") or any(word not in said for word in words):
            self.wrong.append(f"the service starts with {said!r}, not with {' … '.join(words)!r}")
        self.world.stop()

    def back(self) -> None:
        """Start the service again: now it must."""
        if (said := self.world.start()) != "ready":
            self.wrong.append(f"the service starts with {said!r} when all is well again")


def disk(round: Round) -> None:
    """No process can write."""
    round.under(round.world.full_disk(round.world.everybody))


def disk_of_service(round: Round) -> None:
    """The service, and what it starts, can't write; what runs can."""
    round.under(round.world.full_disk(round.world.services))


def disk_of_supervisors(round: Round) -> None:
    """Supervisors can write neither that a command starts nor how it ended."""
    round.under(round.world.full_disk(round.world.supervisors))


def disk_of_tasks(round: Round) -> None:
    """Supervisors and commands can't write."""
    round.under(round.world.full_disk(lambda: sorted({*round.world.everybody()} - {*round.world.services()})))


def full_store(round: Round) -> None:
    """SQLite has no page left."""
    round.under(round.world.switched("full-store"))


def no_sync(round: Round) -> None:
    """Neither run folders nor the ends of logs can be made durable."""
    round.under(round.world.switched("no-sync"))


def read_only(round: Round) -> None:
    """The store can't be written."""
    round.under(round.world.switched("read-only"))


def full_start(round: Round) -> None:
    """The service is killed, and another one finds the disk full."""
    round.world.stop(signal.SIGKILL)
    round.refused("free some space", full=True)
    round.back()


def read_only_start(round: Round) -> None:
    """The service is killed, and another one finds the store read-only."""
    round.world.stop(signal.SIGKILL)
    with round.world.switched("read-only"):
        round.refused("read-only", "writable")
    round.back()


def damaged(round: Round) -> None:
    """The store is found damaged; then its copy is put back."""
    round.world.stop()
    store = round.world.data_dir / "jobsub.db"
    copy = store.read_bytes()
    intact = round.dice.choice([0, 4096, len(copy) // 2 // 4096 * 4096])
    store.write_bytes(copy[:intact] + round.dice.randbytes(len(copy) - intact))
    try:
        round.refused("put back a copy")
        round.command("list")
        doctor = round.world.command("doctor")
        if doctor.returncode != 1 or "fail  store: can't use the store" not in doctor.stdout:
            round.wrong.append(f"doctor ends with {doctor.returncode} and says {doctor.stdout!r}")
    finally:
        store.write_bytes(copy)
    round.back()


def network(round: Round) -> None:
    """The store's folder turns out to be on a network file system."""
    round.world.stop()
    with round.world.switched("mounts", MOUNTS.format(round.world.data_dir)):
        round.refused("nfs4", "local disk")
    round.back()


HAPPENINGS: tuple[Callable[[Round], None], ...] = (
    disk,
    disk_of_service,
    disk_of_supervisors,
    disk_of_tasks,
    full_store,
    no_sync,
    read_only,
    full_start,
    read_only_start,
    damaged,
    network,
)


def objection(error: UserError) -> str:
    """Say what is wrong with a refusal; "" if it tells what the matter is and what to do."""
    if error.status in REFUSALS and error.detail and error.remedy:
        return ""
    return f"refused with {error.status} {error.title}: {error.detail!r}, remedy {error.remedy!r}"


class Rounds(Happenings):
    """Plays rounds of one seed."""

    fault, happenings, jobs = "x3", HAPPENINGS, JOBS

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(seed)
        self._stage = Stage(folder)

    def __enter__(self) -> Rounds:
        try:
            if (said := self._stage.start()) != "ready":
                raise RuntimeError(said)
        except BaseException:  # Ctrl-C too
            self._stage.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stage.end()

    def happen(
        self, happens: Callable[..., Any], jobs: list[PlannedJob], number: int, dice: random.Random
    ) -> tuple[list[Fault], int]:
        """Bring it about, and judge it."""
        round = Round(self._stage, jobs, number, dice=dice)
        return round.run(happens), len(round.refusals)
