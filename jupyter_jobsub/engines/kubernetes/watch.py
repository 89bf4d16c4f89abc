"""A copy of what a cluster has of one kind, kept up to date by a watch."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import TypeAlias

from .api import Api, Kind, Object
from .errors import ApiError, Expired, Unreadable

Changed: TypeAlias = Callable[[str, "Object | None"], None]
Reached: TypeAlias = Callable[[str], None]

_STEADY = 5.0  # seconds after which a watch that ends was a good one
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 15.0
_STALE = 3  # watches in a row that fail; then the version may be what they fail for
_log = logging.getLogger(__name__)


class Mirror:
    """Tells what changes among the objects of a kind, each change once, and holds them all.

    A watch that ends is taken up again where it was; where its version is forgotten everything is
    listed anew, and only what differs is told. Nothing is told before ``open`` or after ``close``.

    Parameters
    ----------
    api, kind, selector, fields:
        What to watch.
    changed:
        Called with a name and the object as it is now, or None: the list or the watch no longer has
        it. An object of the same name that is another one is told as None first.
    reached:
        Called with what keeps it from the API server once an attempt to connect has failed, and
        with "" when it has it again.
    """

    def __init__(
        self,
        api: Api,
        kind: Kind,
        selector: str,
        changed: Changed,
        *,
        fields: str = "",
        reached: Reached = lambda _: None,
    ) -> None:
        self._api = api
        self._asked = kind, selector, fields
        self._changed = changed
        self._reached = reached
        self._objects: dict[str, Object] = {}
        self._version = ""
        self._failures = 0
        self._doubtful = False  # what was said last to a watch was not understood
        self._trouble = ""
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """List what there is, which isn't told, and watch from there; raises as ``Api.list`` does."""
        kind, selector, fields = self._asked
        found, self._version = await self._api.list(kind, selector, fields)
        self._objects = {_name(it): _slim(it) for it in found}
        self._task = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Watch no longer."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def get(self, name: str) -> Object | None:
        """Give an object as it was last seen."""
        return self._objects.get(name)

    def items(self) -> Mapping[str, Object]:
        """Give all objects by name, as they were last seen."""
        return dict(self._objects)

    async def _keep(self) -> None:
        while True:
            began = monotonic()
            good = await self._watched() and monotonic() - began > _STEADY
            self._failures = 0 if good else self._failures + 1
            if self._failures >= _STALE:
                self._version = ""
            await asyncio.sleep(_pause(self._failures))

    async def _watched(self) -> bool:
        """Watch until it ends; whether it had begun."""
        begun = False
        try:
            if not self._version:
                await self._relist()
            async with self._api.watch(self._asked[0], self._version, *self._asked[1:]) as changes:
                begun = True
                if not self._doubtful:
                    self._tell_reached("")
                async for change, it in changes:
                    self._take(change, it)
                    self._doubtful = False
                    self._tell_reached("")
        except Expired:
            self._version = ""
        except ApiError as error:
            _log.debug("the watch of %s has ended: %s", self._asked[0], error)
            self._doubtful = isinstance(error, Unreadable)
            if not begun or self._doubtful:
                self._tell_reached(str(error))
        except Exception as error:  # whatever it was, the next one may do without
            _log.exception("the watch of %s has ended", self._asked[0])
            self._version, self._doubtful = "", True
            self._tell_reached(f"What the API server says is not understood: {type(error).__name__} {error}")
        return begun

    async def _relist(self) -> None:
        kind, selector, fields = self._asked
        found, version = await self._api.list(kind, selector, fields)
        there = {_name(it): it for it in found}
        for name in self._objects.keys() - there.keys():
            self._lose(name)
        for it in there.values():
            self._have(it)
        self._version = version

    def _take(self, change: str, it: Object) -> None:
        self._version = it["metadata"]["resourceVersion"]
        if change == "DELETED":
            self._lose(_name(it))
        elif change != "BOOKMARK":
            self._have(it)

    def _have(self, it: Object) -> None:
        name, known = _name(it), self._objects.get(_name(it), {"metadata": {}})["metadata"]
        if known.get("resourceVersion") == it["metadata"]["resourceVersion"]:
            return
        if known.get("uid", it["metadata"]["uid"]) != it["metadata"]["uid"]:
            self._lose(name)
        self._objects[name] = _slim(it)
        self._tell(name, self._objects[name])

    def _lose(self, name: str) -> None:
        if self._objects.pop(name, None) is not None:
            self._tell(name, None)

    def _tell(self, name: str, it: Object | None) -> None:
        try:
            self._changed(name, it)
        except Exception:  # the others' changes must go on
            _log.exception("a change of %s %s was not understood", self._asked[0], name)

    def _tell_reached(self, trouble: str) -> None:
        if bool(trouble) != bool(self._trouble):
            self._reached(trouble)
        self._trouble = trouble


def _name(it: Object) -> str:
    name: str = it["metadata"]["name"]
    return name


def _slim(it: Object) -> Object:
    """Leave out who wrote which field, which is half of most objects."""
    return {**it, "metadata": {key: value for key, value in it["metadata"].items() if key != "managedFields"}}


def _pause(failures: int) -> float:
    """Back off, and not in step with others."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(failures, 10)) if failures else 0.0
    return random.uniform(longest / 2, longest)
