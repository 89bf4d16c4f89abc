"""Parameters: values by name, for a notebook's cell or as a command's variables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, JsonValue

from .fields import EnvName, reject

LARGEST = 64 * 1024  # bytes as JSON: lists and events carry them


def _small(values: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if len(_json(values).encode()) > LARGEST:
        reject("are over 64 KiB in all", "put large values into a file, and give its path")
    return values


Parameters = Annotated[dict[EnvName, JsonValue], AfterValidator(_small)]


def as_variables(parameters: Mapping[str, JsonValue]) -> dict[str, str]:
    """Parameters as a command or script finds them in its environment: text as it is, else JSON."""
    return {name: as_text(value) for name, value in parameters.items()}


def as_text(value: JsonValue) -> str:
    """Text as it is, all else as JSON."""
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
