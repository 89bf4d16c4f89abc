"""Job events reach the server's event logger, whether or not a page is there."""

from __future__ import annotations

import asyncio
import json

import pytest
from jupyter_events import EventLogger

from jupyter_jobsub.extension.job_events import SCHEMA_ID, JobEvents
from jupyter_jobsub.extension.upstream import Upstream

JOB = {
    "id": "j1",
    "name": "train",
    "user": "ada",
    "group": "g",
    "exit_code": None,
    "command": "secret",
    "env": {"TOKEN": "secret"},
}
PUBLIC = {"id": "j1", "name": "train", "user": "ada", "group": "g", "reason": "", "attempt": 1}


@pytest.fixture
def heard(jp_serverapp):
    heard = []

    async def listen(logger, schema_id, data):
        heard.append(data)

    jp_serverapp.event_logger.add_listener(schema_id=SCHEMA_ID, listener=listen)
    return heard


class History:
    """What a played service tells the one who listens, and how it was asked."""

    def __init__(self, service):
        self.service = service
        self.phases = []
        self.first = 1
        self.asked = []
        self.news = asyncio.Event()
        service.answer_listener = self.answer

    @property
    def last(self):
        return self.first + len(self.phases) - 1

    def happen(self, *phases):
        self.phases += phases
        self.news.set()
        self.news = asyncio.Event()

    async def answer(self, handler):
        after = handler.request.headers.get("Last-Event-ID")
        self.asked.append(after)
        sent = min(int(after or self.last), self.last)
        handler.set_header("Content-Type", "text/event-stream")
        await self.send(handler, "hello", {"last": self.last})
        while True:
            while sent < self.last:
                sent += 1
                phase = self.phases[sent - self.first]
                event = {"id": sent, "phase": phase, "reason": "", "attempt": 1}
                await self.send(handler, "job", {"event": event, "job": JOB}, sent)
            await self.news.wait()

    async def send(self, handler, event, data, id=None):
        handler.write(f"id: {id}\n" if id is not None else "")
        handler.write(f"event: {event}\ndata: {json.dumps(data)}\n\n")
        await handler.flush()


@pytest.fixture
def history(service):
    return History(service)


async def until(heard, logger, *phases):
    """Wait until exactly these were emitted."""
    while [data["phase"] for data in heard][: len(phases)] != list(phases):
        await asyncio.sleep(0.005)
        await logger.gather_listeners()
    assert len(heard) == len(phases)


async def test_nobody_is_asked_before_somebody_here_asks(history, jp_serverapp, jp_fetch):
    assert history.asked == []
    await jp_fetch("jobsub/jobs")
    assert history.asked == [None]
    await jp_fetch("jobsub/jobs")
    assert history.asked == [None]


async def test_an_event_says_what_everybody_may_know(history, heard, jp_serverapp, jp_fetch):
    await jp_fetch("jobsub/jobs")
    history.happen("Running")
    await until(heard, jp_serverapp.event_logger, "Running")
    assert heard == [PUBLIC | {"phase": "Running", "exit_code": None}]


async def test_what_a_request_causes_is_not_missed(history, service, heard, jp_serverapp, jp_fetch):
    async def submit(handler):
        history.happen("Pending")
        handler.write({})

    service.answer = submit
    await jp_fetch("jobsub/jobs", method="POST", body="{}")
    await until(heard, jp_serverapp.event_logger, "Pending")


async def test_what_happened_while_the_service_was_away_is_told_once(
    history, service, heard, jp_serverapp, jp_fetch
):
    logger = jp_serverapp.event_logger
    await jp_fetch("jobsub/jobs")
    history.happen("Pending")
    await until(heard, logger, "Pending")
    await service.kill()
    history.happen("Running", "Succeeded")
    service.start()
    await jp_fetch("jobsub/jobs")
    await until(heard, logger, "Pending", "Running", "Succeeded")
    assert history.asked == [None, "1"]


async def test_a_history_that_began_anew_is_followed_from_its_end(
    history, service, heard, jp_serverapp, jp_fetch
):
    history.first = 100
    await jp_fetch("jobsub/jobs")
    await service.kill()
    history.first = 5
    service.start()
    await jp_fetch("jobsub/jobs")
    history.happen("Pending")
    await until(heard, jp_serverapp.event_logger, "Pending")
    assert history.asked == [None, "99"]


async def test_a_service_that_refuses_keeps_no_request_waiting(service, jp_serverapp, jp_fetch):
    async def refuse(handler):
        handler.set_status(429)
        handler.write({})

    service.answer_listener = refuse
    for _ in range(2):
        assert (await jp_fetch("jobsub/jobs")).code == 200


async def test_a_service_that_is_not_there_is_not_started(folder):
    upstream = Upstream()
    events = JobEvents(EventLogger(), upstream)
    await events.contact()
    assert events.last is None
    await upstream.close()
    assert not list(folder.iterdir())
