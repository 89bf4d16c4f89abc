"""The OpenAPI 3.1 document, generated from the routes and the examples."""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter

from .. import __version__
from .events import sse
from .example_problems import ANY_OTHER, PROBLEMS
from .examples import ANSWERS, REQUESTS, STREAMS
from .http import Route
from .schemas import Problem

REF = "#/components/schemas/{model}"
SSE, PROBLEM_JSON = "text/event-stream", "application/problem+json"
_PARAMETER = re.compile(r"\{(\w+)\}")
_ABOUT = """\
Submit jobs to a queue and watch them to their end.

The same paths are served on the service's unix socket, where you are the operating-system user that
connects, and by Jupyter Server under its base URL, which authenticates you. `HEAD` works where `GET` does.

Times are RFC 3339 in UTC, amounts of CPU are thousandths of a core, those of memory bytes. Answers may get
further fields: ignore what you don't know. Errors are problem+json (RFC 9457) with a `remedy`, and name every
wrong field at once.

Server-sent events are described beside their media type by `x-sse-events`: the schema of each event's data,
by the event's name."""

_TEXT = {"type": "string"}
REQUEST_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Idempotency-Key": (
        "A word of your own, such as a UUID: sent again with the same request, it answers the same job "
        "instead of making another.",
        {"type": "string", "minLength": 1, "maxLength": 200},
    ),
    "Range": ("A part of the file, such as `bytes=0-1023`, `bytes=1024-` or `bytes=-512`.", _TEXT),
    "If-Range": ("The file's ETag: if it has changed since, the whole is answered.", _TEXT),
    "Last-Event-ID": ("The id of the last event that you have: the stream goes on after it.", _TEXT),
}
RESPONSE_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Jobsub-Version": ("The version of the service.", _TEXT),
    "Location": ("The job's path.", _TEXT),
    "Jobsub-Log-Start": ("A cursor to where this part begins: send it as `before`.", _TEXT),
    "Jobsub-Log-End": ("A cursor to where this part ends: send it as `from`.", _TEXT),
    "Jobsub-Log-Complete": (
        "Whether nothing will be added to this log.",
        {"type": "string", "enum": ["true", "false"]},
    ),
    "Content-Disposition": ("The file's name, of a download.", _TEXT),
    "Content-Range": ("Which part this is, and how long the whole, such as `bytes 0-1023/4096`.", _TEXT),
    "Accept-Ranges": ("Parts can be asked for.", _TEXT),
    "ETag": ("Another one if the file has changed.", _TEXT),
}
OF_EVERY_ANSWER = "Jobsub-Version"
PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "id": ("The job's id.", {"pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"}),
    "path": ("The path of a file, as the list has it; its slashes may be escaped or not.", {"minLength": 1}),
}
ABSENT = {("Content-Range", 200)}
PART = "The part that Range asks for."
REPEATED = "The same Idempotency-Key came before: the job that it made."


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """Describe every route with its parameters, bodies, answers and errors."""
    from .routes import ROUTES

    schemas: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    headers = {
        name: {"description": text, "schema": schema} for name, (text, schema) in RESPONSE_HEADERS.items()
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jupyter Jobsub",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        },
        "paths": paths,
        "components": {"schemas": schemas, "headers": headers},
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    name = route.endpoint.__name__
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": route.summary,
        "parameters": _parameters(route),
        "responses": {
            str(status): _answer(route, status, schemas) for status in (route.status, *route.statuses)
        },
    }
    operation["responses"]["default"] = _problem("Any other problem.", ANY_OTHER, schemas)
    if route.body is not None:
        content = {"schema": _schema(route.body, schemas), "example": REQUESTS.get(name)}
        operation["requestBody"] = {
            "required": not route.body_optional,
            "content": {"application/json": content},
        }
    return operation


def _answer(route: Route, status: int, schemas: dict[str, Any]) -> dict[str, Any]:
    text = HTTPStatus(status).phrase
    if status >= HTTPStatus.BAD_REQUEST:
        return _problem(text, PROBLEMS.get(route.endpoint.__name__, {}).get(status), schemas)
    described: dict[str, Any] = {
        "description": text if status == route.status else PART if status == 206 else REPEATED,
        "headers": _headers(*(name for name in route.answer_headers if (name, status) not in ABSENT)),
    }
    content = {} if status == HTTPStatus.NO_CONTENT else _content(route, schemas)
    return described | ({"content": content} if content else {})


def _content(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    """What is answered, by media type; a log is text or a stream."""
    name = route.endpoint.__name__
    content: dict[str, Any] = {}
    if route.media != SSE:
        schema = _schema(route.answer, schemas) if route.answer is not None else _TEXT
        content[route.media] = {"schema": schema, "example": ANSWERS.get(name)}
    if route.stream:
        content[SSE] = {
            "schema": _TEXT,
            "example": b"".join(sse(*event) for event in STREAMS.get(name, ())).decode(),
            "x-sse-events": {event: _schema(model, schemas) for event, model in route.stream.items()},
        }
    return content


def _problem(text: str, example: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    content = {PROBLEM_JSON: {"schema": _schema(Problem, schemas), "example": example}}
    return {"description": text, "headers": _headers(), "content": content}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*names, OF_EVERY_ANSWER)}


def _parameters(route: Route) -> list[dict[str, Any]]:
    found = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PARAMETERS[name][0],
            "schema": _TEXT | PARAMETERS[name][1],
        }
        for name in _PARAMETER.findall(route.path)
    ]
    fields = route.query.model_json_schema()["properties"] if route.query else {}
    for name, field in fields.items():
        schema = _given(field)
        found.append(
            {"name": name, "in": "query", "description": schema.pop("description", ""), "schema": schema}
        )
    for name in route.headers:
        text, schema = REQUEST_HEADERS[name]
        found.append({"name": name, "in": "header", "description": text, "schema": schema})
    return found


def _given(field: dict[str, Any]) -> dict[str, Any]:
    """The schema of a query's parameter where it is given: it can't be null there."""
    kept = {name: value for name, value in field.items() if name not in ("anyOf", "title")}
    if kept.get("default", ...) is None:
        del kept["default"]
    schema: dict[str, Any]
    (schema,) = [one for one in field.get("anyOf", [{}]) if one.get("type") != "null"]
    return schema | kept


def _schema(model: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = TypeAdapter(model).json_schema(ref_template=REF)
    schemas.update(made.pop("$defs", {}))
    schemas[model.__name__] = made
    return {"$ref": REF.format(model=model.__name__)}
