"""Artifacts over HTTP: what there is, and one of them or the output notebook, whole or in part."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from ..archive import Contents, open_beneath
from ..errors import NotFound, UserError
from ..model.job import Job, TaskKey
from . import render
from .http import Call, Reply
from .schemas import Time
from .tasks import Attempt, refuse_gone, refuse_missing

PIECE = 256 * 1024  # bytes read at once
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)  # its parts can't overlap: a header may be long
_DIGITS = 19  # of a number: one that has more is beyond every file's end, whatever they are


class Artifact(TypedDict):
    """A file that a job keeps."""

    path: Annotated[str, Field(description="What is no UTF-8 in it is like `\\xff`.")]
    size: int
    modified_at: Time


class Artifacts(TypedDict):
    """What an attempt keeps of its artifacts, in order of name."""

    attempt: int
    items: list[Artifact]
    bytes: Annotated[int, Field(description="Of all items.")]
    complete: Annotated[bool, Field(description="False while the attempt runs: more may come, or less stay.")]
    dropped: Annotated[list[str], Field(description="Paths that are not kept; the first hundred.")]
    dropped_count: int
    dropped_bytes: int
    dropped_because: Annotated[list[str], Field(description="Why they are not kept, for people.")]


class ArtifactsQuery(BaseModel, extra="forbid"):
    """Of which attempt."""

    attempt: Attempt | None = Field(None, description="The newest if missing.")


class BadRange(UserError):
    """There are no such bytes."""

    status = 416
    title = "Range not satisfiable"


async def list_artifacts(call: Call) -> Reply:
    """List what an attempt keeps or, while it runs, what it would keep if it ended now."""
    job, attempt = await _asked(call)
    archive, limits = call.service.archive, call.service.settings.artifacts
    contents = await asyncio.to_thread(archive.artifacts.contents, job.id, attempt, limits)
    return Reply({"attempt": attempt} | _listing(contents, _over(job, attempt)))


async def get_artifact(call: Call) -> None:
    """Send one artifact, or a range of it."""
    job, attempt = await _asked(call)
    path = call.params["path"]
    try:
        fd = await asyncio.to_thread(call.service.archive.artifacts.open, job.id, attempt, path)
    except FileNotFoundError as error:
        raise NotFound(
            f"{job.id} has no artifact {path[:200]!r} in attempt {attempt}", remedy="list its artifacts"
        ) from error
    await _send_file(call, fd, path)


async def get_output(call: Call) -> None:
    """Send the output notebook of the newest attempt, or a range of it."""
    job = await _read(call)
    _refuse_gone(call, job, max(job.attempt, 1))
    path = await asyncio.to_thread(call.service.output, job)
    if path is None:
        raise _without_output(job)
    try:
        fd = await asyncio.to_thread(_open_output, path)
    except (FileNotFoundError, ValueError) as error:
        raise NotFound(
            f"the service finds no regular file {path[:1000]!r} that it can read",
            remedy="ask again when the job has written it; open what is in a cluster's volume in a Pod",
        ) from error
    await _send_file(call, fd, path)


async def _read(call: Call) -> Job:
    return await call.service.usecases.read(call.person, call.service.id_of(call))


async def _asked(call: Call) -> tuple[Job, int]:
    job = await _read(call)
    attempt = call.query(ArtifactsQuery).attempt or max(job.attempt, 1)
    refuse_missing(job, attempt)
    _refuse_gone(call, job, attempt)
    return job, attempt


def _refuse_gone(call: Call, job: Job, attempt: int) -> None:
    refuse_gone(job, call.service.archive, TaskKey(job.id, attempt, next(iter(job.spec.roles)), 0))


def _without_output(job: Job) -> NotFound:
    if not job.spec.notebook:
        return NotFound(f"{job.id} makes no output notebook", remedy="submit a notebook to get one")
    if job.phase.final:
        return NotFound(f"{job.id} has left no output notebook", remedy="rerun it to get one")
    return NotFound(f"{job.id} has no output notebook yet", remedy="ask again when it runs")


def _open_output(path: str) -> int:
    """Open what an engine names; a job may have put links in its place, or in that of its folders."""
    *root, jobs, id, name = Path(path).parts  # …/jobs/<id>/<name>, …/<id>/<attempt>.artifacts/<name>
    return open_beneath(Path(*root).resolve(), [jobs, id, name])


def _over(job: Job, attempt: int) -> bool:
    return job.phase.final or attempt < job.attempt or (attempt == job.attempt and not job.phase.placed)


def _listing(contents: Contents, over: bool) -> dict[str, Any]:
    return {
        "items": [
            {"path": item.path, "size": item.size, "modified_at": render.time_text(item.modified_at)}
            for item in contents.items
        ],
        "bytes": contents.bytes,
        "complete": contents.complete or over,
        "dropped": contents.dropped,
        "dropped_count": contents.dropped_count,
        "dropped_bytes": contents.dropped_bytes,
        "dropped_because": contents.why,
    }


async def _send_file(call: Call, fd: int, path: str) -> None:
    """Send an open file by its name, and close it."""
    try:
        await _send(call, fd, path.rpartition("/")[2])
    finally:
        os.close(fd)


async def _send(call: Call, fd: int, name: str) -> None:
    status = os.fstat(fd)
    etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    asked = call.headers.get("Range") if call.headers.get("If-Range") in (None, etag) else None
    start, end = _range(call, asked, status.st_size)
    call.stream(
        "application/octet-stream",
        {
            "Content-Length": str(end - start),
            "Content-Disposition": disposition(name),
            "Content-Security-Policy": "sandbox",
            "Accept-Ranges": "bytes",
            "ETag": etag,
        },
    )
    while start < end:
        piece = await asyncio.to_thread(os.pread, fd, min(end - start, PIECE), start)
        if not piece:
            call.handler.clear()  # of the headers that promised more
            raise NotFound("the file became shorter while it was read", remedy="ask again")
        await call.send(piece)
        start += len(piece)


def _range(call: Call, asked: str | None, size: int) -> tuple[int, int]:
    """Where to begin and to end; several ranges, or what can't be read, are as none."""
    match = _RANGE.fullmatch(asked.strip()) if asked else None
    if not match or not (match[1] or match[2]):
        return 0, size
    first, last = map(_number, match.groups())
    if match[1]:
        start, end = first, min(last + 1 if match[2] else size, size)
        if match[2] and first > last:
            return 0, size
    else:
        start, end = max(size - last, 0), size
    if start >= end:
        call.handler.set_header("Content-Range", f"bytes */{size}")
        raise BadRange(f"the file has {size} bytes", remedy="ask for a range within it")
    call.handler.set_status(206)
    call.handler.set_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
    return start, end


def _number(digits: str) -> int:
    return int(digits.lstrip("0")[:_DIGITS] or "0")


def disposition(name: str) -> str:
    """Have a browser save it under its name (RFC 6266)."""
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%' else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
