"""A command in a container, over a WebSocket whose messages begin with the number of their channel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from .connection import reached
from .errors import Refused, Unreachable
from .sockets import WebSocket

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_STDOUT, _STDERR, _ERROR = 1, 2, 3
_PING = 20.0  # seconds
_KEPT_STDERR = 64 * 1024


class Exec:
    """Iterates over the bytes of stdout as they come; the rest is known once they have ended.

    Attributes
    ----------
    exit_code:
        The command's.
    stderr:
        What it said there, cut at 64 KiB.
    """

    def __init__(self, socket: WebSocket, host: str) -> None:
        self.exit_code: int | None = None
        self.stderr = b""
        self._socket = socket
        self._host = host

    def __aiter__(self) -> Exec:
        return self

    async def __anext__(self) -> bytes:
        while self.exit_code is None:
            with reached(self._host):
                message = await self._socket.receive()
            if message.type is not aiohttp.WSMsgType.BINARY:
                raise Unreachable(f"The connection to {self._host} was lost before the command had ended.")
            channel, data = message.data[0], message.data[1:]
            if channel == _STDOUT and data:
                return bytes(data)
            if channel == _STDERR:
                self.stderr = (self.stderr + data)[:_KEPT_STDERR]
            elif channel == _ERROR:
                self.exit_code = exit_code(json.loads(data))
        raise StopAsyncIteration

    async def read(self) -> bytes:
        """Give all of stdout at its end."""
        return b"".join([chunk async for chunk in self])


@asynccontextmanager
async def kept_open(socket: WebSocket) -> AsyncIterator[None]:
    """Send a ping now and then, so that no proxy takes a command that is silent for one that is over.

    Its answer isn't waited for: that comes behind all that nobody has read yet.
    """

    async def ping() -> None:
        with suppress(OSError, aiohttp.ClientError):  # who reads is told
            while True:
                await asyncio.sleep(_PING)
                await socket.ping()

    task = asyncio.create_task(ping())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def exit_code(status: Mapping[str, Any]) -> int:
    """Read the end of a command, or raise what kept it from running."""
    if status.get("status") == "Success":
        return 0
    for cause in status.get("details", {}).get("causes", ()):
        if status.get("reason") == "NonZeroExitCode" and cause.get("reason") == "ExitCode":
            return int(cause["message"])
    raise Refused(int(status.get("code") or 500), status.get("reason", ""), status.get("message", ""))
