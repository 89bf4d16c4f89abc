"""A world whose service the test starts itself, and whose disk it can fill."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import processes
from jupyter_jobsub.client import Client, LocalEndpoint

from .service import SWITCHES
from .world import World, made, send

ROOT = Path(__file__).parent.parent.parent
PRODUCT, FAULTY = "jupyter_jobsub.service", "tests.chaos.service"
REFILL = 0.05  # seconds: what is started on a full disk finds it full


class Stage(World):
    """One service at a time, a child of this process."""

    def __init__(self, folder: Path, config: str = "") -> None:
        super().__init__(folder, config)
        self._switches = made(folder / "switches")
        self.variables |= {SWITCHES: str(self._switches), "PYTHONPATH": str(ROOT)}
        self.started: list[Starting] = []

    def socket_client(self) -> Client:
        """A client on the socket; it starts nothing."""
        return Client(LocalEndpoint(self.data_dir, start=False))

    def start(self, module: str = FAULTY, *, full: bool = False) -> str:
        """Start a service, on a full disk perhaps; give the line that it says when it listens, or why not."""
        self.started.append(Starting(self, module, full=full))
        return self.started[-1].said()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End every service, whoever started it, and wait until it has."""
        for pid in self.services():
            send(pid, number)
        while self.started:
            self.started.pop().end(number)
        processes.until(lambda: not self.services(), 30, "the service to end")

    @contextmanager
    def switched(self, name: str, text: str = "") -> Iterator[None]:
        """Keep a switch of the service on for a while."""
        file = self._switches / name
        file.write_text(text)
        try:
            yield
        finally:
            file.unlink()

    def set_clock(self, seconds: int) -> None:
        """Set the clock of the service and its supervisors so far from the machine's."""
        file = self._switches / "clock.new"
        file.write_text(str(seconds))
        file.rename(self._switches / "clock")

    @contextmanager
    def full_disk(self, whose: Callable[[], list[int]]) -> Iterator[None]:
        """Let processes, those too that they start meanwhile, write to no file for a while."""
        over = threading.Event()

        def fill() -> None:
            while not over.wait(REFILL):
                _limit(whose(), full=True)

        _limit(whose(), full=True)
        filling = threading.Thread(target=fill)
        filling.start()
        try:
            yield
        finally:
            over.set()
            filling.join()
            while full := [pid for pid in self.everybody() if _is_full(pid)]:
                _limit(full, full=False)

    def end(self) -> None:
        """End whatever of this run still lives."""
        self.stop(signal.SIGKILL)
        super().end()


class Starting:
    """A service that was started, and what it says of that."""

    def __init__(self, stage: Stage, module: str, *, full: bool = False) -> None:
        self._ready, writer = os.pipe()
        with (stage.folder / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *_options(stage.data_dir, writer)],
                pass_fds=[writer],
                env={**os.environ, **stage.variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_fill_own if full else None,
            )
        os.close(writer)

    def said(self) -> str:
        """Wait for its line: that it listens, or why it does not."""
        with open(self._ready) as ready:
            return ready.readline().strip()

    def end(self, number: signal.Signals) -> None:
        """End it, if it has not ended."""
        self._process.send_signal(number)
        self.wait()

    def wait(self) -> int:
        """Wait for its end, and give its exit code."""
        return self._process.wait(30)


def _options(data_dir: Path, ready: int) -> list[str]:
    return ["--data-dir", str(data_dir), "--ready-fd", str(ready)]


def _fill_own() -> None:
    _limit([0], full=True)


def _limit(pids: list[int], *, full: bool) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended
            _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0 if full else most, most))


def _is_full(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return resource.prlimit(pid, resource.RLIMIT_FSIZE)[0] == 0
    return False
