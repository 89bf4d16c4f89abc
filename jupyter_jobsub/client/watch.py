"""What comes over a stream, until somebody has had enough of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from .errors import Closed
from .transport import Scope

T = TypeVar("T")


class Watch(Iterator[T]):
    """An iterator over what happens, as it happens; any thread may end it.

    Parameters
    ----------
    begin:
        Makes the iterator; what it reads from ends with the scope.

    Notes
    -----
    A context manager too: what is left at its end is closed.
    """

    def __init__(self, begin: Callable[[Scope], Iterator[T]]) -> None:
        self._scope = Scope()
        self._items = begin(self._scope)

    def __next__(self) -> T:
        try:
            return next(self._items)
        except (Closed, ValueError):  # the latter: another thread is just closing the iterator
            if self._scope.closed:
                raise StopIteration from None
            raise

    def close(self) -> None:
        """End it: a thread that waits for what comes next has its loop ended at once."""
        self._scope.interrupt()
        with suppress(ValueError):  # a thread is inside: it closes the connection itself
            self._items.close()  # type: ignore[attr-defined]

    def __enter__(self) -> Watch[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
