"""Whatever is asked, right or wrong: an answer that the document describes, and never a 5xx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, reject, settings
from schemathesis import GenerationMode

from jupyter_jobsub.service.openapi import SSE
from tests.live import Live, live
from tests.service.described import DOCUMENT, check

pytestmark = pytest.mark.slow

# stop would end the service, and drain let it run what was made up: nothing here is ever to be executed
NOT_ASKED = ("stop", "drain")
ASKED = {
    operation.definition.raw["operationId"]: operation
    for operation in (found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations())
    if operation.definition.raw["operationId"] not in NOT_ASKED
}
RIGHT, WRONG = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
CASES = [
    (name, mode)
    for name, operation in ASKED.items()
    for mode in (RIGHT, WRONG)
    if mode is RIGHT or operation.definition.raw["parameters"] or "requestBody" in operation.definition.raw
]
EXAMPLES = 20


@pytest.fixture(scope="module")
def drained() -> Iterator[Live]:
    with live() as service:
        assert service.post("/jobsub/drain", {"drain": True}).json == {"draining": True}
        yield service


@pytest.mark.parametrize(("name", "mode"), CASES, ids=[f"{name}-{mode.value}" for name, mode in CASES])
def test_an_answer_is_described(drained: Live, name: str, mode: GenerationMode) -> None:
    operation, id = ASKED[name], drained.submit("true")["id"]
    before, made = stored(drained), 0
    known = {"id": id} if mode is RIGHT and "{id}" in operation.path else None

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode, path_parameters=known))
    def ask(case: Any) -> None:
        nonlocal made
        status, media, body = answer(drained, case)
        assert status < 500, body
        described = operation.definition.raw["responses"]
        if media.endswith("json"):
            said = described.get(str(status), described["default"])
            check(body, said["content"][media]["schema"])
        if status == 422:
            assert body["errors"]
            assert all(error["field"] and error["message"] and error["remedy"] for error in body["errors"])
        made += status == 201

    ask()
    assert stored(drained) == before + made


def answer(service: Live, case: Any) -> tuple[int, str, Any]:
    """Status, media type and what was answered; of a stream, nothing."""
    given = case.as_transport_kwargs(base_url="http://localhost")
    kept = ("method", "url", "headers", "params", "json", "data")
    request = requests.Request(**{name: given[name] for name in kept if name in given})
    connection = service.connect()
    try:
        try:
            ready = request.prepare()
            connection.request(ready.method or "", ready.path_url, ready.body, dict(ready.headers))
        except (requests.RequestException, ValueError):  # what HTTP can't carry
            reject()
        response = connection.getresponse()
        media = response.headers.get("Content-Type", "").partition(";")[0]
        body = None if media == SSE else response.read()
        return response.status, media, json.loads(body) if media.endswith("json") else body
    finally:
        connection.close()


def stored(service: Live) -> int:
    return sum(service.get("/jobsub/status").json["jobs"].values())
