"""One job, and what can be done with it."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, overload

from ..errors import UserError
from . import specs
from .artifacts import Artifacts
from .errors import JobFailed
from .row import JobRow
from .watch import Watch

if TYPE_CHECKING:
    from typing import Any, Literal

    from typing_extensions import Unpack

    from .api import Client, Row
    from .fields import Fields

LAST_LINES = 10  # of the log, told with a failure


class Job(JobRow):
    """A job; what is known of it stays as it is until `refresh`, `wait` or an action.

    Parameters
    ----------
    service:
        The service that has it.
    row:
        What is known of it.
    """

    def __init__(self, service: Client, row: Row) -> None:
        super().__init__(row)
        self._service = service

    def refresh(self) -> Job:
        """Ask for the job as it is now.

        Raises
        ------
        NotFound
            If it has been deleted.
        """
        return self._now(self._service.job(self.id))

    def wait(self, timeout: float | None = None, *, check: bool = False) -> Job:
        """Wait until the job has ended, also while the service is started anew.

        Parameters
        ----------
        timeout:
            Seconds to wait at most; None is for ever.
        check:
            Raise if the job did not succeed.

        Raises
        ------
        TimeoutError
            If it has not ended by then; it runs on.
        JobFailed
            With ``check``: with the job's message and the last lines of its log.
        """
        for _ in ended(self._service, [self], timeout):
            pass
        if check and self.phase != "Succeeded":
            raise JobFailed(self.row, self._last_lines())
        return self

    def _last_lines(self) -> str:
        try:
            return self.logs(tail=LAST_LINES)
        except UserError:  # it is somebody else's, or expired
            return ""

    @overload
    def logs(
        self,
        follow: Literal[False] = False,
        tail: int | None = None,
        role: str | None = None,
        task: int | None = None,
        attempt: int | None = None,
    ) -> str: ...

    @overload
    def logs(
        self,
        follow: Literal[True],
        tail: int | None = None,
        role: str | None = None,
        task: int | None = None,
        attempt: int | None = None,
    ) -> Watch[str]: ...

    def logs(
        self,
        follow: bool = False,
        tail: int | None = None,
        role: str | None = None,
        task: int | None = None,
        attempt: int | None = None,
    ) -> str | Watch[str]:
        """Read what the job has written.

        Parameters
        ----------
        follow:
            Give pieces of text as they are written, until the job ends, through its attempts:
            ``for text in job.logs(follow=True): print(text, end="")``.
        tail:
            The last so many lines; all if None.
        role, task:
            Of which task; the first if None.
        attempt:
            Of which attempt; the newest if None.

        Returns
        -------
        str, or Watch of str with ``follow``
            What is no UTF-8 is replaced.

        Raises
        ------
        Expired
            If the job's time to live is over, and its log removed.
        """
        where: dict[str, Any] = {"tail": tail, "role": role, "task": task, "attempt": attempt}
        if follow:
            service, job_id = self._service, self.id
            return Watch(lambda scope: _text(service.follow(job_id, scope=scope, **where)))
        log = self._service.log(self.id, **where)
        return b"".join(log).decode(errors="replace")

    def watch(
        self, *, on_lost: Callable[[Exception], None] | None = None, **where: int | str | None
    ) -> Watch[tuple[str, Any]]:
        """Follow all that happens to the job, over one stream.

        Parameters
        ----------
        on_lost:
            Told why when the stream broke and getting it back takes more than one try.
        where:
            ``tail``, ``role``, ``task`` and ``attempt``, as in `logs`.

        Returns
        -------
        Watch
            Of ("job", row) when anything about it has changed, ("log", bytes), ("attempt", number)
            when another one begins, and at last ("end", row). Its ``close`` ends it from any thread.
        """
        return Watch(
            lambda scope: self._watched(self._service.follow(self.id, scope=scope, on_lost=on_lost, **where))
        )

    def _watched(self, events: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        for kind, value in events:
            if kind in ("job", "end"):
                self.row = value
            yield kind, value

    @property
    def artifacts(self) -> Artifacts:
        """What it keeps of the files in its ``$JOBSUB_ARTIFACTS``."""
        return Artifacts(self._service, self.id)

    def metrics(
        self,
        window: Literal["15m", "1h", "3h", "lifetime"] = "15m",
        *,
        role: str | None = None,
        task: int | None = None,
        attempt: int | None = None,
    ) -> Row:
        """Fetch what a task of it has used.

        Parameters
        ----------
        window:
            How far back; the longer, the coarser.
        role, task, attempt:
            As in `logs`.

        Returns
        -------
        dict
            The times ``at`` and, for each, ``cpu`` (thousandths of a core), ``memory`` (bytes),
            ``disk_read``, ``disk_write``, ``network_received`` and ``network_sent`` (bytes a second);
            ``gpus``. None where nothing was measured.
        """
        return self._service.metrics(self.id, window=window, role=role, task=task, attempt=attempt)

    def cancel(self) -> Job:
        """End it for good: TERM first, KILL after the grace. Its log stays."""
        return self._now(self._service.act(self.id, "cancel"))

    def pause(self) -> Job:
        """Stop it; when it is resumed it starts from scratch, in its old place in the queue."""
        return self._now(self._service.act(self.id, "pause"))

    def resume(self) -> Job:
        """Put it back into its old place in the queue, after a pause."""
        return self._now(self._service.act(self.id, "resume"))

    def edit(
        self, *, name: str | None = None, priority: int | None = None, deadline_seconds: int | None = None
    ) -> Job:
        """Change its name or, while it waits, its priority and deadline."""
        asked = {"name": name, "priority": priority, "deadline_seconds": deadline_seconds}
        changes = {field: value for field, value in asked.items() if value is not None}
        return self._now(self._service.edit(self.id, **changes))

    def rerun(self) -> Job:
        """Submit it again with the text of its file that was kept; give the new job."""
        return Job(self._service, self._service.rerun(self.id))

    def clone(
        self,
        *args: object,
        command: str | Sequence[object] | None = None,
        idempotency_key: str | None = None,
        **changes: Unpack[Fields],
    ) -> Job:
        """Submit its specification again with changes; a file is taken as it is now.

        Parameters
        ----------
        args:
            Other arguments for the script, or the words of another command.
        command:
            What to run instead.
        changes:
            As in `JobsubClient.submit`; ``env`` and ``parameters`` are added to those that are there.

        Returns
        -------
        Job
            The new one.
        """
        spec = specs.changed_spec(self.spec(), command=command, args=args or None, **changes)
        return Job(self._service, self._service.submit(spec, idempotency_key=idempotency_key))

    def purge(self) -> Job:
        """Remove its log, metrics and artifacts now, when it has ended; the job stays listed."""
        return self._now(self._service.act(self.id, "purge"))

    def delete(self) -> None:
        """Delete it, when it has ended, with its log and artifacts. Files of yours stay."""
        self._service.delete(self.id)

    def spec(self) -> Row:
        """Fetch the specification that it was submitted with."""
        return self._service.spec(self.id)

    def timeline(self) -> list[Row]:
        """Fetch what happened to it, oldest first: ``at``, ``phase``, ``reason``, ``message``, more."""
        return self._service.timeline(self.id)

    @property
    def output(self) -> str | None:
        """The path of the notebook with its outputs; None of what is no notebook."""
        if "output" not in self.row:
            self.refresh()
        found: str | None = self.row["output"]
        return found

    def _now(self, row: Row) -> Job:
        self.row = row
        return self


def ended(service: Client, jobs: Iterable[Job], timeout: float | None) -> Iterator[Job]:
    """Wait for jobs, and give each when it has ended; at once what is known to have."""
    by_id = {job.id: job for job in jobs}
    for job_id in [job.id for job in by_id.values() if job.final]:
        yield by_id.pop(job_id)
    try:
        for row in service.wait(list(by_id), timeout=timeout):
            job = by_id.pop(row["id"])
            job.row = row
            yield job
    except TimeoutError as error:
        raise TimeoutError(f"not ended after {timeout:g} s: {', '.join(by_id)}") from error


def _text(events: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Decode what is written; a character may come in two pieces."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for kind, value in events:
        if kind == "log" and (text := decoder.decode(value)):
            yield text
    if rest := decoder.decode(b"", final=True):
        yield rest
