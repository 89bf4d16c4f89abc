"""Write what the panel needs of the API's document, for openapi-typescript: schemas and queries."""

from __future__ import annotations

import json
import sys
from typing import Any

from jupyter_jobsub.service.openapi import document

VERBS = ("get", "post", "patch", "delete")


def needed(whole: dict[str, Any]) -> dict[str, Any]:
    """Leave out of a document what tells the panel nothing: answers by status, headers, examples."""
    paths = {
        path: {
            verb: {
                "operationId": item[verb]["operationId"],
                "parameters": [p for p in item[verb].get("parameters", ()) if p.get("in") == "query"],
                "responses": {"200": {"description": "OK"}},
            }
            for verb in VERBS
            if verb in item
        }
        for path, item in whole["paths"].items()
    }
    schemas = whole["components"]["schemas"]
    return {
        "openapi": whole["openapi"],
        "info": whole["info"],
        "paths": without_examples(paths),
        "components": {"schemas": without_examples(schemas)},
    }


def without_examples(value: Any) -> Any:
    """Copy JSON without its examples."""
    if isinstance(value, list):
        return [without_examples(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: without_examples(each) for name, each in value.items() if name not in ("example", "examples")
    }


if __name__ == "__main__":
    json.dump(needed(document()), sys.stdout, indent=1)
