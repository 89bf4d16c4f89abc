"""Connections for several threads, and what ends them."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_jobsub import spawn
from jupyter_jobsub.client import Client, Closed, LocalEndpoint
from jupyter_jobsub.client.http import Connection
from jupyter_jobsub.client.local import end_service
from jupyter_jobsub.client.transport import Scope
from jupyter_jobsub.client.watch import Watch

pytestmark = pytest.mark.usefixtures("nothing_left")
MANY = 8


@pytest.fixture
def connections(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Connection]]:
    """What is connected from now on."""
    made: list[Connection] = []
    connect = LocalEndpoint.connect

    def counted(self: LocalEndpoint) -> Connection:
        made.append(connect(self))
        return made[-1]

    monkeypatch.setattr(LocalEndpoint, "connect", counted)
    return made


def client() -> Client:
    return Client(LocalEndpoint(start=False))


def test_each_thread_has_a_connection_to_itself(
    fake: Callable, http: type, connections: list[Connection]
) -> None:
    all_there = threading.Barrier(MANY, timeout=10)

    def script(request):
        if request.target.endswith("/together"):
            all_there.wait()
        yield http.answer({"asked": request.target})

    fake(script)
    with client() as service, ThreadPoolExecutor(MANY) as pool:
        found = pool.map(lambda n: service.call("GET", f"/{n}/together"), range(MANY))
        assert [row["asked"] for row in found] == [f"/{n}/together" for n in range(MANY)]
        assert len(connections) == MANY
        found = pool.map(lambda n: service.call("GET", f"/{n}"), range(50 * MANY))
        assert [row["asked"] for row in found] == [f"/{n}" for n in range(50 * MANY)]
        assert len(connections) == MANY


def test_closing_ends_what_other_threads_wait_for(
    fake: Callable, http: type, connections: list[Connection]
) -> None:
    heard, over = threading.Semaphore(0), threading.Event()

    def script(request):
        if request.target == "/last":
            yield http.answer({})
            return
        if request.target == "/jobsub/events":
            yield http.STREAM
        heard.release()
        over.wait(10)
        yield http.CUT

    fake(script)
    service = client()
    with ThreadPoolExecutor(3) as pool:
        asked = [
            pool.submit(service.call, "GET", "/slow"),
            pool.submit(lambda: list(service.events())),
            pool.submit(lambda: list(service.log("job-1"))),
        ]
        for _ in asked:
            assert heard.acquire(timeout=10)
        service.close()
        for future in asked:
            with pytest.raises(Closed):
                future.result(10)
        over.set()
    assert len(connections) == 3, "nothing is asked for again"
    assert service.call("GET", "/last") == {}
    service.close()


def test_a_watch_is_closed_by_another_thread(fake: Callable, http: type) -> None:
    over = threading.Event()

    def script(request):
        yield http.STREAM
        yield http.event("job", {"id": "job-1"})
        over.wait(10)

    fake(script)
    seen: list[object] = []
    first = threading.Event()

    def read(watch: Watch) -> None:
        for item in watch:
            seen.append(item)
            first.set()

    with client() as service:
        watch = Watch(lambda scope: service.follow("job-1", scope=scope))
        thread = threading.Thread(target=read, args=(watch,))
        thread.start()
        assert first.wait(10)
        watch.close()
        thread.join(10)
        assert not thread.is_alive()
        over.set()
    assert seen == [("job", {"id": "job-1"})]
    assert list(watch) == []


def test_a_watch_that_waits_to_connect_again_is_closed_too(
    fake: Callable, http: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = threading.Event()
    sleep = Scope.sleep

    def told(self: Scope, seconds: float) -> None:
        waits.set()
        sleep(self, 60)

    monkeypatch.setattr(Scope, "sleep", told)
    fake(lambda request: [http.STREAM, http.event("job", {}), http.CUT])
    with client() as service:
        watch = Watch(lambda scope: service.follow("job-1", scope=scope))
        next(watch)
        thread = threading.Thread(target=lambda: list(watch))
        thread.start()
        assert waits.wait(10)
        watch.close()
        thread.join(10)
        assert not thread.is_alive()


def test_a_watch_that_nobody_reads_is_closed_too(
    fake: Callable, http: type, connections: list[Connection]
) -> None:
    fake(lambda request: [http.STREAM, http.event("job", {}), http.event("job", {})])
    with client() as service:
        with Watch(lambda scope: service.follow("job-1", scope=scope)) as watch:
            next(watch)
        assert connections[0].socket.fileno() == -1
        unread = Watch(lambda scope: service.follow("job-1", scope=scope))
        unread.close()
        assert list(unread) == []
    assert len(connections) == 1


def test_a_watch_that_is_read_while_it_is_closed() -> None:
    closing, read = threading.Event(), threading.Event()

    def items(scope: Scope) -> Iterator[int]:
        try:
            yield 1
        finally:
            closing.set()
            read.wait(10)

    watch = Watch(items)
    next(watch)
    thread = threading.Thread(target=watch.close)
    thread.start()
    assert closing.wait(10)
    assert list(watch) == []
    read.set()
    thread.join()


def test_a_connection_that_the_service_has_closed_is_not_used(
    fake: Callable, http: type, connections: list[Connection]
) -> None:
    service_side = fake(lambda request: [http.answer({}), *[http.CUT] * (request.target == "/a")])
    with client() as service:
        service.call("GET", "/a")
        select.select([connections[0].socket], [], [], 10)  # its end
        service.call("DELETE", "/b")  # which is never sent twice
    assert [request.target for request in service_side.requests] == ["/a", "/b"]
    assert len(connections) == 2


def test_a_forked_process_has_connections_of_its_own(
    fake: Callable, http: type, connections: list[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(lambda request: [http.answer({})])
    parent = client()
    parent.call("GET", "/")
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        parent.call("GET", "/")
        parent.close()
    assert len(connections) == 2
    assert connections[0].is_quiet()
    connections[0].close()


def test_a_closed_scope_takes_nothing_in() -> None:
    class Held:
        ended = 0

        def interrupt(self) -> None:
            self.ended += 1

    scope, inner, held = Scope(), Scope(), Held()
    with scope.holding(inner), inner.holding(held):
        scope.interrupt()
        scope.interrupt()
        assert inner.closed
        assert held.ended >= 1
        with pytest.raises(Closed), inner.holding(Held()):
            pass
    inner.sleep(60)  # returns at once


def test_several_threads_start_one_service(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Path] = []
    start_service = spawn.start_service

    def counted(folder: Path, address: Path) -> None:
        started.append(folder)
        start_service(folder, address)

    monkeypatch.setattr(spawn, "start_service", counted)
    with Client(LocalEndpoint()) as service, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: service.call("GET", "/jobsub/status")["pid"], range(4)))
        end_service(service.endpoint.connect())
    assert len(set(found)) == 1
    assert started == [data_dir]
