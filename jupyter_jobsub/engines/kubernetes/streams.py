"""Answers that go on: bytes as they come, and the changes of a watch.

They are classes and not generators, since a generator that isn't read to its end ends at some
later moment, in nobody's task.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import Any

import aiohttp

from .connection import reached
from .errors import Unreadable, failure


def parsed(text: bytes, host: str) -> Mapping[str, Any]:
    """Read an object of JSON; ``Unreadable`` if it is none."""
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        begins = text[:100].decode(errors="replace").strip()
        raise Unreadable(f"What answers at {host} is not the cluster's API server: {begins}")
    return told


class Bytes:
    """Iterates over an answer's body, in pieces of any length."""

    def __init__(self, response: aiohttp.ClientResponse, host: str) -> None:
        self._response = response
        self.host = host

    def __aiter__(self) -> Bytes:
        return self

    async def __anext__(self) -> bytes:
        with reached(self.host):
            chunk = await self._response.content.readany()
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def read(self) -> bytes:
        """Give all of it."""
        with reached(self.host):
            return await self._response.read()


class Changes:
    """Iterates over the events of a watch, one line of JSON each."""

    def __init__(self, body: Bytes) -> None:
        self._body = body
        self._lines: deque[bytes] = deque()
        self._rest = b""

    def __aiter__(self) -> Changes:
        return self

    async def __anext__(self) -> tuple[str, Mapping[str, Any]]:
        while not self._lines:
            *lines, self._rest = (self._rest + await anext(self._body)).split(b"\n")
            self._lines.extend(filter(None, lines))
        event = parsed(self._lines.popleft(), self._body.host)
        changed: Mapping[str, Any] = event["object"]
        if event["type"] == "ERROR":
            raise failure(int(changed.get("code") or 500), {}, json.dumps(changed).encode())
        return event["type"], changed
