from __future__ import annotations

from collections.abc import Callable

import pytest

from jupyter_jobsub.client import Client, LocalEndpoint, Unreachable, stream
from jupyter_jobsub.client.stream import Event, parse
from jupyter_jobsub.errors import NotFound

FINAL = {"id": "job-20261121-00000001", "phase": "Succeeded"}


def read(*chunks: bytes) -> list[tuple[str, str, str | None] | None]:
    return [event and (event.name, event.data, event.id) for event in parse(chunks)]


def test_events_whatever_the_cuts() -> None:
    text = b"id: 7\r\nevent: log\r\ndata: one\r\ndata: two\r\n\r\n: keep-alive\n\ndata:x\n\n"
    whole = [("log", "one\ntwo", "7"), None, ("message", "x", "7")]
    assert read(text) == whole
    assert read(*(text[i : i + 1] for i in range(len(text)))) == whole


def test_an_event_that_was_cut_off_is_none() -> None:
    assert read(b"id: 7\nevent: log\ndata: one\n") == []


def test_event_holds_what_it_is_given() -> None:
    event = Event("log", "x", None)
    assert (event.name, event.data, event.id) == ("log", "x", None)


def test_a_log_goes_on_where_it_was_cut(fake: Callable, http: type) -> None:
    pieces = [b"one\n", b"\xff\xfe two\n", "dr\u00e9i\n".encode()]

    def script(request):
        last = int(request.headers.get("last-event-id", 0))
        yield http.STREAM
        if last == 0:
            yield http.event("log", {"text": "one\n"}, "1")
            yield http.event("log", {"base64": "//4gdHdvCg=="}, "2")
            yield b"80\r\nid: 3\nevent: log\nda"  # cut in the middle of an event
            yield http.CUT
        elif last == 2:
            yield http.event("log", {"text": "dr\u00e9i\n"}, "3")
            yield b"0\r\n\r\n"  # a service that ends in good order, before the job does
            yield http.CUT
        else:
            yield http.event("attempt", {"attempt": 2}, "4")
            yield http.event("job", {"id": FINAL["id"], "phase": "Running"})
            yield http.event("end", FINAL)

    service = fake(script)
    with Client() as client:
        got = list(client.follow(FINAL["id"], tail=10))
    assert got == [
        *(("log", piece) for piece in pieces),
        ("attempt", 2),
        ("job", {"id": FINAL["id"], "phase": "Running"}),
        ("end", FINAL),
    ]
    assert [r.headers.get("last-event-id") for r in service.requests] == [None, "2", "3"]
    assert {r.target for r in service.requests} == {f"/jobsub/jobs/{FINAL['id']}/log?follow=true&tail=10"}


def test_what_is_refused_is_not_asked_again(fake: Callable, http: type) -> None:
    service = fake(lambda request: [http.problem(404, detail="no such job")])
    with Client() as client, pytest.raises(NotFound, match="no such job"):
        list(client.follow("job-1"))
    assert len(service.requests) == 1


def test_a_stream_that_says_nothing_at_first_is_given_up(fake: Callable, http: type) -> None:
    fake(lambda request: [http.STREAM, http.CUT])
    with Client() as client, pytest.raises(Unreachable, match="lost"):
        list(client.follow("job-1"))


def test_a_gateway_without_its_service_is_asked_again(fake: Callable, http: type) -> None:
    told: list[Exception] = []
    replies = iter([
        [http.STREAM, http.event("hello", {"last": 1}, "1"), http.CUT],
        [http.problem(503, detail="starting")],
        [http.problem(502, detail="starting")],
        [http.STREAM, http.event("hello", {"last": 2}, "2")],
    ])  # fmt: skip
    fake(lambda request: next(replies))
    with Client(on_lost=told.append) as client:
        events = client.events()
        assert [next(events), next(events)] == [("hello", {"last": 1}), ("hello", {"last": 2})]
        events.close()
    assert [str(error) for error in told] == ["starting"]


def test_wait_sees_what_ended_before_and_after(fake: Callable, http: type) -> None:
    rows = {"a": {"id": "a", "phase": "Failed"}, "b": {"id": "b", "phase": "Running"}}

    def script(request):
        if request.target == "/jobsub/events":
            yield http.STREAM
            yield http.event("hello", {"last": 5}, "5")
            yield http.event("job", {"job": {"id": "c", "phase": "Failed"}}, "6")
            yield http.event("job", {"job": {"id": "b", "phase": "Succeeded"}}, "7")
        else:
            yield http.answer(rows[request.target[-1]])

    fake(script)
    with Client() as client:
        assert [(r["id"], r["phase"]) for r in client.wait(["a", "b"])] == [
            ("a", "Failed"),
            ("b", "Succeeded"),
        ]


def test_wait_after_a_lost_stream_looks_at_the_jobs_again(fake: Callable, http: type) -> None:
    phases = iter(["Running", "Cancelled"])

    def script(request):
        if request.target == "/jobsub/events":
            yield http.STREAM
            yield http.event("hello", {"last": 5}, "5")
            yield http.chunk(": keep-alive\n\n")
            yield http.CUT
        else:
            yield http.answer({"id": "a", "phase": next(phases)})

    fake(script)
    with Client() as client:
        assert [row["phase"] for row in client.wait(["a"])] == ["Cancelled"]


def test_wait_ends_when_a_job_is_deleted(fake: Callable, http: type) -> None:
    def script(request):
        if request.target == "/jobsub/events":
            yield http.STREAM
            yield http.event("hello", {"last": 5}, "5")
            yield http.event("deleted", {"id": "a"}, "6")
        else:
            yield http.answer({"id": "a", "phase": "Running"})

    fake(script)
    with Client() as client, pytest.raises(NotFound, match="deleted"):
        list(client.wait(["a"]))


def test_wait_ends_with_its_time(fake: Callable, http: type) -> None:
    def script(request):
        if request.target == "/jobsub/events":
            yield http.STREAM
            yield http.event("hello", {"last": 5}, "5")
            yield http.chunk(": keep-alive\n\n")
        else:
            yield http.answer({"id": "a", "phase": "Running"})

    fake(script)
    with Client() as client, pytest.raises(TimeoutError):
        list(client.wait(["a"], timeout=0.05))


def test_a_stream_that_does_not_come_back_is_given_up(fake: Callable, http: type, monkeypatch) -> None:
    def refuse(self: LocalEndpoint) -> None:
        monkeypatch.setattr(stream, "PATIENCE", 0.0)
        raise Unreachable("could not be started")

    fake(lambda request: [http.STREAM, http.event("hello", {"last": 1}, "1"), http.CUT])
    with Client() as client:
        events = client.events()
        assert next(events) == ("hello", {"last": 1})
        monkeypatch.setattr(LocalEndpoint, "connect", refuse)
        with pytest.raises(Unreachable, match="could not be started"):
            next(events)
