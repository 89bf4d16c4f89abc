"""The document describes every route, each with examples, and what is answered is what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from jupyter_jobsub.service.openapi import PROBLEM_JSON, SSE
from jupyter_jobsub.service.routes import ROUTES
from tests.live import Answer, Live
from tests.service.described import DOCUMENT, OPERATIONS, check, response
from tests.service.provoked import Answers, provoked

PROMISED = [
    (name, int(status))
    for name, operation in OPERATIONS.items()
    for status in operation["responses"]
    if status != "default"
]
STREAMED = ("get_log", "events")


@pytest.fixture(scope="module")
def answers() -> Answers:
    return provoked()


def test_the_document_is_openapi(service: Live) -> None:
    served = service.get("/jobsub/openapi.json").json
    assert served == DOCUMENT
    validate(served, cls=OpenAPIV31SpecValidator)
    assert {(path, method) for path in served["paths"] for method in served["paths"][path]} == {
        (route.path, route.method.lower()) for route in ROUTES
    }


def test_everything_is_described() -> None:
    for name, operation in OPERATIONS.items():
        assert operation["summary"]
        for parameter in operation["parameters"]:
            assert parameter["description"], (name, parameter["name"])


def test_every_promised_answer_was_provoked(answers: Answers) -> None:
    assert set(PROMISED) - {("events", 200)} == set(answers)


@pytest.mark.parametrize(("name", "status"), [each for each in PROMISED if each != ("events", 200)])
def test_an_answer_is_what_the_document_says(answers: Answers, name: str, status: int) -> None:
    answer, described = answers[name, status], response(name, status)
    assert answer.status == status, answer.body
    missing = [header for header in described["headers"] if header not in answer.headers]
    assert set(missing) <= {"Content-Disposition"}
    if status == 204:
        assert (answer.body, "content" in described) == (b"", False)
        return
    media = answer.headers["Content-Type"].partition(";")[0]
    check(decoded(answer, media), described["content"][media]["schema"])


def decoded(answer: Answer, media: str) -> Any:
    return answer.json if media.endswith("json") else answer.body.decode()


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_examples_are_what_the_document_says(name: str) -> None:
    contents = [one["content"] for one in OPERATIONS[name]["responses"].values() if "content" in one]
    if "requestBody" in OPERATIONS[name]:
        contents.append(OPERATIONS[name]["requestBody"]["content"])
    for content in contents:
        for described in content.values():
            assert described["example"]
            check(described["example"], described["schema"])


@pytest.mark.parametrize(("name", "status"), [each for each in PROMISED if each[1] >= 400])
def test_the_example_of_a_problem_is_like_a_real_one(answers: Answers, name: str, status: int) -> None:
    example, real = response(name, status)["content"][PROBLEM_JSON]["example"], answers[name, status].json
    assert set(example) == set(real)
    assert (example["status"], example["title"]) == (status, real["title"])
    assert {e["field"] for e in example.get("errors", [])} <= {e["field"] for e in real.get("errors", [])}


@pytest.mark.parametrize("name", STREAMED)
def test_the_examples_of_streams_are_what_the_document_says(name: str) -> None:
    described = response(name, 200)["content"][SSE]
    seen = set()
    for event, data in parsed(described["example"]):
        check(data, described["x-sse-events"][event])
        seen.add(event)
    assert seen == set(described["x-sse-events"])


def test_streams_are_what_the_document_says(service: Live) -> None:
    events = service.events("/jobsub/events")
    started = next(events)
    id = service.submit("printf 'a\\377'; test $JOBSUB_ATTEMPT = 2", retries=1)["id"]
    log = list(service.events(f"/jobsub/jobs/{id}/log", follow="true"))
    service.ask("DELETE", f"/jobsub/jobs/{id}")
    seen = [started, *until_deleted(events, id)]
    for name, stream in (("get_log", log), ("events", seen)):
        described = response(name, 200)["content"][SSE]["x-sse-events"]
        for event in stream:
            check(event["data"], described[event["event"]])
        assert {event["event"] for event in stream} == set(described)


def until_deleted(events: Iterator[dict[str, Any]], id: str) -> Iterator[dict[str, Any]]:
    for event in events:
        yield event
        if event["event"] == "deleted" and event["data"]["id"] == id:
            return


def parsed(text: str) -> Iterator[tuple[str, Any]]:
    for block in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        yield fields["event"], json.loads(fields["data"])


def test_figures_for_prometheus(service: Live) -> None:
    service.until(service.submit("true")["id"])
    text = service.get("/jobsub/metrics").body.decode()
    assert 'jobsub_jobs{group="default",phase="Succeeded"}' in text
