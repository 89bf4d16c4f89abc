"""Tasks as processes of this machine, each under a supervisor that outlives this process.

The engine never runs a command itself and keeps no state of its own: a task is its run folder.
Whoever holds the folder's lock may judge it, and a supervisor holds it as long as it lives, so
that a command is started at most once whoever is killed when.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...clock import wall_clock
from ...errors import EngineError
from ...model.catalog import Catalog, Image
from ...model.fields import reject
from ...model.job import Job, JobId, Micros, TaskKey
from ...model.metrics import Sample
from ...model.observation import Ended, Observation, Started
from ...model.resources import Resources
from ...model.spec import JobSpec
from .. import peers
from ..base import Engine, Launch, Observer, Over
from ..peers import Peers
from . import variables
from .allotment import Allotment
from .aside import aside
from .devices import Device
from .gpus import Gpus
from .invocation import OUTPUT, Limits, encode, invoke
from .meter import Meter
from .ports import NUMBERS, Ports
from .runfolder import RunFolder, run_folders
from .spawn import Supervisors
from .supervisor.files import read_file
from .task import LocalTask

GRACE = 10.0  # seconds between TERM and KILL at a deadline
LOG_LIMIT = 2**30  # bytes


class LocalEngine(Engine):
    """Runs tasks on this machine.

    Parameters
    ----------
    runs
        The run folders' parent, on a local disk.
    images
        Environments by name, the default first.
    devices
        The GPUs to give out.
    capacity
        What the machine has to give.
    grace
        Seconds that a task has to end by itself at its deadline.
    log_limit
        Bytes that are kept of a log; 0 keeps all.
    env
        Variables for every job.
    ports
        What tasks that ask for ports are given.
    clock
        Tells the time of what is seen.
    """

    name = "local"
    network_scope = "host"
    kind_of_image = "environment"
    stamps_logs = False
    parallel = 1

    def __init__(
        self,
        runs: Path,
        images: Mapping[str, Image],
        devices: Sequence[Device],
        capacity: Resources,
        *,
        grace: float = GRACE,
        log_limit: int = LOG_LIMIT,
        env: Mapping[str, str] | None = None,
        ports: Sequence[int] = NUMBERS,
        clock: Callable[[], Micros] = wall_clock,
    ) -> None:
        self._runs = runs
        self._clock = clock
        self._images = images
        self._capacity = capacity
        self._limits = Limits(grace, log_limit)
        self._base = variables.base(env or {})
        self._allotment = Allotment(runs, devices)
        self._ports = Ports(runs, ports)
        self._meter = Meter(Gpus(devices), clock)
        self._supervisors = Supervisors(runs)
        self._tasks: dict[TaskKey, LocalTask] = {}
        self._ended: set[TaskKey] = set()
        self._sampling = asyncio.Lock()  # one pass at a time
        self._observe: Observer | None = None

    async def open(self, observe: Observer, over: Over) -> None:
        """Begin to report; nothing is looked at before it is launched again."""
        try:
            os.close(os.pidfd_open(os.getpid()))
        except (AttributeError, OSError) as error:
            raise EngineError("local jobs need Linux 5.3 or newer; on Windows use WSL2") from error
        self._runs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._observe = observe
        self._supervisors.keep_one_waiting()

    async def launch(self, launch: Launch) -> None:
        """Start the task, or take over the one that runs."""
        if launch.key in self._ended or not (launch.wanted or launch.started):
            return  # ``halt`` finds what there is
        task = self._task(launch.key)
        async with task.busy:
            if task.watched:
                return
            if launch.started and not (task.folder.start() or task.folder.verdict()):
                task.lose()
                return
            if not task.folder.exists():
                await self._prepare(launch, task.folder)
            task.look()

    async def halt(self, key: TaskKey, grace_seconds: float) -> None:
        """End the task, or make sure that it never runs."""
        if key in self._ended:
            return
        task = self._task(key)
        async with task.busy:
            if task.ended:
                return
            if not task.folder.exists():
                await asyncio.to_thread(task.folder.create, {}, {})
            task.folder.halt(grace_seconds)
            if not task.supervised:
                task.look()
            task.poke()

    async def settled(self, key: TaskKey) -> None:
        """Nothing to do: a task that has ended occupies nothing, and its folder stays until ``purge``."""

    async def sample(self, keys: Sequence[TaskKey]) -> Mapping[TaskKey, Sample]:
        """Look at the processes and devices of tasks, in a thread."""
        meters = [self._tasks[key].meter for key in keys if key in self._tasks]
        async with self._sampling:
            return await aside(lambda: self._meter.look(meters))

    async def purge(self, job: JobId) -> None:
        """Remove the job's run folders."""
        folders = await asyncio.to_thread(run_folders, self._runs, job)
        for folder in folders:
            if task := self._tasks.pop(folder.key, None):
                task.close()
            self._ended.discard(folder.key)
            self._allotment.release(folder.key)
            await asyncio.to_thread(folder.remove)
        self._ports.purge(job)

    def output(self, job: Job, volume: str | None, artifacts: Path) -> str | None:
        """The output notebook of the newest attempt that was launched and not yet purged."""
        try:
            path = self._runs / str(TaskKey(job.id, job.attempt)) / OUTPUT
            return read_file(path).decode(errors="replace")
        except FileNotFoundError:
            return None

    def addresses(self, job: Job) -> Peers:
        """Where tasks were given ports, as long as no other attempt may be given them."""
        return self._ports.known(TaskKey(job.id, job.attempt), job.spec)

    def place(self) -> str:
        """The name of this machine."""
        return os.uname().nodename

    def capacity(self) -> Resources | None:
        """What the machine has to give; CPU and memory are accounted, not enforced."""
        return self._capacity

    def images(self) -> Mapping[str, Image]:
        """The environments of this machine."""
        return self._images

    def volume(self, written: Any, *, dataset: bool = False) -> str:
        """A folder of this machine."""
        if not isinstance(written, str) or not written.startswith("/"):
            reject(
                f"{written!r} is not an absolute path", "give the full path of a folder, such as /data/lab"
            )
        return written

    def check(self, spec: JobSpec, catalog: Catalog) -> list[tuple[str, str, str]]:
        """Find what this machine lacks for the job."""
        found = []
        if spec.working_dir and not os.path.isdir(spec.working_dir):
            found.append(
                ("working_dir", f"there is no folder {spec.working_dir}", "make it, or give another")
            )
        if spec.script and not spec.script.endswith((".py", ".sh")):
            found.append(("script", "is neither a .py nor a .sh file", "submit it as a command instead"))
        if spec.image and spec.image.startswith("/") and not os.access(f"{spec.image}/bin/python", os.X_OK):
            text = f"{spec.image} has no bin/python"
            found.append(("image", text, "give the folder of a conda or virtual environment"))
        return found

    async def close(self) -> None:
        """Stop reporting; tasks run on, watched by their supervisors."""
        self._observe = None
        for task in self._tasks.values():
            task.close()
        self._tasks.clear()
        self._supervisors.close()
        self._ended.clear()

    def _task(self, key: TaskKey) -> LocalTask:
        if key not in self._tasks:
            self._tasks[key] = LocalTask(
                RunFolder(self._runs, key, self._clock), self._supervisors, self._report
            )
        return self._tasks[key]

    def _report(self, observation: Observation) -> None:
        if isinstance(observation, Started):
            self._supervisors.keep_one_waiting()
        if isinstance(observation, Ended):
            self._ended.add(observation.key)
            self._tasks.pop(observation.key, None)
            self._allotment.release(observation.key)
        if self._observe:
            self._observe(observation)

    async def _prepare(self, launch: Launch, folder: RunFolder) -> None:
        try:
            gpus = self._allotment.take(launch.key, launch.resources.gpu)
            told = peers.variables(launch.key, self._ports.peers(launch.key, launch.spec))
            await asyncio.to_thread(self._create, launch, folder, gpus, told)
        except BaseException as error:
            self._allotment.release(launch.key)
            if isinstance(error, EngineError):
                await asyncio.to_thread(folder.refuse, str(error))
            raise

    def _create(
        self, launch: Launch, folder: RunFolder, gpus: Sequence[str], told: Mapping[str, str]
    ) -> None:
        invocation = invoke(launch, folder.path, gpus, {**self._base, **told})
        for path in invocation.outside:
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                there = next(one for one in (path, *path.parents) if os.path.lexists(one))
                raise EngineError(
                    f"can't make the folder {path}: {error.strerror}; see that {there} is a folder"
                    " that you may write to, with room, then rerun the job"
                ) from error
        spec = encode(invocation, launch, gpus, self._limits)
        folder.create({"spec": spec, **invocation.files}, invocation.links)
