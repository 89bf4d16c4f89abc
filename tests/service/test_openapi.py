"""The document describes every route, and what is answered is what it says."""

from __future__ import annotations

import json

from pydantic import TypeAdapter

from jupyter_jobsub.service import schemas
from jupyter_jobsub.service.openapi import document
from jupyter_jobsub.service.routes import ROUTES
from tests.live import Live


def test_every_route_is_described(service: Live) -> None:
    served = service.get("/jobsub/openapi.json").json
    assert served == json.loads(json.dumps(document()))
    assert served["openapi"] == "3.1.0"
    for route in ROUTES:
        operation = served["paths"][route.path][route.method.lower()]
        assert operation["summary"]
        assert str(route.status) in operation["responses"]


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(document())
    names = {piece.split('"')[0] for piece in text.split("#/components/schemas/")[1:]}
    assert names
    assert names <= set(document()["components"]["schemas"])


def test_the_example_is_accepted(service: Live) -> None:
    operation = document()["paths"]["/jobsub/jobs"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    made = service.post("/jobsub/jobs", example)
    assert made.status == 201, made.body
    service.post(f"/jobsub/jobs/{made.json['id']}/cancel")


def test_answers_are_what_the_document_says(service: Live) -> None:
    job = service.submit("echo hi")
    TypeAdapter(schemas.JobRow).validate_python(job, strict=True, extra="forbid")
    done = service.until(job["id"])
    TypeAdapter(schemas.JobDetail).validate_python(done, strict=True, extra="forbid")
    page = service.get("/jobsub/jobs").json
    TypeAdapter(schemas.JobPage).validate_python(page, strict=True, extra="forbid")
    timeline = service.get(f"/jobsub/jobs/{job['id']}/timeline").json
    TypeAdapter(schemas.Timeline).validate_python(timeline, strict=True, extra="forbid")
    status = service.get("/jobsub/status").json
    TypeAdapter(schemas.Status).validate_python(status, strict=True, extra="forbid")
    problem = service.get("/jobsub/jobs/none").json
    TypeAdapter(schemas.Problem).validate_python(problem, strict=True, extra="forbid")


def test_figures_for_prometheus(service: Live) -> None:
    service.until(service.submit("true")["id"])
    text = service.get("/jobsub/metrics").body.decode()
    assert 'jobsub_jobs{group="default",phase="Succeeded"}' in text
