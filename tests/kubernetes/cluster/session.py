"""The cluster that a run of the tests shares, in all its processes: who asks first brings it up."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

from . import processes
from .access import Access
from .cluster import Cluster
from .places import cache, development, locked

GIVEN = "JOBSUB_TEST_KUBECONFIG"
HOW = f"a cluster comes up here only for root; {GIVEN} can name the kubeconfig of one that is elsewhere"
GPUS = 4
NOW = fcntl.LOCK_EX | fcntl.LOCK_NB


@contextlib.contextmanager
def joined(name: str) -> Iterator[Path]:
    """Take part in a run: what it needs is built beside other tests, and removed after the last."""
    at = cache() / "runs" / name
    with contextlib.ExitStack() as stack:
        with locked(cache() / "runs.lock"):
            stack.enter_context(locked(at / "users", fcntl.LOCK_SH))
        keeper = _call("keep", at, log=at / "keeper.log")
        yield at
    keeper.wait()


def shared(at: Path) -> Cluster:
    """The run's cluster; when it could not be brought up, all who ask hear why."""
    failed = at / "failed"
    with locked(at / "up"):
        if failed.exists():
            raise RuntimeError(failed.read_text())
        if cluster := Cluster.at(at / "shared"):
            return cluster
        try:
            cluster = Cluster.up(at / "shared")
            cluster.set_gpus(GPUS)
            return cluster
        except Exception as error:
            failed.write_text(f"the test cluster did not come up: {error}")
            raise


@contextlib.contextmanager
def borrowed() -> Iterator[Access]:
    """A cluster while it lasts: the one that is given, else the one for development, else a new one."""
    if given := os.environ.get(GIVEN):
        yield Access(Path(given))
    elif os.getuid():
        raise RuntimeError(HOW)
    elif found := Cluster.at(development()):
        yield found
    else:
        with joined(uuid.uuid4().hex[:8]) as at:
            yield shared(at)


def keep(at: Path) -> None:
    """Build what a run needs, wait until the last has left it, and remove what it had.

    It runs in a process of its own, so that no Ctrl-C or kill of the tests keeps it from that.
    """
    with contextlib.suppress(BlockingIOError), locked(at / "keeper", NOW):
        _sweep()
        build = _call("build", log=at / "build.log")
        with locked(at / "users"):
            build.end_group()
            _remove(at)


def _sweep() -> None:
    """Remove the runs whose keeper was killed, too."""
    with locked(cache() / "runs.lock"):
        for at in (cache() / "runs").iterdir():
            with contextlib.suppress(BlockingIOError), locked(at / "keeper", NOW), locked(at / "users", NOW):
                _remove(at)


def _remove(at: Path) -> None:
    for folder in (at / "shared", *at.glob("p-*")):
        if (folder / "cluster.json").exists():
            Cluster(folder).down()
    shutil.rmtree(at, ignore_errors=True)


def _call(*arguments: str | Path, log: Path) -> processes.Process:
    checkout = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = ["-m", __package__, *map(str, arguments)]
    return processes.start(Path(sys.executable), command, log, checkout)
