"""The way to one cluster's API server: requests and streams, with pace and credentials kept up.

Credentials that the server refuses are read anew once, since tokens expire and plugins renew them.
"""

from __future__ import annotations

import asyncio
import errno
import io
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from time import monotonic
from typing import Any, TypeVar

import aiohttp

from ...errors import EngineError
from .credentials import Access, Where, read_access
from .errors import Refused, Unauthorized, Unreachable, failure
from .hours import Hours
from .sockets import WebSocket, allow_many, cut
from .throttle import Throttle

T = TypeVar("T")

UNARY = aiohttp.ClientTimeout(total=60, sock_connect=10)
STREAM = aiohttp.ClientTimeout(total=None, sock_connect=10)
_ATTEMPTS = 4
_TOO_OLD = (426, 505)  # what a proxy may say to HTTP/1.0
_LONGEST_REST = 15.0  # seconds; who asks for more is taken for unreachable in the end
_OF_THE_NETWORK = {
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.ECONNABORTED,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.ETIMEDOUT,
}
_RENEWAL = 5.0  # seconds in which credentials are read anew at most once


class Connection:
    """Asks the API server, for as long as it says "log in again" or "slow down"."""

    def __init__(self, where: Where, access: Access) -> None:
        self.host = access.host
        self.namespace = access.namespace
        self._where = where
        self._access = access
        # against a loop run wild: what is too much for it at the moment, the server says itself
        self._throttle = Throttle(rate=500, burst=500)
        self.hours = Hours()
        self._renewing = asyncio.Lock()
        self._read_at = monotonic()

    @classmethod
    async def open(cls, where: Where) -> Connection:
        """Read the configuration, and make room for many streams.

        Raises
        ------
        EngineError
            If there is none, or it can't be used.
        """
        allow_many()
        return cls(where, await read_access(where))

    async def close(self) -> None:
        """End all that is under way."""
        await self._access.session.close()

    @asynccontextmanager
    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content: str = "application/json",
        accept: str = "application/json",
        timeout: aiohttp.ClientTimeout = UNARY,
        bare: bool = False,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request and give its answer, whose connection doesn't outlive the block.

        Parameters
        ----------
        bare:
            The answer ends with its connection: one that is cut looks as if it were whole.

        Raises
        ------
        Refused, Expired, Unreachable
            If there is no answer that is 2xx.
        """

        async def send(access: Access) -> aiohttp.ClientResponse:
            arguments = access.arguments()
            arguments["headers"] |= {"Accept": accept, "Content-Type": content}
            url = f"{access.host}{path}"
            data = io.BytesIO(json.dumps(body).encode()) if body is not None else None  # may be a megabyte
            session = access.bare if bare and not access.insists else access.session
            asked = monotonic()
            response = await session.request(
                method, url, params=query, data=data, timeout=timeout, **arguments
            )
            self.hours.hear(response.headers.get("Date"), asked)
            if response.ok:
                return response
            if response.status in _TOO_OLD and session is not access.session:
                response.close()
                access.insists = True
                return await send(access)
            async with response:
                raise failure(response.status, response.headers, await response.read())

        response = await self.answered(send)
        try:
            yield response
        finally:
            cut(response)

    async def socket(
        self, path: str, query: Sequence[tuple[str, str]], protocols: Sequence[str]
    ) -> WebSocket:
        """Open a WebSocket, which the caller closes; raises as a request does."""

        async def send(access: Access) -> WebSocket:
            url = access.host.replace("http", "ws", 1) + path
            try:
                made = await access.session.ws_connect(
                    url,
                    params=query,
                    protocols=protocols,
                    max_msg_size=0,
                    **access.arguments(),
                )
            except aiohttp.WSServerHandshakeError as error:
                raise failure(error.status, error.headers or {}) from error
            assert isinstance(made, WebSocket)
            return made

        return await self.answered(send)

    async def answered(self, send: Callable[[Access], Awaitable[T]]) -> T:
        """Send until the answer is neither 401 nor 429, within bounds; also to where the cluster is now."""
        for _ in range(_ATTEMPTS):
            await self._throttle.take()
            access = self._access
            try:
                with reached(access.host):
                    return await send(access)
            except Unreachable:
                if not access.outdated(self._where):
                    raise
                await self._read_anew(access)
            except Refused as error:
                if error.status == 401:
                    await self._read_anew(access, error)
                elif error.status == 429:
                    self._throttle.rest(min(error.retry_after or 1, _LONGEST_REST))
                else:
                    raise
        raise Unreachable(f"The cluster's API server {self.host} asks to slow down.")

    async def _read_anew(self, old: Access, refused: Refused | None = None) -> None:
        """Read the configuration anew, once for all whom the old one did not serve; not all the time."""
        async with self._renewing:
            if self._access is not old:
                return
            if refused and monotonic() - self._read_at < _RENEWAL:
                raise Unauthorized(f"The cluster does not accept the credentials: {refused}") from refused
            try:
                access = await read_access(self._where)
            except EngineError as unread:
                raise Unreachable(str(unread)) from unread
            finally:
                self._read_at = monotonic()
            await access.take_over(old)
            self._access = access


@contextmanager
def reached(host: str) -> Iterator[None]:
    """Say of whatever goes wrong on the way that the API server wasn't reached."""
    try:
        yield
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError, RuntimeError) as error:
        # a RuntimeError is what aiohttp makes of a connection that is closed in the middle of a read
        raise Unreachable(f"The cluster's API server {host} does not answer: {_words(error)}") from error


def _words(error: BaseException) -> str:
    """What went wrong, without aiohttp's own words around it."""
    found = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(found, OSError) and found.errno in _OF_THE_NETWORK:
        return os.strerror(found.errno).lower()
    return str(found) or type(found).__name__
