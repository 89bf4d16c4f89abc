"""How asynchronous methods are made from synchronous ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from ..api import Client
from .threads import Threads

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")

PAGE = 100  # items of a list that are fetched in one go


class Asynchronous(ABC, Generic[S]):
    """Stands for a synchronous object, which is made anew for each call, in the call's thread."""

    _threads: Threads

    @abstractmethod
    def _on(self, service: Client) -> S: ...


def value(
    method: Callable[Concatenate[S, P], T],
) -> Callable[Concatenate[Asynchronous[S], P], Coroutine[Any, Any, T]]:
    """Make an asynchronous method that gives the same as the synchronous one."""

    @wraps(method)
    async def call(self: Asynchronous[S], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._threads.run(lambda service: method(self._on(service), *args, **kwargs))

    return call
