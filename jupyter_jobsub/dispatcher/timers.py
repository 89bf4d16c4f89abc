"""Named timers on the loop's own clock, which no step of the wall clock moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """At most one timer a name."""

    def __init__(self) -> None:
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._handles

    def set(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        """Call later, instead of what the name stood for."""
        self.cancel(name)

        def due() -> None:
            self._handles.pop(name, None)
            call()

        self._handles[name] = asyncio.get_running_loop().call_later(seconds, due)

    def keep(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        """Call later, unless the name is set already."""
        if name not in self._handles:
            self.set(name, seconds, call)

    def cancel(self, name: str) -> None:
        """Forget a name."""
        if handle := self._handles.pop(name, None):
            handle.cancel()

    def close(self) -> None:
        """Forget all."""
        for name in list(self._handles):
            self.cancel(name)
