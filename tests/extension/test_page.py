from __future__ import annotations

import asyncio
import json

import pytest
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from jupyter_jobsub.extension import page as page_module
from jupyter_jobsub.extension import streams


class History:
    """A service whose events and logs a test writes; it keeps them when it is killed."""

    def __init__(self, service):
        self.service = service
        self.events: list[str] = []
        self.first = 1  # the number of the first event
        self.log: list[str] = []
        self.ended = False
        self.news = asyncio.Event()
        self.opened: list[tuple[str, str | None]] = []
        self.padding = ""
        self.fractions: list[float] = []  # what the job says of its progress
        service.answer = self.answer

    @property
    def last(self) -> int:
        return self.first + len(self.events) - 1

    def happen(self, *phases: str) -> None:
        self.events += phases
        self.wake()

    def wake(self) -> None:
        self.news.set()
        self.news = asyncio.Event()

    async def answer(self, handler):
        after = handler.request.headers.get("Last-Event-ID")
        self.opened.append((handler.request.uri, after))
        handler.set_header("Content-Type", "text/event-stream")
        try:
            if handler.request.path == "/jobsub/events":
                await self.send_events(handler, after)
            else:
                await self.send_log(handler, after)
        except StreamClosedError:
            pass

    async def send(self, handler, event, data, id=None):
        handler.write(f"id: {id}\n" if id is not None else "")
        handler.write(f"event: {event}\ndata: {json.dumps(data)}\n\n")
        await handler.flush()

    async def send_events(self, handler, after):
        sent, shown = min(int(after or self.last), self.last), 0
        await self.send(handler, "hello", {"last": self.last})
        while True:
            while shown < len(self.fractions):
                shown += 1
                await self.send(handler, "job", {"event": None, "job": self.row(shown)})
            while sent < self.last:
                sent += 1
                await self.send_event(handler, sent)
            await self.news.wait()

    def row(self, n):
        return {"id": "j1", "progress": {"fraction": self.fractions[n - 1]}, "env": self.padding}

    async def send_event(self, handler, n):
        phase = self.events[n - self.first]
        if phase == "deleted":
            await self.send(handler, "deleted", {"id": "j1"}, n)
            return
        event = {"id": n, "at": "2026-11-21T08:15:30.000000Z", "phase": phase, "reason": "", "attempt": 1}
        job = {"id": "j1", "name": "a", "user": "ada", "group": "g", "exit_code": None, "env": self.padding}
        await self.send(handler, "job", {"event": event, "job": job}, n)

    async def send_log(self, handler, after):
        sent = int(after or 0)
        await self.send(handler, "job", {"id": "j1"})
        while True:
            while sent < len(self.log):
                sent += 1
                await self.send(handler, "log", {"text": self.log[sent - 1]}, sent)
            if self.ended:
                await self.send(handler, "end", {"id": "j1", "phase": "Succeeded"})
                return
            await self.news.wait()


@pytest.fixture
def history(service):
    return History(service)


class Browser:
    """A page's end of the socket."""

    def __init__(self, socket):
        self.socket = socket

    async def tell(self, **message):
        await self.socket.write_message(json.dumps(message))

    async def hear(self, *, rows=False):
        """The next message; how the job of a followed log is now only if rows are asked for."""
        while True:
            text = await asyncio.wait_for(self.socket.read_message(), 10)
            message = None if text is None else json.loads(text)
            if rows or message is None or not (message["type"] == "job" and "key" in message):
                return message

    async def hear_phases(self, count):
        return [(m["last_event_id"], m["event"]["phase"]) for m in [await self.hear() for _ in range(count)]]


@pytest.fixture
def browse(jp_ws_fetch, jp_asyncio_loop):
    opened = []

    async def browse():
        browser = Browser(await jp_ws_fetch("jobsub", "ws"))
        opened.append(browser)
        return browser

    yield browse
    for browser in opened:
        browser.socket.close()
    jp_asyncio_loop.run_until_complete(asyncio.sleep(0.01))


async def test_events_from_now_on(history, browse):
    history.happen("Old", "Older")
    browser = await browse()
    await browser.tell(subscribe="events")
    assert await browser.hear() == {"type": "hello", "last": 2}
    history.happen("Pending", "Running")
    assert await browser.hear_phases(2) == [(3, "Pending"), (4, "Running")]


async def test_an_event_is_passed_whole(history, browse):
    browser = await browse()
    await browser.tell(subscribe="events", last_event_id=None)
    await browser.hear()
    history.happen("Pending")
    message = await browser.hear()
    assert message["type"] == "job"
    assert message["event"]["id"] == message["last_event_id"] == 1
    assert message["job"]["name"] == "a"


async def test_events_after_one_that_the_page_has(history, browse):
    history.happen("A", "B", "C")
    browser = await browse()
    await browser.tell(subscribe="events", last_event_id=1)
    assert await browser.hear() == {"type": "hello", "last": 1}
    assert await browser.hear_phases(2) == [(2, "B"), (3, "C")]


async def test_a_deletion(history, browse):
    browser = await browse()
    await browser.tell(subscribe="events")
    await browser.hear()
    history.happen("Succeeded", "deleted")
    await browser.hear()
    assert await browser.hear() == {"type": "deleted", "last_event_id": 2, "id": "j1"}


async def test_a_deletion_while_the_page_was_away(history, browse):
    history.happen("Succeeded", "deleted")
    browser = await browse()
    await browser.tell(subscribe="events", last_event_id=1)
    await browser.hear()
    assert await browser.hear() == {"type": "deleted", "last_event_id": 2, "id": "j1"}


@pytest.fixture
def one_person(jp_serverapp):
    from jupyter_server.auth.identity import PasswordIdentityProvider, User

    class Ada(PasswordIdentityProvider):
        def get_user(self, handler):
            return User("ada")

    jp_serverapp.web_app.settings["identity_provider"] = Ada()


async def test_pages_of_a_person_share_a_stream(history, one_person, browse):
    browsers = [await browse() for _ in range(3)]
    for browser in browsers:
        await browser.tell(subscribe="events")
        await browser.hear()
    history.happen("Pending")
    for browser in browsers:
        assert await browser.hear_phases(1) == [(1, "Pending")]
    assert len(history.opened) == 1


async def test_a_page_that_was_away_does_not_disturb_the_others(history, one_person, browse):
    first, second = await browse(), await browse()
    await first.tell(subscribe="events")
    await first.hear()
    history.happen("A", "B")
    assert await first.hear_phases(2) == [(1, "A"), (2, "B")]
    await second.tell(subscribe="events", last_event_id=0)
    assert await second.hear() == {"type": "hello", "last": 0}
    assert await second.hear_phases(2) == [(1, "A"), (2, "B")]
    history.happen("C")
    assert await first.hear_phases(1) == [(3, "C")]
    assert await second.hear_phases(1) == [(3, "C")]


async def test_a_second_page_begins_where_the_first_is(history, one_person, browse):
    first, second = await browse(), await browse()
    await first.tell(subscribe="events")
    await first.hear()
    history.happen("A")
    await first.hear()
    await second.tell(subscribe="events")
    assert await second.hear() == {"type": "hello", "last": 1}


async def test_the_stream_ends_with_the_last_page(history, service, one_person, browse):
    first, second = await browse(), await browse()
    for browser in (first, second):
        await browser.tell(subscribe="events")
        await browser.hear()
    await first.tell(unsubscribe="events")
    second.socket.close()
    await asyncio.wait_for(service.gone.wait(), 5)


async def test_a_killed_service_loses_nothing(history, service, browse):
    browser = await browse()
    await browser.tell(subscribe="events")
    await browser.hear()
    history.happen("A")
    await browser.hear()
    await service.kill()
    service.start()
    offline = await browser.hear()
    assert offline["type"] == "offline"
    history.happen("B", "C")
    assert await browser.hear() == {"type": "online"}
    assert await browser.hear_phases(2) == [(2, "B"), (3, "C")]
    assert history.opened[-1] == ("/jobsub/events?progress=true", "1")


async def test_what_happens_before_the_first_event_is_not_lost_either(history, service, browse):
    history.happen("A")
    browser = await browse()
    await browser.tell(subscribe="events")
    await browser.hear()
    await service.kill()
    history.happen("B")
    service.start()
    assert [(await browser.hear())["type"] for _ in range(2)] == ["offline", "online"]
    assert await browser.hear_phases(1) == [(2, "B")]


async def test_a_history_that_began_anew_is_told(history, service, browse):
    history.happen("A", "B", "C")
    browser = await browse()
    await browser.tell(subscribe="events")
    assert (await browser.hear())["last"] == 3
    await service.kill()
    history.events = ["X"]
    service.start()
    assert [(await browser.hear())["type"] for _ in range(2)] == ["offline", "online"]
    assert await browser.hear() == {"type": "hello", "last": 1}
    history.happen("Y")
    assert await browser.hear_phases(1) == [(2, "Y")]


async def test_a_log(history, browse):
    history.log = ["one\n", "two\n"]
    browser = await browse()
    await browser.tell(subscribe="log", key="k", job="j1", role="main", task=0, attempt=2, tail=100)
    assert await browser.hear() == {"type": "log", "key": "k", "cursor": "1", "text": "one\n"}
    assert await browser.hear() == {"type": "log", "key": "k", "cursor": "2", "text": "two\n"}
    history.ended = True
    history.wake()
    ended = {"type": "end", "key": "k", "job": {"id": "j1", "phase": "Succeeded"}}
    assert await browser.hear() == ended
    uri = "/jobsub/jobs/j1/log?follow=true&role=main&task=0&attempt=2&tail=100"
    assert history.opened == [(uri, None)]
    await browser.tell(subscribe="log", key="k", job="j1")  # the key is free again
    assert (await browser.hear())["text"] == "one\n"


async def test_a_job_id_cannot_lead_elsewhere(history, browse):
    history.ended = True
    browser = await browse()
    await browser.tell(subscribe="log", key="k", job="../events?x")
    await browser.hear()
    assert history.opened[0][0].startswith("/jobsub/jobs/..%2Fevents%3Fx/log?")


async def test_a_log_goes_on_after_the_service_was_killed(history, service, browse):
    browser = await browse()
    await browser.tell(subscribe="events")
    await browser.tell(subscribe="log", key="k", job="j1")
    await browser.hear()
    history.log.append("one\n")
    history.wake()
    await browser.hear()
    await service.kill()
    history.log.append("two\n")
    history.happen("Running")
    service.start()
    heard = [await browser.hear() for _ in range(4)]
    assert sorted(m["type"] for m in heard) == ["job", "log", "offline", "online"]
    assert heard[0]["type"] == "offline"
    assert [m["text"] for m in heard if m["type"] == "log"] == ["two\n"]


async def test_twenty_logs_and_no_more(history, browse):
    browser = await browse()
    for n in range(21):
        await browser.tell(subscribe="log", key=f"k{n}", job="j1")
    error = await browser.hear()
    assert (error["type"], error["key"]) == ("error", "k20")
    assert error["remedy"]
    await browser.tell(unsubscribe="k3")
    await browser.tell(subscribe="log", key="k20", job="j1")
    history.log.append("line\n")
    history.wake()
    heard = {(await browser.hear())["key"] for _ in range(20)}
    assert heard == {f"k{n}" for n in range(21)} - {"k3"}


async def test_what_is_unsubscribed_is_silent(history, service, browse):
    browser = await browse()
    await browser.tell(subscribe="log", key="k", job="j1")
    history.log.append("line\n")
    history.wake()
    await browser.hear()
    await browser.tell(unsubscribe="k")
    await asyncio.wait_for(service.gone.wait(), 5)
    history.log.append("more\n")
    history.wake()
    await browser.tell(subscribe="events")
    assert (await browser.hear())["type"] == "hello"


async def test_a_refusal_is_told_with_its_remedy(history, service, browse):
    async def answer(handler):
        handler.set_status(410)
        handler.write({"status": 410, "title": "Gone", "detail": "Removed.", "remedy": "rerun it"})

    service.answer = answer
    browser = await browse()
    await browser.tell(subscribe="log", key="k", job="j1")
    refusal = {"type": "error", "message": "Removed.", "remedy": "rerun it", "key": "k", "status": 410}
    assert await browser.hear() == refusal
    await browser.tell(subscribe="events")
    assert await browser.hear() == refusal | {"key": "events"}
    service.answer = history.answer
    await browser.tell(subscribe="events")
    assert (await browser.hear())["type"] == "hello"


async def test_a_service_that_is_busy_is_tried_again(history, service, monkeypatch, browse):
    monkeypatch.setattr(streams, "DELAYS", (0.0, 0.01))
    answers = 0

    async def answer(handler):
        nonlocal answers
        answers += 1
        if answers < 4:
            handler.set_status(503)
            handler.write({"detail": "Busy." if answers < 2 else "Full.", "remedy": "wait"})
        else:
            await history.answer(handler)

    service.answer = answer
    browser = await browse()
    await browser.tell(subscribe="events")
    for reason in ("Busy.", "Full."):  # one that lasts is told once
        assert await browser.hear() == {"type": "offline", "message": reason, "remedy": "wait"}
    assert await browser.hear() == {"type": "online"}
    assert (await browser.hear())["type"] == "hello"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"subscribe": "everything"}',
        '{"subscribe": "events", "last_event_id": "one"}',
        '{"subscribe": "events", "last_event_id": true}',
        '{"subscribe": "events", "last_event_id": -1}',
        '{"subscribe": "log"}',
        '{"subscribe": "log", "key": 5, "job": "j1"}',
        '{"subscribe": "log", "key": "events", "job": "j1"}',
        '{"subscribe": "log", "key": "k"}',
        '{"subscribe": "log", "key": "k", "job": ""}',
        '{"subscribe": "log", "key": "k", "job": "j1", "task": "0"}',
        '{"subscribe": "log", "key": "k", "job": "j1", "tail": 1, "from": "1:2"}',
        '{"unsubscribe": "k"}',
        '{"unsubscribe": ["k"]}',
        "[" * 60_000,
        '"' + "x" * 70_000 + '"',
    ],
    ids=lambda message: message[:60],
)
async def test_a_bad_message_gets_an_error_and_the_socket_stays(history, browse, message):
    browser = await browse()
    await browser.socket.write_message(message)
    error = await browser.hear()
    assert error["type"] == "error"
    assert error["message"]
    assert error["remedy"]
    await browser.tell(subscribe="events")
    assert (await browser.hear())["type"] == "hello"


async def test_bytes_are_read_as_text(history, browse):
    browser = await browse()
    await browser.socket.write_message(b'{"subscribe": "events"}', binary=True)
    assert (await browser.hear())["type"] == "hello"
    await browser.socket.write_message(b"\xff", binary=True)
    assert (await browser.hear())["type"] == "error"


async def test_subscribing_twice_is_an_error(history, browse):
    browser = await browse()
    await browser.tell(subscribe="events")
    await browser.tell(subscribe="events")
    await browser.tell(subscribe="log", key="k", job="j1")
    await browser.tell(subscribe="log", key="k", job="j1")
    heard = [await browser.hear() for _ in range(3)]
    assert sorted(m["type"] for m in heard) == ["error", "error", "hello"]


async def slow_and_quick(history, monkeypatch, browse):
    """Two pages that hear of much, of which one is to read late."""
    monkeypatch.setattr(page_module, "MAX_UNSENT", 100_000)
    history.padding = "x" * 20_000
    pages = await browse(), await browse()
    for browser in pages:
        await browser.tell(subscribe="events")
        await browser.hear()
    return pages


async def test_a_slow_page_gets_its_events_later_and_holds_nobody_up(
    history, one_person, extension, monkeypatch, browse
):
    slow, quick = await slow_and_quick(history, monkeypatch, browse)
    history.happen(*["Running"] * 800)
    assert [n for n, _ in await quick.hear_phases(800)] == list(range(1, 801))
    [unsent] = [page._unsent for page in extension.hub.pages if page._unsent]
    assert 0 < unsent < 200_000
    assert [n for n, _ in await slow.hear_phases(800)] == list(range(1, 801))


async def test_how_a_job_is_now_takes_no_place_in_history(history, browse):
    browser = await browse()
    await browser.tell(subscribe="events")
    await browser.hear()
    history.fractions.append(0.25)
    history.happen("Running")
    assert await browser.hear() == {"type": "job", "event": None, "job": history.row(1)}
    assert await browser.hear_phases(1) == [(1, "Running")]


async def test_a_slow_page_gets_how_a_job_is_at_last_and_not_all_it_was(
    history, one_person, extension, monkeypatch, browse
):
    slow, quick = await slow_and_quick(history, monkeypatch, browse)
    history.fractions += [n / 800 for n in range(1, 801)]
    history.wake()
    for browser in (quick, slow):
        heard = [0.0]
        while heard[-1] < 1:
            heard.append((await browser.hear())["job"]["progress"]["fraction"])
        assert heard == sorted(heard)
    assert len(heard) < 800


async def test_how_the_job_of_a_followed_log_is(history, browse):
    browser = await browse()
    await browser.tell(subscribe="log", key="k", job="j1")
    assert await browser.hear(rows=True) == {"type": "job", "key": "k", "job": {"id": "j1"}}


async def test_a_stopping_server_says_so(history, extension, service, browse):
    browser = await browse()
    await browser.tell(subscribe="events")
    await browser.hear()
    await extension.stop_extension()
    assert await browser.hear() is None
    assert (browser.socket.close_code, browser.socket.close_reason) == (
        1001,
        "This Jupyter server is stopping.",
    )
    await asyncio.wait_for(service.gone.wait(), 5)
    assert not extension.hub.pages
    assert not extension.hub.upstream.tasks
    with pytest.raises(WebSocketClosedError):
        await browser.tell(subscribe="events")
