"""Brings what a task has kept from its Pod to the archive: a tar, by exec in the container that outlives it.

The folder appears in the archive in one step, when all has come; only then is that container told. So
whoever is killed when, it is done once more or was done: the container waits as long as it may.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import TypeVar

from ...archive import ArtifactLimits
from ...archive.pieces import amount
from ...archive.tarstream import Damaged
from ...archive.unpacking import TOO_LARGE, TooMuch, Unpacking
from ..base import Launch
from .api import Api, Exec
from .containers import KEEPER, Object, terminated
from .entry import COLLECTED, ENDED, TOO_LATE
from .errors import ApiError, Refused, Unreachable
from .files import ARTIFACTS

log = logging.getLogger(__name__)

Result = TypeVar("Result")
AT_ONCE = 16  # tasks: each may bring much, and one that is slow must not keep the others
PIECE = 256 * 1024  # bytes, at least, that a thread is given to unpack
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # seconds until what failed is tried again; then always the last
DOUBTS = 3  # times that it is tried before that is trouble
NO_TAR = 120  # exit code
_LOST = "artifacts of it, if there were any, are lost: "

# Whoever has ended left them: what the owner may not is taken back, and what can't be kept, because
# it alone is too large, is not sent.
_SEND = f"""
PATH=$PATH:/usr/local/bin:/usr/bin:/bin
cd {ARTIFACTS} || exit
command -v tar >/dev/null || exit {NO_TAR}
chmod -R u+rwX . 2>/dev/null
find . -type f -size "+$1c" -exec sh -c 'for file; do
  size=$(stat -c %s "$file") && ln -sf "{TOO_LARGE.decode()}$size" "$file"
done' sh {{}} + 2>/dev/null
exec tar -c -f - .
"""


class Collector:
    """Fetches artifacts from Pods, of a few at once.

    Parameters
    ----------
    limits
        What is kept of an attempt.
    """

    def __init__(self, api: Api, limits: ArtifactLimits) -> None:
        self._api = api
        self._limits = limits
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def collect(self, pod: str, launch: Launch, over: asyncio.Event | None = None) -> str:
        """Have a task's artifacts in the archive, and its Pod end; its command has ended or soon will.

        It goes on until that is so, or nothing can be fetched any more: what prevents it for a while,
        a connection, a full disk, is waited for. It may be cancelled, and called again.

        Parameters
        ----------
        over
            Set when nothing of the Pod runs any more, so that nobody waits for it.

        Returns
        -------
        str
            What of them is not there and why, in words to follow a job's message; "" if nothing is missing.
        """
        for tries, pause in enumerate(chain(PAUSES, repeat(PAUSES[-1]))):
            try:
                return await self._collect(pod, launch)
            except (ApiError, OSError) as error:
                if (words := await self._over(pod, launch)) is not None:
                    return words
                # who left nothing has ended, though its Pod may not say so yet
                troubled = tries >= DOUBTS or isinstance(error, OSError)
                level = logging.WARNING if troubled else logging.DEBUG
                log.log(level, "the artifacts of %s can't be fetched, trying again: %s", launch.key, error)
            await _pause(pause, over)
        raise AssertionError("pauses have no end")

    async def _collect(self, pod: str, launch: Launch) -> str:
        await self._run(pod, ENDED)
        async with self._turns:
            words = "" if _there(launch.artifacts) else await self._fetch(pod, launch)
        try:
            await self._run(pod, COLLECTED)
        except Refused as error:  # it has ended by itself
            if error.passing:
                raise
        return words

    async def _fetch(self, pod: str, launch: Launch) -> str:
        unpacking = Unpacking(_partial(launch), self._limits)
        try:
            await _aside(unpacking.open)
            send = ["/bin/sh", "-c", _SEND, "jobsub", str(self._limits.bytes)]
            async with self._api.exec(pod, KEEPER, send) as sent:
                words = await self._unpack(unpacking, sent)
            words = words or _complaints(sent, unpacking, launch)
            await _aside(partial(unpacking.finish, launch.artifacts))
            return words
        finally:
            await _aside(unpacking.close)

    async def _unpack(self, unpacking: Unpacking, sent: Exec) -> str:
        """Unpack what comes, no faster than that is possible."""
        pieces = bytearray()
        try:
            async for piece in sent:
                pieces += piece
                if len(pieces) >= PIECE:
                    await _aside(partial(unpacking.feed, bytes(pieces)))
                    pieces.clear()
            await _aside(partial(unpacking.feed, bytes(pieces)))
        except TooMuch:
            files, size = 2 * self._limits.files, amount(2 * self._limits.bytes)
            return (
                f"of its artifacts only some were looked at, as they are more than {files:,} files or {size}"
            )
        except Damaged as error:
            return f"not all of its artifacts have come: what its image's tar sends is none ({error})"
        return ""

    async def _run(self, pod: str, command: Sequence[str]) -> None:
        async with self._api.exec(pod, KEEPER, command) as running:
            await running.read()

    async def fate(self, pod: Object | None, launch: Launch) -> str | None:
        """Say what has become of artifacts of which no more will come; None while that may be.

        What has come of them, and is not all, is removed.

        Parameters
        ----------
        pod
            The task's, whose command has run; None if it is gone.
        """
        words = "" if _there(launch.artifacts) else lost(pod)
        if words is not None and _partial(launch).exists():
            await _aside(Unpacking(_partial(launch), self._limits).close)
        return words

    async def _over(self, pod: str, launch: Launch) -> str | None:
        try:
            now = await self._api.get("pods", pod)
        except ApiError:
            return None
        return None if now and lost(now) is None else await self.fate(now, launch)


def lost(pod: Object | None) -> str | None:
    """Say what has become of artifacts that were not fetched; None while that may go on.

    Parameters
    ----------
    pod
        The task's Pod, whose command has run; None if it is gone.
    """
    if pod is None:
        return f"{_LOST}its Pod is gone"
    ended = terminated(pod, KEEPER)
    if not ended:
        over = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
        return f"{_LOST}its Pod has ended" if over else None
    if ended.get("exitCode") == 0:  # there were none, or all have come
        return ""
    if ended.get("exitCode") == TOO_LATE:
        return f"{_LOST}they could not be fetched in time"
    return f"{_LOST}the container that kept them was ended early"


def _complaints(sent: Exec, unpacking: Unpacking, launch: Launch) -> str:
    """Say what could not be sent.

    Raises
    ------
    Unreachable
        If not all has come that was.
    """
    image = launch.image.reference if launch.image else ""
    if sent.exit_code == NO_TAR:
        return (
            f"{_LOST}the image {image} has no tar to fetch them with; choose another image, or write to the"
            " group's folder"
        )
    if not unpacking.whole:
        raise Unreachable(f"tar ended with exit code {sent.exit_code} before all had come")
    if sent.exit_code:
        return f"not all of its artifacts could be read: {_first_line(sent.stderr)}"
    return ""


def _first_line(text: bytes) -> str:
    return next(iter(text.decode(errors="replace").splitlines()), "tar does not say why")[:200]


async def _pause(seconds: float, over: asyncio.Event | None) -> None:
    """Wait, but not for what has just ended."""
    if over is None or over.is_set():
        await asyncio.sleep(seconds)
        return
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(over.wait(), seconds)


def _there(folder: Path) -> bool:
    """Say whether they have come; nobody else makes this folder."""
    return folder.is_dir()


def _partial(launch: Launch) -> Path:
    """Where they come to: beside what is kept of the attempt, and no part of it."""
    key = launch.key
    job = next(folder for folder in launch.artifacts.parents if folder.name == key.job)
    return job / f".{key.attempt}.{key.role}-{key.index}.artifacts"


async def _aside(call: Callable[[], Result]) -> Result:
    """Call in a thread; whoever is cancelled meanwhile waits for its end."""
    future = asyncio.get_running_loop().run_in_executor(None, call)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise
