"""Events of Pods, by the Pod, as they come and are forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jupyter_jobsub.engines.kubernetes.events import Events


def event(name: str, uid: str, version: int, count: int = 1) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "uid": f"of-{name}", "resourceVersion": str(version)},
        "involvedObject": {"kind": "Pod", "name": f"pod-{uid}", "uid": uid},
        "reason": "Pulling",
        "count": count,
    }


class Api:
    """Has one event, and tells those that are put in the queue."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.asked = ""

    async def list(self, kind: str, selector: str, fields: str) -> tuple[list[Any], str]:
        assert kind == "events"
        self.asked = fields
        return [event("a", "1", 1)], "1"

    @asynccontextmanager
    async def watch(self, *_: str) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
        async def told() -> AsyncIterator[tuple[str, Any]]:
            while True:
                yield await self.queue.get()
                self.queue.task_done()

        yield told()


def _counts(events: Events, uid: str) -> list[int]:
    return [each["count"] for each in events.of({"metadata": {"uid": uid}})]


async def _told_by_pod() -> None:
    api, changed = Api(), list[str]()
    events = Events(api, changed.append)  # type: ignore[arg-type]
    await events.open()
    assert _counts(events, "1") == [1]
    assert changed == [], "what is known from the start is no news"
    for change in (("MODIFIED", event("a", "1", 2, 3)), ("ADDED", event("b", "2", 3))):
        api.queue.put_nowait(change)
    await asyncio.wait_for(api.queue.join(), 10)
    assert _counts(events, "1") == [3]
    assert _counts(events, "2") == [1]
    assert changed == ["pod-1", "pod-2"]
    api.queue.put_nowait(("DELETED", event("a", "1", 4)))
    await asyncio.wait_for(api.queue.join(), 10)
    assert _counts(events, "1") == []
    assert changed == ["pod-1", "pod-2"]
    await events.close()


def test_they_are_told_by_their_pod() -> None:
    asyncio.run(_told_by_pod())


@pytest.mark.parametrize("usual", ["Scheduled", "Pulled", "Created", "Started"])
def test_what_every_pod_tells_is_not_asked_for(usual: str) -> None:
    api = Api()

    async def ask() -> None:
        events = Events(api, lambda _: None)  # type: ignore[arg-type]
        await events.open()
        await events.close()

    asyncio.run(ask())
    assert f"reason!={usual}" in api.asked
    assert "involvedObject.kind=Pod" in api.asked
