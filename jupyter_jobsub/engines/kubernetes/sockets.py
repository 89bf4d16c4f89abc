"""Connections whose peer's death is noticed, and which are ended at once.

A TLS connection is closed by a farewell that is waited for. Nobody needs it: what has ended by
itself has said so before, and who leaves earlier has no use for the rest.
"""

from __future__ import annotations

import resource
import socket
from typing import Any

import aiohttp

_KEEP_ALIVE = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}


def allow_many() -> None:
    """Have as many files open as may be: each task that runs takes one for its stream and one for its log."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def kept_alive(address: tuple[Any, ...]) -> socket.socket:
    """Make a socket whose dead peer is noticed within a minute, also while a stream is silent."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if option := getattr(socket, name, None):  # not everywhere
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made


def cut(response: aiohttp.ClientResponse) -> None:
    """End an answer; the connection of one that had ended is used again."""
    if response.connection and response.connection.transport:
        response.connection.transport.abort()
    response.close()


class WebSocket(aiohttp.ClientWebSocketResponse):
    """One that knows its connection."""

    def __init__(
        self,
        reader: Any,
        writer: Any,
        protocol: str | None,
        response: aiohttp.ClientResponse,
        *more: Any,
        **named: Any,
    ) -> None:
        super().__init__(reader, writer, protocol, response, *more, **named)
        self._answer = response

    async def cut(self) -> None:
        """End it."""
        cut(self._answer)
        await self.close()
