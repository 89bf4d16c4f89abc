"""One thread that draws whatever has changed in any view, and the seconds that pass."""

from __future__ import annotations

import logging
import time
from contextvars import Context
from threading import Condition, Thread
from typing import Protocol

_log = logging.getLogger(__name__)
PAUSE = 0.2  # seconds between two drawings of a view


class Drawn(Protocol):
    """What the painter draws."""

    def paint(self) -> float | None:
        """Show what is now; give the seconds after which it looks different by itself, or None."""


class Painter:
    """Its thread is there while something is to be drawn, now or later."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._due: dict[Drawn, float] = {}
        self._drawn: dict[Drawn, float] = {}
        self._thread: Thread | None = None

    def ask(self, view: Drawn, delay: float = 0.0) -> None:
        """Have a view drawn soon, or in so many seconds."""
        with self._changed:
            at = max(time.monotonic() + delay, self._drawn.get(view, 0.0) + PAUSE)
            self._due[view] = min(at, self._due.get(view, at))
            if self._thread is None:
                # in a context of its own: what it sends belongs to no cell, or to the one that runs
                self._thread = Thread(target=Context().run, args=(self._run,), name="jobsub-painter")
                self._thread.daemon = True
                self._thread.start()
            self._changed.notify()

    def forget(self, view: Drawn) -> None:
        """Draw a view no more."""
        with self._changed:
            self._due.pop(view, None)
            self._drawn.pop(view, None)
            self._changed.notify()

    def _run(self) -> None:
        while view := self._next():
            try:
                again = view.paint()
            except Exception:  # the other views go on
                _log.exception("a view could not be drawn")
                again = None
            if again is not None:
                self.ask(view, again)

    def _next(self) -> Drawn | None:
        """Wait until a view is due; None when none will be."""
        with self._changed:
            while self._due:
                view = min(self._due, key=self._due.__getitem__)
                wait = self._due[view] - time.monotonic()
                if wait <= 0:
                    del self._due[view]
                    self._drawn[view] = time.monotonic()
                    return view
                self._changed.wait(wait)
            self._drawn.clear()
            self._thread = None
            return None


painter = Painter()
