"""What a command leaves as its cell's value: jobs, which the cell does not show a second time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, TypeAlias

from ..client import Client
from ..client.job import Job
from ..client.sweep import Sweep

if TYPE_CHECKING:
    from ..client.api import Row

    _Way: TypeAlias = Callable[[object], object]


class Jobs(list[Job]):
    """Several jobs, in the order in which they were submitted or named."""


def value_of(rows: Collection[Row]) -> Value | None:
    """Make the value of a cell from the jobs that its command gave."""
    if not rows:
        return None
    service = Client()
    sweep, *others = {row["sweep"] for row in rows}
    if len(rows) > 1 and sweep and not others:
        return Sweep(service, sweep, list(rows))
    jobs = Jobs(Job(service, row) for row in rows)
    return jobs if len(jobs) > 1 else jobs[0]


Value: TypeAlias = "Job | Jobs | Sweep"


class Display:
    """Shows jobs as they are shown otherwise, but for a value that its command has just told about.

    A value that has a name is always shown: whoever writes the name asks for it.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._formatter = shell.display_formatter.ipython_display_formatter
        self._told: object = None
        self._usual: dict[type, _Way | None] = {kind: self._find(kind) for kind in (Job, Jobs, Sweep)}

    def load(self) -> None:
        """Come before the usual way."""
        for kind in self._usual:
            self._formatter.for_type(kind, self._show)
        self._shell.events.register("post_run_cell", self._cell_ended)

    def unload(self) -> None:
        """Leave the usual way."""
        for kind, usual in self._usual.items():
            self._formatter.pop(kind)
            if usual:
                self._formatter.for_type(kind, usual)
        self._shell.events.unregister("post_run_cell", self._cell_ended)

    def told(self, value: object) -> None:
        """Note what the cell's command has printed or shown."""
        self._told = value

    def _find(self, kind: type) -> _Way | None:
        try:
            found: _Way = self._formatter.lookup_by_type(kind)
            return found
        except KeyError:
            return None

    def _cell_ended(self, *_: object) -> None:
        self._told = None

    def _show(self, value: object) -> None:
        named = any(one is value for one in self._shell.user_ns.values())
        if value is self._told and not named:
            return
        usual = next(way for kind, way in self._usual.items() if isinstance(value, kind))
        if usual is None:
            raise NotImplementedError  # IPython goes on to its text
        usual(value)
