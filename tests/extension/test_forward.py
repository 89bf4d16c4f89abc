from __future__ import annotations

import json

import pytest
from tornado.httpclient import HTTPClientError


async def test_a_request_passes_and_its_response_comes_back(service, jp_fetch):
    async def answer(handler):
        handler.set_status(201)
        handler.set_header("Location", "/jobsub/jobs/1")
        handler.set_header("Jobsub-Version", "7")
        handler.set_header("Content-Type", "application/json; charset=x")
        handler.write(b"[1]")

    service.answer = answer
    response = await jp_fetch("jobsub", "jobs", method="POST", body=b'{"name": "a"}', params={"a": "b c&d"})
    assert (response.code, response.body) == (201, b"[1]")
    assert response.headers["Location"] == "/jobsub/jobs/1"
    assert response.headers["Jobsub-Version"] == "7"
    assert response.headers["Content-Type"] == "application/json; charset=x"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert service.last.uri == "/jobsub/jobs?a=b+c%26d"
    assert json.loads(service.last.body) == {"name": "a"}
