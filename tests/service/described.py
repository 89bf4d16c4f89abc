"""The OpenAPI document, and whether something is as it says."""

from __future__ import annotations

import copy
import json
from typing import Any

from jsonschema import Draft202012Validator

from jupyter_jobsub.service.openapi import document

DOCUMENT = json.loads(json.dumps(document()))
OPERATIONS = {op["operationId"]: op for path in DOCUMENT["paths"].values() for op in path.values()}


def closed(schema: Any) -> Any:
    """The same, where nothing that isn't described may be."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    extra = {"additionalProperties": False} if "properties" in schema else {}
    return extra | {name: closed(value) for name, value in schema.items()}


COMPONENTS = {"components": {"schemas": closed(copy.deepcopy(DOCUMENT["components"]["schemas"]))}}


def check(value: Any, schema: dict[str, Any]) -> None:
    whole = closed(schema) | COMPONENTS
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def response(name: str, status: int | str) -> dict[str, Any]:
    found: dict[str, Any] = OPERATIONS[name]["responses"][str(status)]
    return found
