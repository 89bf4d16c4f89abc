"""The OpenAPI 3.1 document, generated from the routes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, TypeAdapter

from .. import __version__
from .http import Route
from .schemas import Problem

REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"\{(\w+)\}")


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """Describe every route with its parameters, bodies, answers and errors."""
    from .routes import ROUTES

    schemas: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jupyter Jobsub",
            "version": __version__,
            "description": "Submit jobs to a queue and watch them to their end.",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.endpoint.__name__,
        "summary": route.summary,
        "parameters": _parameters(route),
        "responses": {str(route.status): _answer(route, schemas)},
    }
    for status in route.statuses:
        described = {"description": HTTPStatus(status).phrase}
        problem = {"application/problem+json": {"schema": _schema(Problem, schemas)}}
        same = status < 400
        operation["responses"][str(status)] = (
            _answer(route, schemas) if same else described | {"content": problem}
        )
    if route.body is not None:
        content: dict[str, Any] = {"schema": _schema(route.body, schemas)}
        if route.example is not None:
            content["example"] = route.example
        operation["requestBody"] = {
            "required": route.example is not None,
            "content": {"application/json": content},
        }
    return operation


def _answer(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"description": HTTPStatus(route.status).phrase}
    if route.status == HTTPStatus.NO_CONTENT:
        return described
    schema = _schema(route.answer, schemas) if route.answer is not None else {"type": "string"}
    return described | {"content": {route.media: {"schema": schema}}}


def _parameters(route: Route) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]
    if route.query is not None:
        fields: Mapping[str, Any] = route.query.model_json_schema()["properties"]
        found += [
            {"name": name, "in": "query", "schema": field, "description": field.get("description", "")}
            for name, field in fields.items()
        ]
    return found + [{"name": name, "in": "header", "schema": {"type": "string"}} for name in route.headers]


def _schema(model: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    made = TypeAdapter(model).json_schema(ref_template=REF)
    schemas.update(made.pop("$defs", {}))
    name = getattr(model, "__name__", None)
    if name is None or not (
        isinstance(model, type) and (issubclass(model, BaseModel) or hasattr(model, "__annotations__"))
    ):
        return made
    schemas[name] = made
    return {"$ref": REF.format(model=name)}
