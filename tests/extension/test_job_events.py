from __future__ import annotations

import pytest
from jupyter_events import EventLogger

from jupyter_jobsub.extension import job_events
from jupyter_jobsub.extension.job_events import SCHEMA_ID, JobEvents

EVENT = {
    "id": 5,
    "at": "2026-11-21T08:15:30.123456Z",
    "phase": "Running",
    "reason": "",
    "message": "m",
    "attempt": 1,
}
JOB = {
    "id": "j1",
    "name": "train",
    "user": "ada",
    "group": "g",
    "exit_code": None,
    "command": "secret",
    "env": {"TOKEN": "secret"},
}
DATA = {"event": EVENT, "job": JOB}


@pytest.fixture
def logger():
    return EventLogger()


@pytest.fixture
def heard(logger):
    heard = []

    async def listen(logger, schema_id, data):
        heard.append(data)

    logger.add_listener(schema_id=SCHEMA_ID, listener=listen)
    return heard


async def test_an_event_says_what_everybody_may_know(logger, heard):
    JobEvents(logger).emit(5, DATA)
    await logger.gather_listeners()
    assert heard == [
        {
            "id": "j1",
            "name": "train",
            "user": "ada",
            "group": "g",
            "phase": "Running",
            "reason": "",
            "attempt": 1,
            "exit_code": None,
        }
    ]


async def test_an_event_that_two_feeds_bring_is_emitted_once(logger, heard):
    events = JobEvents(logger)
    for id in (5, 6, 5, 6, 7):
        events.emit(id, DATA)
    await logger.gather_listeners()
    assert len(heard) == 3


async def test_what_was_emitted_is_remembered_for_a_while_only(logger, heard, monkeypatch):
    monkeypatch.setattr(job_events, "REMEMBERED", 2)
    events = JobEvents(logger)
    for id in (1, 2, 3, 1):
        events.emit(id, DATA)
    await logger.gather_listeners()
    assert len(heard) == 4
