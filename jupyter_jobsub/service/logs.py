"""Logs over HTTP: the newest lines, ranges, a download, and a live stream over all attempts."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from ..archive import Chunk, LogArchive
from ..errors import FieldError, InvalidRequest
from ..model.fields import reject
from ..model.job import Job, TaskKey
from . import shown_log
from .events import sse
from .http import Call, Reply
from .hub import KEEP_ALIVE, Subscription
from .live import LOG_PACE
from .tasks import TaskQuery, refuse_gone, refuse_missing
from .waiting import tell_waiting

DEFAULT_TAIL = 2000  # lines
_CURSOR = re.compile(r"(\d{1,9}):(\d{1,18})")


def _place(text: str) -> str:
    if not _CURSOR.fullmatch(text):
        reject(f"{text!r} is not a cursor", "send back one that this log gave")
    return text


Place = Annotated[str, AfterValidator(_place)]


class LogQuery(TaskQuery):
    """Which log, and which part of it."""

    tail: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        None, description="Newest lines; 2000 by default."
    )
    from_: Place | None = Field(None, alias="from", description="A cursor; answers what follows it.")
    before: Place | None = Field(None, description="A cursor; answers the lines before it.")
    limit: Annotated[int, Field(ge=1, le=8 * 2**20)] = Field(
        2**20, description="Bytes of a range from `from`."
    )
    follow: bool = Field(False, description="Stay, and answer server-sent events.")
    download: bool = Field(False, description="All of it, as a file.")
    reports: bool = Field(
        True,
        description="Whether reports of progress stay in a download. "
        "They stay in a range from `from`, and are left out of all else.",
    )

    def refuse_mixed(self) -> None:
        """Refuse what does not go together, rather than ignore a part of it."""
        given = [name for name in self.model_fields_set if getattr(self, name) not in (None, False)]
        wrong = [
            FieldError(_shown(name), f"does not go with {_shown(other)}", "leave one of them out")
            for name, others in _APART.items()
            for other in others
            if name in given and other in given
        ]
        if "limit" in given and "from_" not in given:
            remedy = "add from, such as from=1:0, or give tail, which counts lines"
            wrong.append(FieldError("limit", "is the size of a range, which needs from", remedy))
        if not self.reports and not self.download:
            wrong.append(FieldError("reports", "is about a download", "leave it out, or add download=true"))
        if wrong:
            raise InvalidRequest(wrong)


_APART = {
    "download": ("follow", "tail", "from_", "before"),
    "follow": ("before", "limit"),
    "from_": ("tail", "before"),
}


def _shown(name: str) -> str:
    return name.rstrip("_")


@dataclass(frozen=True)
class Cursor:
    """A place in a job's log; callers pass it back as it came."""

    attempt: int
    offset: int

    def __str__(self) -> str:
        return f"{self.attempt}:{self.offset}"


def parse_cursor(text: str, field: str, job: Job) -> Cursor:
    """Read a cursor that came back.

    Raises
    ------
    InvalidRequest
        If we never gave it.
    NotFound
        If the job has no such attempt.
    """
    match = _CURSOR.fullmatch(text)
    if not match:
        raise InvalidRequest(
            [FieldError(field, f"{text!r} is not a cursor", "send back one that this log gave")]
        )
    cursor = Cursor(int(match[1]), int(match[2]))
    refuse_missing(job, cursor.attempt)
    return cursor


async def get_log(call: Call) -> Reply | None:
    """Serve any part of a log."""
    query = call.query(LogQuery)
    query.refuse_mixed()
    job = await call.service.usecases.read(call.person, call.service.id_of(call))
    key = query.key(job)
    refuse_gone(job, call.service.archive, key)
    if query.follow:
        await _Follow(call, job, query).run()
        return None
    if query.download:
        await _download(call, key, reports=query.reports)
        return None
    return _part(call.service.archive.logs, job, key, query)


def _part(archive: LogArchive, job: Job, key: TaskKey, query: LogQuery) -> Reply:
    name = "before" if query.from_ is None else "from"
    place = query.before if query.from_ is None else query.from_
    cursor = parse_cursor(place, name, job) if place is not None else None
    if cursor:
        key = TaskKey(key.job, cursor.attempt, key.role, key.index)
    info = archive.info(key)
    complete = info is not None and info.sealed
    if cursor and query.from_ is not None:
        chunk = archive.read(key, cursor.offset, query.limit)
    else:
        lines = DEFAULT_TAIL if query.tail is None else query.tail
        chunk = shown_log.tail(archive, key, lines, cursor.offset if cursor else None, complete=complete)
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Jobsub-Log-Start": str(Cursor(key.attempt, chunk.start)),
        "Jobsub-Log-End": str(Cursor(key.attempt, chunk.end)),
        "Jobsub-Log-Complete": "true" if complete else "false",
    }
    return Reply(chunk.data, headers=headers)


async def _download(call: Call, key: TaskKey, *, reports: bool) -> None:
    name = f"{key.job}-{key.attempt}-{key.role}-{key.index}.log"
    call.stream("text/plain; charset=utf-8", {"Content-Disposition": f'attachment; filename="{name}"'})
    read = shown_log.pieces if reports else shown_log.whole
    for piece in read(call.service.archive.logs, key):
        await call.send(piece)


class _Follow:
    """One reader of a job's log, from attempt to attempt, until the job has ended."""

    def __init__(self, call: Call, job: Job, query: LogQuery) -> None:
        self._call = call
        self._job = job
        self._query = query
        self._archive = call.service.archive.logs
        self._cursor = self._begin()
        self._signal = asyncio.Event()

    def _begin(self) -> Cursor:
        if header := self._call.headers.get("Last-Event-ID"):
            return parse_cursor(header, "Last-Event-ID", self._job)
        if self._query.from_ is not None:
            return parse_cursor(self._query.from_, "from", self._job)
        attempt = self._query.attempt or max(self._job.attempt, 1)
        if self._query.tail is None:
            return Cursor(attempt, 0)
        chunk = self._archive.tail(_key(self._job, self._query, attempt), self._query.tail)
        return Cursor(attempt, chunk.start)

    async def run(self) -> None:
        service, person = self._call.service, self._call.person
        with (
            service.hub.admitted(person, service.config.max_streams_per_user),
            service.hub.subscribe(lambda job: job.id == self._job.id, LOG_PACE) as changes,
        ):
            # read again: what was committed before the subscription would be missed
            self._job = await service.usecases.get(person, self._job.id)
            self._call.stream("text/event-stream")
            await self._call.send(sse("job", service.row(self._job, person)))
            sending = asyncio.create_task(self._send_log())
            tasks = {sending, asyncio.create_task(self._watch(changes))}
            tasks.add(asyncio.create_task(tell_waiting(service, {self._job.id}, changes)))
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            if sending in done or self._job.phase.final:
                await self._call.send(sse("end", service.row(self._job, person)))

    async def _send_log(self) -> None:
        """Send each attempt's log to its end; ends with the last attempt of a job that has ended."""
        while True:
            async for chunk in self._log(self._cursor):
                self._cursor = Cursor(self._cursor.attempt, chunk.end)
                if chunk.data:
                    await self._call.send(sse("log", _text(chunk.data), str(self._cursor)))
            while not self._job.phase.final and self._job.attempt <= self._cursor.attempt:
                await self._changed()
            if self._query.attempt is not None or self._job.attempt <= self._cursor.attempt:
                return
            self._cursor = Cursor(self._cursor.attempt + 1, 0)
            await self._call.send(sse("attempt", {"attempt": self._cursor.attempt}, str(self._cursor)))

    def _log(self, cursor: Cursor) -> AsyncIterator[Chunk]:
        key = _key(self._job, self._query, cursor.attempt)
        return shown_log.follow(self._archive, key, cursor.offset)

    async def _watch(self, changes: Subscription) -> None:
        """Pass on the job's states; ends when it has ended without a log to wait for."""
        while not (self._job.phase.final and self._unlogged()):
            try:
                change = await changes.next(KEEP_ALIVE)
            except asyncio.TimeoutError:
                await self._call.send(b": keep-alive\n\n")
                continue
            if change is None:
                return
            self._job = change.job
            self._signal.set()
            await self._call.send(sse("job", self._call.service.row(self._job, self._call.person)))

    async def _changed(self) -> None:
        self._signal.clear()
        await self._signal.wait()

    def _unlogged(self) -> bool:
        info = self._archive.info(_key(self._job, self._query, self._cursor.attempt))
        return info is None or not info.sealed


def _text(data: bytes) -> dict[str, Any]:
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _key(job: Job, query: LogQuery, attempt: int | None) -> TaskKey:
    return query.model_copy(update={"attempt": attempt}).key(job)
