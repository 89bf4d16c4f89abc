"""What the cluster tells of Pods that don't start, from its events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from .api import Api, Object
from .watch import Mirror

# what is told of every Pod that starts as it should; so a cluster where all goes well tells nothing
_USUAL = ("Scheduled", "Created", "Started", "Pulled", "Killing")
_FIELDS = ",".join(["involvedObject.kind=Pod", *(f"reason!={each}" for each in _USUAL)])


class Events:
    """The events of a namespace's Pods, up to date.

    Parameters
    ----------
    changed:
        Called with a Pod's name when something new is told of it.
    """

    def __init__(self, api: Api, changed: Callable[[str], None]) -> None:
        self._mirror = Mirror(api, "events", "", self._take, fields=_FIELDS)
        self._changed = changed
        self._of: defaultdict[str, dict[str, Object]] = defaultdict(dict)  # by a Pod's uid, by event's name
        self._pods: dict[str, str] = {}  # an event's Pod

    async def open(self) -> None:
        """Read what has been told, and listen from there."""
        await self._mirror.open()
        for name, event in self._mirror.items().items():
            self._keep(name, event)

    async def close(self) -> None:
        """Listen no longer."""
        await self._mirror.close()

    def of(self, pod: Object) -> Sequence[Object]:
        """Give what has been told of a Pod; the cluster forgets it after an hour."""
        return list(self._of.get(pod["metadata"]["uid"], {}).values())

    def _take(self, name: str, event: Object | None) -> None:
        if event is None:
            self._forget(name)
        else:
            self._keep(name, event)
            self._changed(event["involvedObject"]["name"])

    def _keep(self, name: str, event: Object) -> None:
        uid = str(event["involvedObject"].get("uid", ""))
        self._pods[name] = uid
        self._of[uid][name] = event

    def _forget(self, name: str) -> None:
        uid = self._pods.pop(name, "")
        told = self._of.get(uid, {})
        told.pop(name, None)
        if not told:
            self._of.pop(uid, None)
