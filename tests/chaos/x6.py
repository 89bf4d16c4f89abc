"""X6: PostgreSQL is started again or crashes, cuts its connections, answers with serialisation failures."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.errors import DeadlockDetected
from sqlalchemy import make_url

from tests.postgresql import Cluster, running

from .happenings import Happenings
from .judge import Fault
from .plan import PlannedJob
from .stage import PRODUCT, Stage
from .x3 import Round as RoundUnderFault

JOBS = 20
LONGER_THAN_PATIENCE = 22.0  # seconds; the store waits for its server for 20
SHARE = 0.2  # of the events that are written, how many fail to serialise
INJECTED = f"""
    CREATE FUNCTION inject() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF random() < {SHARE} THEN RAISE 'injected' USING ERRCODE = '40001'; END IF;
        RETURN NEW;
    END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION inject();
    CREATE TRIGGER at_once BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION inject();
"""
NO_MORE = "DROP FUNCTION inject() CASCADE"


@dataclass
class Database:
    """The server, and the store's database."""

    cluster: Cluster
    url: str

    @property
    def name(self) -> str:
        """The database's name."""
        return make_url(self.url).database or ""

    def execute(self, statement: str) -> None:
        """Do it as the administrator; again, where it and the service lock each other out."""
        with self.cluster.connect(self.name) as connection:
            while True:
                try:
                    connection.execute(statement)
                    return
                except DeadlockDetected:
                    continue


@dataclass
class Round(RoundUnderFault):
    """One round under way.

    A submit has no key: were one that was answered with a failure stored all the same, or stored
    twice, then its job would be in the list once too often.
    """

    database: Database | None = None
    away: bool = False

    def submit(self, planned: PlannedJob) -> None:
        """Submit once; only where the server stays away may that fail."""
        if self.away:
            super().submit(planned)
            return
        try:
            row = self.clients["socket"].call("POST", "/jobsub/jobs", body=self.spec(planned))
        except Exception as error:
            self.wrong.append(f"the submit of {planned.name} was answered with {error}")
        else:
            self.seen.accepted[planned.name] = row["id"]

    def pause(self, most: float) -> None:
        """Let some time pass."""
        time.sleep(self.dice.uniform(0, most))

    @property
    def server(self) -> Database:
        """The server that something happens to."""
        assert self.database
        return self.database


def cuts(round: Round) -> None:
    """Connections are cut, again and again, in the middle of whatever it is."""
    for _ in range(30):
        round.pause(0.2)
        round.server.cluster.cut(round.server.name)


def restarts(round: Round) -> None:
    """The server is started again."""
    for _ in range(2):
        round.server.cluster.stop(signal.SIGINT)
        round.pause(3)
        round.server.cluster.start()
        round.pause(1)


def crashes(round: Round) -> None:
    """The server crashes, with commits on their way, and recovers."""
    for _ in range(3):
        round.server.cluster.restart(signal.SIGQUIT)
        round.pause(1)


def failures(round: Round) -> None:
    """Statements and commits fail to serialise."""
    round.server.execute(INJECTED)
    round.pause(4)
    round.server.execute(NO_MORE)


def cut_and_killed(round: Round) -> None:
    """The service is killed while its connection is cut, and another one follows."""
    round.server.cluster.cut(round.server.name)
    round.world.stop(signal.SIGKILL)
    if (said := round.world.start(PRODUCT)) != "ready":
        round.wrong.append(f"the service starts with {said!r}")


def away(round: Round) -> None:
    """The server stays away for long: whoever asks is told; jobs run on and their ends are stored later."""
    round.server.cluster.stop(round.dice.choice([signal.SIGINT, signal.SIGQUIT]))
    time.sleep(LONGER_THAN_PATIENCE)
    round.server.cluster.start()


def away_at_start(round: Round) -> None:
    """A service that starts while the server is away says so."""
    round.world.stop(signal.SIGKILL)
    round.server.cluster.stop()
    said = round.world.start(PRODUCT)
    if not said.startswith("error ") or "check that its server runs" not in said:
        round.wrong.append(f"the service starts with {said!r}")
    round.world.stop()
    round.server.cluster.start()
    if (said := round.world.start(PRODUCT)) != "ready":
        round.wrong.append(f"the service starts with {said!r} when all is well again")


HAPPENINGS: tuple[Callable[[Round], None], ...] = (
    cuts,
    restarts,
    crashes,
    failures,
    cut_and_killed,
    away,
    away_at_start,
)
KEYED = (cut_and_killed, away, away_at_start)  # where a submit may not get through the first time


class Rounds(Happenings):
    """Plays rounds of one seed."""

    fault, happenings, jobs = "x6", HAPPENINGS, JOBS

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(seed)
        self._folder = folder
        self._open = ExitStack()

    def __enter__(self) -> Rounds:
        with ExitStack() as opened:
            # as it is delivered, but for what only a power cut needs
            cluster = opened.enter_context(running({"fsync": "on", "full_page_writes": "on"}))
            self._database = Database(cluster, cluster.new_database())
            setting = f"c.JobsubService.database_url = {self._database.url!r}\n"
            self._stage = Stage(self._folder, setting)
            opened.callback(self._stage.end)
            if (said := self._stage.start(PRODUCT)) != "ready":
                raise RuntimeError(said)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def happen(
        self, happens: Callable[..., Any], jobs: list[PlannedJob], number: int, dice: random.Random
    ) -> tuple[list[Fault], int]:
        """Bring it about, and judge it."""
        round = Round(*(self._stage, jobs, number), dice=dice, database=self._database, away=happens in KEYED)
        return round.run(happens), len(round.refusals)
