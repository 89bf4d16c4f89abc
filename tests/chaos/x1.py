"""X1: kill -9 of the service, of supervisors and of the Jupyter Server, at random points."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from benchmarks import processes
from benchmarks.jupyter import JupyterServer
from jupyter_jobsub.client import Client, ServerEndpoint

from .drive import Play
from .judge import Evidence, Fault, judge
from .plan import Kill, Round, plan
from .world import World, made, send


class JupyterWorld(World):
    """A world with a Jupyter Server, which lives on between the rounds."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.jupyter = JupyterServer(
            Path(sys.executable),
            made(folder / "jupyter"),
            root=folder,
            environment=self.variables,
            options=("--ServerApp.jpserver_extensions={'jupyter_jobsub': True}",),
        )

    def jupyter_client(self) -> Client:
        """A client through the Jupyter Server, whose extension starts the service when it is gone."""
        host, port = self.jupyter.address
        token = self.jupyter.headers["Authorization"].removeprefix("token ")
        return Client(ServerEndpoint(f"http://{host}:{port}/", token))

    def end(self) -> None:
        """End whatever of this run still lives."""
        self.jupyter.end()
        super().end()


@dataclass
class Killing(Play):
    """One round under way."""

    world: JupyterWorld
    kills: Counter[str] = field(default_factory=Counter)

    def run(self, round: Round) -> Evidence:
        """Play it all, and answer what was seen."""
        self.clients["jupyter"] = self.world.jupyter_client()
        killer = threading.Thread(target=self._kill_all, args=[round.kills])
        killer.start()
        try:
            for planned in round.jobs:
                self.cancel_due()
                self.submit(planned)
            killer.join()
            self.wait_for_ends()
            return self.collect()
        finally:
            killer.join()
            self.close()

    def _kill_all(self, kills: Sequence[Kill]) -> None:
        for each in kills:
            time.sleep(max(0.0, self.began + each.at - time.monotonic()))
            self._kill(each)

    def _kill(self, each: Kill) -> None:
        if each.victim == "jupyter":
            self.world.jupyter.kill()
            self.world.jupyter.start()
            self.kills["jupyter"] += 1
        elif each.victim == "service":
            for pid in self.world.services():
                self.kills["service"] += send(pid, signal.SIGKILL)
        elif found := self._some_supervisors():
            self.kills["supervisor"] += self.kill_supervisor(found[int(each.choice * len(found))])

    def _some_supervisors(self) -> list[int]:
        """Those that live now, or the first to come."""
        with contextlib.suppress(TimeoutError):
            processes.until(lambda: bool(self.world.supervisors()), 1, "a supervisor")
        return self.world.supervisors()


@dataclass(frozen=True)
class Played:
    """A round and what came of it."""

    faults: list[Fault]
    kills: Counter[str]
    jobs: int
    unknown: int
    seconds: float

    def __str__(self) -> str:
        kills = ", ".join(f"{count} × {victim}" for victim, count in sorted(self.kills.items()))
        ends = f"{self.jobs} jobs, {self.unknown} of them ExitUnknown"
        return f"{ends}; killed {kills or 'nothing'}; {len(self.faults)} faults; {self.seconds:.1f} s"


class Rounds:
    """Plays rounds of one seed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._world = JupyterWorld(folder)
        self._seed = seed
        # the service is started by whichever surface needs it, this process too
        self._environment = patch.dict(os.environ, self._world.variables)

    def __enter__(self) -> Rounds:
        self._environment.start()
        self._world.jupyter.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._world.end()
        self._environment.stop()

    def play(self, number: int) -> Played:
        """Play a round and judge it."""
        began = time.monotonic()
        round = plan(self._seed, number)
        play = Killing(self._world, round.jobs, number)
        seen = play.run(round)
        unknown = sum(row["reason"] == "ExitUnknown" for row in seen.rows)
        faults = judge(round.jobs, seen)
        return Played(faults, play.kills, len(seen.rows), unknown, time.monotonic() - began)
