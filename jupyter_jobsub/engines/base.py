"""The contract between the dispatcher and whatever runs tasks.

The dispatcher decides; an engine does, and reports what it sees. Both the local engine and
Kubernetes obey these rules, and one contract suite proves it (tests/engines/contract.py):

- Every call is idempotent by task key: the dispatcher repeats it after a crash without
  asking whether the first one arrived.
- ``launch`` returns when the wish is durable in the engine, not when the task runs. A task
  key's command is executed at most once, however often it is launched and whoever is killed.
- For each launched key the engine reports ``Started`` at most once a process life, then
  exactly one ``Ended``; after ``open`` it reports them anew for whatever is launched again
  (at least once over crashes: the dispatcher ignores what it knows).
- ``Ended`` means that nothing of the task is left: no process, no device in use; its log is
  complete and on disk.
- ``halt`` asks; the answer is the task's ``Ended``. Halting a key that was never launched
  makes sure that it never runs and reports ``Ended`` with reason HALTED.
- The tasks of an attempt find each other: before the first of their commands runs the engine has
  decided the host of every task and, for every label of its role, the numbers of its ports, and
  tells all of them to each task in the words of ``peers.variables``. What it has told stays so
  whoever is killed; no other attempt is given the same while any task of this one may run; the
  next attempt is given its own. A host may be a name that means something only once that task
  runs, and nobody listens at a port before its task does: who comes first tries again.
- ``settled`` says that the end of a task is stored, so that the engine may let go of what it still
  occupies; whoever is launched again after that has started, as far as the store knows. It is a help
  and no promise: after a crash nobody says it of a job that is over, as ``open`` is told how to see,
  and ``purge`` lets go of the rest.
- ``sample`` looks at what tasks use, from outside and without slowing them: a key that does not run
  now has no sample. Counters take in what has ended meanwhile (a short command's processor time is
  not lost) and never go down from ``open`` to ``close``; what can't be told is None, not 0.
- Up to ``parallel`` calls of ``launch``, ``halt`` and ``settled`` are under way at once, those of one
  key one after the other. One that fails is made again, unless it raises ``EngineError``
  (``EngineUnavailable`` is made again).
- Reports may come at any moment, also before ``launch`` has returned, always in the event
  loop of ``open``, never after ``close`` has returned. ``close`` stops reporting; tasks run on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ..model.catalog import Catalog, Image
from ..model.job import Job, JobId, TaskKey
from ..model.metrics import Sample
from ..model.observation import Ended as Ended
from ..model.observation import Observation as Observation
from ..model.observation import Reachable as Reachable
from ..model.observation import Started as Started
from ..model.observation import Waiting as Waiting
from ..model.resources import Resources
from ..model.spec import JobSpec
from .peers import Peers


@dataclass(frozen=True)
class Launch:
    """Everything an engine needs to start one task, or to find it again.

    Parameters
    ----------
    key:
        Job, attempt, role and index.
    spec:
        What the person asked for.
    image:
        What it runs in, resolved when the job was admitted.
    resources:
        What this task is charged for.
    log:
        The archive's file that stdout and stderr go to (local), or are copied to.
    artifacts:
        The archive's folder for what the task wants to keep, of its own; the engine makes it (local),
        or copies to it what the task has kept, before it says that the task has ended.
    user, group:
        For ``PRIMEHUB_USER`` and ``PRIMEHUB_GROUP``.
    volume:
        The group's shared folder, as ``Engine.volume`` has written it, or None.
    datasets:
        Folders by name, likewise.
    snapshot:
        The text of the notebook or script that was kept at submit.
    started:
        The store has seen it start: what is not found any more is lost, not new.
    wanted:
        False if it is about to be halted: what is there is taken over, so that its log and artifacts come;
        what is not is not begun.
    """

    key: TaskKey
    spec: JobSpec
    image: Image | None
    resources: Resources
    log: Path
    artifacts: Path
    user: str
    group: str
    volume: str | None = None
    datasets: Mapping[str, str] = field(default_factory=dict)
    snapshot: bytes | None = None
    started: bool = False
    wanted: bool = True


Observer: TypeAlias = Callable[[Observation], None]
Over: TypeAlias = Callable[[JobId], bool]


class Engine(ABC):
    """Runs tasks; the module's docstring is the contract."""

    name: str
    network_scope: Literal["task", "host"]
    """Whose network traffic a sample tells: the task's own, or all of its machine's."""
    kind_of_image: Literal["environment", "container"]
    """What a job's image is: an environment of this machine, by name or folder, or a container image."""
    stamps_logs: bool
    """Whether every line of the logs that it writes begins with a time, which readers leave out."""
    parallel: int
    """How many launches and halts may be under way at once."""

    @abstractmethod
    async def open(self, observe: Observer, over: Over) -> None:
        """Begin to report.

        Parameters
        ----------
        over:
            Says at any time whether a job has ended for good, or is unknown: then nothing of it may run, or
            be waited for, and what still occupies something may go.

        Raises
        ------
        EngineError
            If this machine or cluster can't run jobs at all, saying what to do.
        EngineUnavailable
            If it does not answer at the moment; it is opened again until it does.
        """

    @abstractmethod
    async def launch(self, launch: Launch) -> None:
        """Make the task run once, or take over the one that runs.

        Raises
        ------
        EngineError
            If it can't be started and never will; the dispatcher fails the job with the text.
        EngineUnavailable
            If it can't be said to be launched at the moment; the dispatcher asks again.
        """

    @abstractmethod
    async def halt(self, key: TaskKey, grace_seconds: float) -> None:
        """End the task: TERM, the grace, then KILL for all that is left of it."""

    @abstractmethod
    async def settled(self, key: TaskKey) -> None:
        """Let go of what a task still occupies whose end is stored; not of what ``purge`` is for."""

    @abstractmethod
    async def sample(self, keys: Sequence[TaskKey]) -> Mapping[TaskKey, Sample]:
        """Look at what tasks use; those of the keys that do not run are left out."""

    @abstractmethod
    async def purge(self, job: JobId) -> None:
        """Forget all that the engine keeps of a job whose tasks have ended; the rest is the archive's.

        Raises
        ------
        EngineUnavailable
            If that can't be done at the moment, or before it was opened; it may be asked again.
        """

    @abstractmethod
    def output(self, job: Job, volume: str | None, artifacts: Path) -> str | None:
        """Where people find the output notebook of a job's newest attempt, or None if it makes none.

        Parameters
        ----------
        volume:
            The group's, as in a launch.
        artifacts:
            The archive's folder for those of that attempt.
        """

    @abstractmethod
    def addresses(self, job: Job) -> Peers:
        """Where the tasks of the newest attempt are that were given ports; empty if none were."""

    @abstractmethod
    def place(self) -> str:
        """Where it runs tasks, for people."""

    @abstractmethod
    def capacity(self) -> Resources | None:
        """What there is to give in all, or None where the cluster does the placing."""

    @abstractmethod
    def images(self) -> Mapping[str, Image]:
        """What tasks can run in here, found by the engine; the first is the default."""

    @abstractmethod
    def volume(self, written: Any, *, dataset: bool = False) -> str:
        """Read what is configured as a group's volume or dataset, as the catalog and a launch have it.

        Raises
        ------
        ValueError
            If it is none here, in words; ``model.fields.reject`` adds the remedy.
        """

    @abstractmethod
    def check(self, spec: JobSpec, catalog: Catalog) -> list[tuple[str, str, str]]:
        """Find (field, message, remedy) of what this engine can't run; [] if it can."""

    @abstractmethod
    async def close(self) -> None:
        """Stop reporting and let go of everything but the tasks."""
