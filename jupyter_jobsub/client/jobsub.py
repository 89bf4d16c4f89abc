"""The Python interface: every verb, from plain arguments."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from . import specs
from .api import Client
from .ids import resolve, sweep_of
from .job import Job, ended
from .moments import moment
from .server import ServerEndpoint, find
from .sweep import Sweep
from .watch import Watch

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from typing_extensions import Unpack

    from .api import Row
    from .fields import Fields


class JobsubClient:
    """Hands jobs to the queue and finds them again; usable from several threads at once.

    A context manager: what is open at its end is closed; a later call opens other connections.

    Parameters
    ----------
    url:
        A Jupyter server with the extension. If None, the environment's ``JOBSUB_URL``; else the
        service of this machine, on a socket that only you can open.
    token:
        The server's token; ``JOBSUB_TOKEN`` if None.
    start:
        Start the service of this machine when it does not run; else calls raise `NotRunning`.

    Attributes
    ----------
    service:
        The service's routes as methods, for what has no verb here.
    """

    def __init__(self, url: str | None = None, token: str | None = None, *, start: bool = True) -> None:
        token = os.environ.get("JOBSUB_TOKEN", "") if token is None else token
        self.service = Client(find(start=start) if url is None else ServerEndpoint(url, token))

    @classmethod
    def on(cls, service: Client) -> JobsubClient:
        """Make one of a client that is there already."""
        made = cls.__new__(cls)
        made.service = service
        return made

    def close(self) -> None:
        """Close the connections; what other threads wait for ends with `Closed`."""
        self.service.close()

    def __enter__(self) -> JobsubClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<JobsubClient at {self.service.endpoint}>"

    def submit(
        self,
        target: str | os.PathLike[str] | None = None,
        *args: object,
        command: str | Sequence[object] | None = None,
        spec: Mapping[str, Any] | None = None,
        name: str | None = None,
        group: str | None = None,
        instance_type: str | None = None,
        gpus: int | None = None,
        image: str | None = None,
        env: Mapping[str, str] | None = None,
        parameters: Mapping[str, Any] | None = None,
        working_dir: str | os.PathLike[str] | None = None,
        priority: int | None = None,
        preemptible: bool | None = None,
        deadline_seconds: int | None = None,
        ttl_seconds: int | None = None,
        retries: int | None = None,
        task_roles: Sequence[Mapping[str, Any]] | None = None,
        content: str | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Hand a notebook, a script or a command to the queue.

        Parameters
        ----------
        target:
            A ``.ipynb``, ``.py`` or ``.sh`` file. Its text is kept now.
        args:
            The script's arguments.
        command:
            Instead of a file: one text for the shell, or words, which are quoted.
        spec:
            A whole specification, as `Job.spec` gives; the other arguments override its fields.
        name:
            Seen by all members of the group; made from what runs if missing.
        group:
            The queue; your first group if missing.
        instance_type:
            A size of the catalog; the first if missing.
        gpus:
            Instead of that: the smallest size with at least so many GPUs.
        image:
            What it runs in, of the catalog; this Python's own environment if missing.
        env:
            Variables.
        parameters:
            Values for the notebook's cell tagged ``parameters``, or variables of a command or script.
        working_dir:
            Where it runs; a file's own folder, or this process's, if missing.
        priority:
            From 1 to 1000; a higher one goes first (100).
        preemptible:
            It may be stopped for other jobs of its group, and started anew later.
        deadline_seconds:
            Running time of an attempt (24 hours).
        ttl_seconds:
            How long log and artifacts are kept after its end (7 days).
        retries:
            Further attempts after a failure (0).
        task_roles:
            Several roles of several tasks each, instead of a command.
        content:
            The text of the script, which need not be there then.
        idempotency_key:
            The same key never makes a second job.

        Returns
        -------
        Job
            It is on disk when this returns.

        Raises
        ------
        UsageError
            If the arguments do not go together.
        InvalidRequest
            If some are wrong: its ``errors`` name all of them.
        """
        built = specs.new_spec(
            self.service,
            spec,
            target=target,
            args=args,
            command=command,
            environment=sys.prefix,
            name=name,
            group=group,
            instance_type=instance_type,
            gpus=gpus,
            image=image,
            env=env,
            parameters=parameters,
            working_dir=working_dir,
            priority=priority,
            preemptible=preemptible,
            deadline_seconds=deadline_seconds,
            ttl_seconds=ttl_seconds,
            retries=retries,
            task_roles=task_roles,
            content=content,
        )
        return Job(self.service, self.service.submit(built, idempotency_key=idempotency_key))

    def submit_sweep(
        self,
        target: str | os.PathLike[str] | None = None,
        *args: object,
        grid: Mapping[str, Sequence[Any]],
        command: str | Sequence[object] | None = None,
        spec: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        **fields: Unpack[Fields],
    ) -> Sweep:
        """Submit a job for each combination of parameters; all of them, or none.

        Parameters
        ----------
        grid:
            The values of each parameter: ``{"lr": [0.1, 0.01], "depth": [2, 4]}`` makes four jobs. They
            are in place of what ``spec`` has of these names.
        target, args, command, spec, idempotency_key, fields:
            As in `submit`.
        """
        points = specs.grid_of_lists(grid)
        given: dict[str, Any] = {"target": target, "args": args, "command": command, "grid": points, **fields}
        built = specs.new_spec(self.service, spec, environment=sys.prefix, **given)
        points = built.pop("grid", {})
        answer = self.service.submit_sweep(built, points, key=idempotency_key or os.urandom(16).hex())
        return Sweep(self.service, answer["id"], answer["items"])

    def sweep(self, id: str) -> Sweep:
        """Find a sweep by its id, or by that of one of its jobs.

        Raises
        ------
        NotFound
            If there is none.
        UsageError
            If it is no sweep's id, and no job's that belongs to one.
        """
        return Sweep(self.service, sweep_of(self.service, id), []).refresh()

    def job(self, id: str) -> Job:
        """Find a job by its id, or three or more characters that this or its last part begins or ends with.

        Raises
        ------
        NotFound
            If there is none.
        UsageError
            If there are several.
        """
        return Job(self.service, self.service.job(resolve(self.service, id)))

    def jobs(
        self,
        *,
        limit: int | None = None,
        group: str | Sequence[str] | None = None,
        user: str | None = None,
        phase: str | Sequence[str] | None = None,
        text: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        mine: bool | None = None,
        sweep: str | None = None,
        sort: str | None = None,
        order: str | None = None,
    ) -> Iterator[Job]:
        """Go through the jobs, newest first if not sorted otherwise; pages are fetched as they are needed.

        Parameters
        ----------
        limit:
            So many at most.
        group:
            Only of this group, or one of these.
        user, sweep:
            Only of this person or sweep.
        phase:
            Only in this phase, or one of these; ``"unfinished"`` stands for all that are not final.
        text:
            Only with this text in the name or id.
        since, until:
            Only submitted from, or until, then: a time or ISO 8601 text, local if it has no zone.
        mine:
            Only your own.
        sort:
            By ``"submitted"``, ``"started"``, ``"finished"``, ``"duration"``, ``"name"``, ``"id"``,
            ``"user"``, ``"group"``, ``"phase"``, ``"priority"``, ``"gpus"`` or ``"preemptible"``. Each page
            is sorted when it is fetched: a job that moves meanwhile may come twice or not at all.
        order:
            ``"asc"`` or ``"desc"``; names, ids, users, groups and phases are ``"asc"`` if None.
        """
        rows = self.service.jobs(
            limit=limit,
            group=[group] if isinstance(group, str) else group,
            user=user,
            phase=[phase] if isinstance(phase, str) else phase,
            text=text,
            since=moment(since, "since"),
            until=moment(until, "until"),
            mine=mine,
            sweep=sweep,
            sort=sort,
            order=order,
        )
        return (Job(self.service, row) for row in rows)

    def wait(self, jobs: Iterable[Job | str], timeout: float | None = None) -> Iterator[Job]:
        """Wait for jobs; give each when it has ended.

        Parameters
        ----------
        jobs:
            Jobs, or their ids.
        timeout:
            Seconds to wait at most for all of them; None is for ever.

        Raises
        ------
        TimeoutError
            If some have not ended by then; they run on.
        """
        given = [job if isinstance(job, Job) else self.job(job) for job in jobs]
        return ended(self.service, given, timeout)

    def events(self, *, progress: bool = False) -> Watch[tuple[str, Row]]:
        """Follow what happens to all jobs that you may see; also their ``progress`` and what they use.

        Returns
        -------
        Watch
            Of ("hello", …) at each connection, ("job", {"job": row}), ("deleted", {"id": …}).
        """
        return Watch(lambda scope: self.service.events(scope=scope, progress=progress))

    def catalog(self) -> Row:
        """Fetch what can be asked for: ``groups``, ``instance_types``, ``images``, ``defaults``."""
        return self._get("catalog")

    def usage(self) -> Row:
        """Fetch the quotas, and what is held of them."""
        return self._get("usage")

    def status(self) -> Row:
        """Fetch what the service says of itself."""
        return self._get("status")

    def _get(self, what: str) -> Row:
        answer: Row = self.service.call("GET", f"/jobsub/{what}")
        return answer
