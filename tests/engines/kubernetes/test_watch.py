from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

import pytest

from jupyter_jobsub.engines.kubernetes import watch
from jupyter_jobsub.engines.kubernetes.errors import Expired, Refused, Unreachable, Unreadable
from jupyter_jobsub.engines.kubernetes.watch import Mirror, Object

Event = tuple[str, Object]


class Server:
    """An API server with objects of one kind, which can forget, break off, refuse and be away."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.history: list[Event] = []
        self.forgotten = 0
        self.away: Exception | None = None
        self.lists = 0
        self.watched_from: list[str] = []
        self.watching: list[asyncio.Queue[Event | Exception | None]] = []

    def put(self, name: str, uid: str = "") -> None:
        known = self.objects.get(name)
        uid = uid or (known["metadata"]["uid"] if known else f"u{len(self.history)}")
        meta = {"name": name, "uid": uid, "managedFields": ["much"]}
        self.objects[name] = self._tell("MODIFIED" if known else "ADDED", meta)

    def remove(self, name: str) -> None:
        self._tell("DELETED", self.objects.pop(name)["metadata"])

    def replace(self, name: str) -> None:
        """Another one of the same name, seen by nobody who only compares names."""
        self.remove(name)
        self.put(name)

    def bookmark(self) -> None:
        self._tell("BOOKMARK", {})

    def forget(self) -> None:
        self.forgotten = len(self.history)

    def cut(self, why: Exception | None = None) -> None:
        for queue in self.watching:
            queue.put_nowait(why)

    def _tell(self, change: str, meta: Object) -> Object:
        it = {"metadata": {**meta, "resourceVersion": str(len(self.history) + 1)}}
        self.history.append((change, it))
        for queue in self.watching:
            queue.put_nowait((change, it))
        return it

    async def list(self, *_: str) -> tuple[Sequence[Object], str]:
        if self.away:
            raise self.away
        self.lists += 1
        return list(self.objects.values()), str(len(self.history))

    @asynccontextmanager
    async def watch(self, kind: str, version: str, *_: str) -> AsyncIterator[AsyncIterator[Event]]:
        if self.away:
            raise self.away
        if int(version) < self.forgotten:
            raise Expired("too old")
        self.watched_from.append(version)
        queue: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        for event in self.history[int(version) :]:
            queue.put_nowait(event)
        self.watching.append(queue)
        try:
            yield _events(queue)
        finally:
            self.watching.remove(queue)


async def _events(queue: asyncio.Queue[Event | Exception | None]) -> AsyncIterator[Event]:
    while event := await queue.get():
        if isinstance(event, Exception):
            raise event
        yield event


class Owner:
    """Has a mirror, and what that told."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.told: list[tuple[str, Object | None]] = []
        self.troubles: list[str] = []
        self.mirror = Mirror(server, "pods", "", self.hear, reached=self.troubles.append)  # type: ignore[arg-type]

    def hear(self, name: str, it: Object | None) -> None:
        self.told.append((name, it))

    def names(self) -> list[str]:
        """What was told, with a minus before what is gone."""
        return [name if it else f"-{name}" for name, it in self.told]

    async def is_up_to_date(self) -> None:
        await until(lambda: versions(self.mirror.items()) == versions(self.server.objects))


def versions(objects: Any) -> dict[str, str]:
    return {name: it["metadata"]["resourceVersion"] for name, it in objects.items()}


async def until(condition: Callable[[], bool]) -> None:
    async def wait() -> None:
        while not condition():
            await asyncio.sleep(0.002)

    await asyncio.wait_for(wait(), 20)


def scenario(test: Callable[[Any, Owner, Server], Awaitable[None]]) -> Callable[[Any], None]:
    """Make a test of a coroutine; its mirror is open over a pod ``a``."""

    @wraps(test)
    def run(self: Any) -> None:
        async def whole() -> None:
            server = Server()
            server.put("a")
            owner = Owner(server)
            await owner.mirror.open()
            try:
                await test(self, owner, server)
            finally:
                await owner.mirror.close()
            assert not server.watching

        asyncio.run(whole())

    del run.__wrapped__  # type: ignore[attr-defined] # pytest would ask for its arguments
    return run


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(watch, "_LONGEST_PAUSE", 0.01)


class TestMirror:
    @scenario
    async def test_has_the_list_and_tells_what_changes_from_then_on(
        self, owner: Owner, server: Server
    ) -> None:
        assert list(owner.mirror.items()) == ["a"]
        assert owner.told == []
        server.put("b")
        server.put("a")
        server.remove("a")
        await until(lambda: len(owner.told) == 3)
        assert owner.names() == ["b", "a", "-a"]
        assert owner.mirror.get("a") is None
        assert owner.mirror.get("b") == owner.told[0][1]

    @scenario
    async def test_leaves_out_who_wrote_which_field(self, owner: Owner, server: Server) -> None:
        server.put("b")
        await owner.is_up_to_date()
        assert all("managedFields" not in it["metadata"] for it in owner.mirror.items().values())

    @scenario
    async def test_goes_on_where_a_watch_ended(self, owner: Owner, server: Server) -> None:
        server.put("b")
        server.bookmark()
        await until(lambda: len(owner.told) == 1)
        server.cut()
        await until(lambda: len(server.watched_from) == 2 and bool(server.watching))
        server.put("c")
        await owner.is_up_to_date()
        assert owner.names() == ["b", "c"]
        assert server.watched_from == ["1", "3"]
        assert server.lists == 1
        assert owner.troubles == []

    @scenario
    async def test_a_connection_that_breaks_once_is_nobodys_trouble(
        self, owner: Owner, server: Server
    ) -> None:
        await until(lambda: bool(server.watching))
        server.cut(Unreachable("reset"))
        await until(lambda: len(server.watched_from) == 2)
        server.put("b")
        await owner.is_up_to_date()
        assert owner.troubles == []

    @pytest.mark.parametrize("in_the_stream", [True, False])
    def test_lists_anew_what_is_forgotten_and_tells_what_differs(self, in_the_stream: bool) -> None:
        @scenario
        async def test(_: Any, owner: Owner, server: Server) -> None:
            for name in "bcd":
                server.put(name)
            await owner.is_up_to_date()
            await until(lambda: bool(server.watching))
            owner.told.clear()
            server.away = Unreachable("down")
            server.cut(Expired("too old") if in_the_stream else None)
            await until(lambda: not server.watching)
            server.put("a")
            server.remove("b")
            server.replace("c")
            server.forget()
            server.away = None
            await owner.is_up_to_date()
            assert sorted(owner.names()) == ["-b", "-c", "a", "c"]
            assert owner.names().index("-c") < owner.names().index("c")

        test(self)

    @pytest.mark.parametrize("why", [Unreachable("nobody there"), Refused(403, message="not allowed")])
    def test_says_that_it_has_lost_the_server_and_has_it_again(self, why: Exception) -> None:
        @scenario
        async def test(_: Any, owner: Owner, server: Server) -> None:
            await until(lambda: bool(server.watching))
            server.away = why
            server.cut(Unreachable("reset"))
            await until(lambda: bool(owner.troubles))
            assert owner.troubles == [str(why)]
            server.put("b")
            server.away = None
            await owner.is_up_to_date()
            await until(lambda: owner.troubles == [str(why), ""])
            assert owner.names() == ["b"]

        test(self)

    def test_backs_off_for_as_long_as_it_takes(self) -> None:
        assert watch._pause(0) == 0
        assert all(watch._pause(failures) <= watch._LONGEST_PAUSE for failures in (1, 10, 100, 10_000))

    @scenario
    async def test_does_not_insist_on_a_version_that_fails(self, owner: Owner, server: Server) -> None:
        """As after a cluster's data was restored: its versions go back."""
        for _ in range(watch._STALE):
            await until(lambda: bool(server.watching))
            server.cut(Unreachable("too large resource version"))
            await until(lambda: not server.watching)
        await until(lambda: server.lists == 2)
        assert owner.told == []

    @scenario
    async def test_goes_on_when_its_owner_fails(self, owner: Owner, server: Server) -> None:
        def fail(name: str, it: Object | None) -> None:
            owner.told.append((name, it))
            raise RuntimeError("a bug")

        owner.mirror._changed = fail
        server.put("b")
        server.put("c")
        await until(lambda: len(owner.told) == 2)

    @pytest.mark.parametrize("why", [Unreadable("a page to log in"), KeyError("object")])
    def test_goes_on_after_what_can_not_be_read_and_says_so_until_something_can(self, why: Exception) -> None:
        @scenario
        async def test(_: Any, owner: Owner, server: Server) -> None:
            for _round in range(2):
                await until(lambda: bool(server.watching))
                server.cut(why)
                await until(lambda: not server.watching)
            await until(lambda: bool(server.watching))
            assert len(owner.troubles) == 1
            assert str(why) in owner.troubles[0]
            server.put("b")
            await owner.is_up_to_date()
            await until(lambda: owner.troubles[1:] == [""])
            assert owner.names() == ["b"]

        test(self)

    @scenario
    async def test_tells_nothing_once_closed(self, owner: Owner, server: Server) -> None:
        await until(lambda: bool(server.watching))
        await owner.mirror.close()
        server.put("b")
        await asyncio.sleep(0)
        assert owner.told == []

    @pytest.mark.parametrize("seed", range(20))
    def test_whatever_happens_what_was_told_adds_up(self, seed: int) -> None:
        chance = random.Random(seed)

        @scenario
        async def test(_: Any, owner: Owner, server: Server) -> None:
            have = dict(owner.mirror.items())
            for _round in range(60):
                happen(chance, server)
                if chance.random() < 0.3:
                    await asyncio.sleep(chance.choice([0, 0.001, 0.005]))
            server.away = None
            await owner.is_up_to_date()
            for name, it in owner.told:
                known = have.pop(name, None)
                assert it or known  # nothing is gone that wasn't there
                if it and known:
                    assert it["metadata"]["uid"] == known["metadata"]["uid"]
                    assert it["metadata"]["resourceVersion"] != known["metadata"]["resourceVersion"]
                if it:
                    have[name] = it
            assert versions(have) == versions(server.objects)

        test(self)


def happen(chance: random.Random, server: Server) -> None:
    name = chance.choice("abc")
    there = name in server.objects
    acts: list[Callable[[], None]] = [
        lambda: server.put(name),
        lambda: server.remove(name) if there else server.put(name),
        lambda: server.replace(name) if there else server.put(name),
        server.bookmark,
        server.forget,
        server.cut,
        lambda: server.cut(Expired("too old")),
        lambda: server.cut(Unreachable("reset")),
        lambda: setattr(server, "away", None if server.away else Unreachable("down")),
    ]
    chance.choices(acts, [6, 3, 2, 1, 1, 1, 1, 1, 1])[0]()
