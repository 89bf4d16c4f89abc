"""The synchronous client inside asyncio: each call in a thread of its own, which cancelling ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from ..api import Client

if TYPE_CHECKING:
    from ..server import Endpoint

T = TypeVar("T")

GRACE = 1.0  # seconds for a thread whose connection was ended; only one that still connects takes longer


class Threads:
    """Lends clients of one service, each to one call at a time.

    A call that is cancelled has its connection ended, and with that its thread. There is no thread
    between calls, nor between two items of a stream.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._idle: list[Client] = []
        self._lent: set[Client] = set()

    def close(self) -> None:
        """Close all connections; what is being waited for ends with `Closed`."""
        for client in {*self._idle, *self._lent}:
            client.close()

    async def run(self, work: Callable[[Client], T]) -> T:
        """Do something with a client in a thread."""
        client = self._lend()
        try:
            return await _in_thread(lambda: work(client), client)
        finally:
            self._take_back(client)

    async def iterate(
        self, begin: Callable[[Client], Iterator[T]], *, at_once: int = 1
    ) -> AsyncGenerator[T, None]:
        """Go through what a client gives.

        Parameters
        ----------
        at_once:
            How many items are fetched in one go. A stream has to give each as it comes.
        """
        client = self._lend()
        items: Iterator[T] = iter(())
        try:
            items = await _in_thread(lambda: begin(client), client)
            while some := await _in_thread(lambda: list(islice(items, at_once)), client):
                for item in some:
                    yield item
        finally:
            with suppress(ValueError):  # a thread is still inside: it closes what it has opened
                getattr(items, "close", int)()
            self._take_back(client)

    def _lend(self) -> Client:
        client = self._idle.pop() if self._idle else Client(self._endpoint)
        self._lent.add(client)
        return client

    def _take_back(self, client: Client) -> None:
        self._lent.discard(client)
        if client.scope.closed:
            client.close()
        else:
            self._idle.append(client)


async def _in_thread(work: Callable[[], T], client: Client) -> T:
    """Do the work in a thread; when it is cancelled, the client is ended for good."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            tell(partial(_fail, done, error))
        else:
            tell(partial(_settle, done, result))

    def tell(news: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop was closed
            loop.call_soon_threadsafe(news)

    Thread(target=run, name="jobsub-call", daemon=True).start()
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        client.scope.interrupt()
        await asyncio.wait([done], timeout=GRACE)
        raise


def _settle(done: asyncio.Future[T], result: T) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: asyncio.Future[T], error: BaseException) -> None:
    if not done.done():
        done.set_exception(error)
        done.exception()  # whoever was cancelled does not ask for it
