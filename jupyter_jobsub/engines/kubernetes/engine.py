"""Tasks as Pods of a cluster, which run on whether or not this process does.

The engine keeps no state of its own: a task is its Pod (``record``), and its log and artifacts come to
the archive from there. Everything goes through the API server, so that the service may be anywhere
that kubectl works.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ...archive import ArtifactLimits
from ...clock import wall_clock
from ...errors import EngineUnavailable
from ...model.catalog import Catalog, Image
from ...model.job import Job, JobId, Micros, TaskKey
from ...model.metrics import Sample
from ...model.observation import Ended, Observation, Waiting
from ...model.resources import Resources
from ...model.spec import JobSpec
from ..base import Engine, Launch, Observer, Over
from ..peers import Peers
from . import environment, names
from .api import Api
from .attempts import Attempts
from .collect import Collector
from .errors import ApiError, Unreachable
from .events import Events
from .files import output_of
from .gang import peers
from .harvest import Harvest
from .names import Object
from .pod import Terms, build
from .record import Records, kept
from .settings import KubernetesSettings
from .strays import Strays
from .task import Ground, KubernetesTask
from .usage import Meter
from .volumes import volume_text
from .watch import Mirror

log = logging.getLogger(__name__)

AWAY = "the cluster's API server does not answer"
GRACE = 10.0  # seconds between TERM and KILL at a deadline
PATIENCE = 1800.0  # seconds that an image may take to be pulled
LOG_LIMIT = 2**30  # bytes
ARTIFACTS = ArtifactLimits(1000, 10 * 2**30)


class KubernetesEngine(Engine):
    """Runs tasks on a cluster.

    Parameters
    ----------
    settings
        Which cluster, and how Pods are made.
    images
        Container images by name, the default first.
    store
        The id of the store, which is known once that is open.
    env
        Variables for every job.
    grace
        Seconds that a task has to end by itself at its deadline.
    patience
        Seconds that a Pod may take to start.
    log_limit
        Bytes that are kept of a log; 0 keeps all.
    artifacts
        What is kept of those of an attempt.
    clock
        Tells when something was measured.
    """

    name = "kubernetes"
    network_scope = "task"
    kind_of_image = "container"
    stamps_logs = True
    parallel = 8

    def __init__(
        self,
        settings: KubernetesSettings,
        images: Mapping[str, Image],
        *,
        store: Callable[[], str],
        env: Mapping[str, str] | None = None,
        grace: float = GRACE,
        patience: float = PATIENCE,
        log_limit: int = LOG_LIMIT,
        artifacts: ArtifactLimits = ARTIFACTS,
        clock: Callable[[], Micros] = wall_clock,
    ) -> None:
        self._settings = settings
        self._images = images
        self._store = store
        self._artifacts = artifacts
        self._terms = Terms("", env or {}, grace, patience)
        self._log_limit = log_limit
        self._clock = clock
        self._tasks: dict[TaskKey, KubernetesTask] = {}
        self._named: dict[str, KubernetesTask] = {}  # the newest of each Pod's name
        self._ended: dict[TaskKey, Object | None] = {}  # with their Pods, as long as nobody let go of those
        self._attempts = Attempts()
        self._observe: Observer | None = None

    async def open(self, observe: Observer, over: Over) -> None:
        """Look at what is there, and begin to report of what is launched."""
        store = self._store()
        async with AsyncExitStack() as stack:
            self._api = await Api.connect(self._settings)
            stack.push_async_callback(self._api.close)
            self._mirror = Mirror(
                self._api, "pods", names.selector(store), self._changed, reached=self._reached
            )
            self._events = Events(self._api, self._told)
            for opened in (self._mirror, self._events):
                stack.push_async_callback(opened.close)
                with self._asked():
                    await opened.open()
            self._open = stack.pop_all()
        self._records = Records(self._api, store)
        self._terms = replace(self._terms, store=store)
        self._meter = Meter()
        harvest = partial(Harvest, self._api, Collector(self._api, self._artifacts), limit=self._log_limit)
        self._ground = Ground(
            self._api, self._records, self._events.of, harvest, self._terms.grace, self._api.now, self._report
        )
        self._strays = Strays(self._records, over)
        self._observe = observe
        for name, pod in self._mirror.items().items():
            self._changed(name, pod)

    async def launch(self, launch: Launch) -> None:
        """Create the task's Pod, or take over the one that is there."""
        if launch.key in self._ended:
            return
        task = self._task(launch.key)
        async with task.busy:
            if task.ended:
                return
            self._attempts.begin(launch.key, launch.spec)
            with self._asked(launch.key):
                pod = task.pod if task.watched else await self._take(launch)
            if pod is not None or launch.wanted:
                task.watch(pod, launch)

    async def halt(self, key: TaskKey, grace_seconds: float) -> None:
        """End the task, or make sure that it never runs."""
        if key in self._ended:
            return
        task = self._task(key)
        async with task.busy:
            if not task.ended:
                with self._asked():
                    pod = task.pod if task.watched else await self._records.void(key, self._known(key))
                    await task.halt(pod, grace_seconds)

    async def settled(self, key: TaskKey) -> None:
        """Let go of the task's Pod; with the last of its attempt, of what those had together."""
        if task := self._drop(key):  # it could not be launched
            await task.close()
            self._ended[key] = task.pod
        pod = self._ended.get(key) or self._known(key)
        pod = pod if pod and names.key_of(pod) == key else None
        last = self._attempts.leave(key)
        try:
            with self._asked():
                if last:
                    await self._records.tidy(key, pod)
                if pod:  # the last: who is killed meanwhile finds by it what is left
                    await self._records.release(pod)
        except EngineUnavailable:
            self._attempts.come_back(key)
            raise
        if key in self._ended:
            self._ended[key] = None

    async def sample(self, keys: Sequence[TaskKey]) -> Mapping[TaskKey, Sample]:
        """Look at what Pods use, as far as the cluster measures it."""
        tasks = [self._tasks[key] for key in keys if key in self._tasks]
        measured = await self._api.usage(names.selector(self._records.store)) if tasks else ()
        running = {task.key: task.started_at for task in tasks if task.started_at and not task.ended}
        return self._meter.samples(self._clock(), running, measured)

    async def purge(self, job: JobId) -> None:
        """Remove all that the cluster has of the job."""
        if self._observe is None:
            raise EngineUnavailable(f"The cluster does not answer, and may keep something of {job}.")
        for key in [key for key in self._tasks if key.job == job]:
            if task := self._drop(key):
                await task.close()
        for key in [key for key in self._ended if key.job == job]:
            del self._ended[key]
        self._attempts.forget(job)
        with self._asked():
            await self._records.purge(job)

    def output(self, job: Job, volume: str | None, artifacts: Path) -> str | None:
        """Where people find the output notebook: in their group's folder, or among the artifacts."""
        return output_of(job, volume, artifacts)

    def addresses(self, job: Job) -> Peers:
        """Where tasks are that were given ports: the same for everybody who reads the specification."""
        found = peers(TaskKey(job.id, job.attempt), job.spec)
        return {task: address for task, address in found.items() if address.ports}

    def place(self) -> str:
        """The cluster's address and the namespace, once it was reached."""
        return f"{self._api.host}, namespace {self._api.namespace}" if self._observe else "no cluster yet"

    def capacity(self) -> Resources | None:
        """Nothing: the cluster does the placing."""
        return None

    def images(self) -> Mapping[str, Image]:
        """Those that are configured."""
        return self._images

    def volume(self, written: Any, *, dataset: bool = False) -> str:
        """Read what is configured as a group's volume or dataset."""
        return volume_text(written, dataset=dataset)

    def check(self, spec: JobSpec, catalog: Catalog) -> list[tuple[str, str, str]]:
        """Find what no Pod can run."""
        found = environment.check(spec)
        if spec.script and not spec.script.endswith((".py", ".sh")):
            found.append(("script", "is neither a .py nor a .sh file", "submit it as a command instead"))
        return found

    async def close(self) -> None:
        """Stop reporting; Pods run on."""
        if self._observe is None:
            return
        self._observe = None
        await asyncio.gather(*(task.close() for task in self._tasks.values()))
        await self._strays.close()
        for known in (self._tasks, self._named, self._ended):
            known.clear()
        self._attempts = Attempts()
        await self._open.aclose()

    def _task(self, key: TaskKey) -> KubernetesTask:
        if key not in self._tasks:
            self._tasks[key] = self._named[names.pod_name(key)] = KubernetesTask(key, self._ground)
        return self._tasks[key]

    def _drop(self, key: TaskKey) -> KubernetesTask | None:
        task = self._tasks.pop(key, None)
        if task and self._named.get(task.name) is task:
            del self._named[task.name]
        return task

    def _known(self, key: TaskKey) -> Object | None:
        """What has the name of a task's Pod, as far as has been seen."""
        return self._mirror.get(names.pod_name(key))

    async def _take(self, launch: Launch) -> Object | None:
        """Find a task's Pod, or create it unless it has been there before, or need not be."""
        known, pod = self._known(launch.key), None
        if known or launch.started or not launch.wanted:
            pod = await self._records.find(launch.key, known)
        if pod is None and launch.wanted and not launch.started:
            pod = await self._records.make(launch.key, build(launch, self._settings, self._terms))
        return pod

    @contextmanager
    def _asked(self, key: TaskKey | None = None) -> Iterator[None]:
        """Have asked again what the API server could not be told, and say so of a task."""
        try:
            yield
        except (ApiError, EngineUnavailable) as error:
            if key:  # in the same words as long as nobody answers, however: each other is told, and stored
                self._report(Waiting(key, AWAY if isinstance(error, Unreachable) else str(error)))
            raise EngineUnavailable(str(error)) from error

    def _changed(self, name: str, pod: Object | None) -> None:
        if task := self._named.get(name):
            task.saw(pod)
        elif pod and kept(pod) and self._observe and (key := names.key_of(pod)) and self._let_go_of(key):
            self._strays.remove(key, pod)

    def _let_go_of(self, key: TaskKey) -> bool:
        return self._ended[key] is None if key in self._ended else self._strays.over(key.job)

    def _told(self, name: str) -> None:
        if task := self._named.get(name):
            task.look()

    def _reached(self, trouble: str) -> None:
        said = f"can't be watched, trying again: {trouble}" if trouble else "is watched again"
        log.warning("the cluster %s", said)

    def _report(self, observation: Observation) -> None:
        if isinstance(observation, Ended):
            task = self._drop(observation.key)
            self._ended[observation.key] = task.pod if task else None
        if self._observe:
            self._observe(observation)
