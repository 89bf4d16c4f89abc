"""A parameter sweep: a grid of values, of which every combination makes a job."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Annotated, Any, TypeAlias

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from ..errors import FieldError
from .explain import explain
from .fields import LONGEST_LABEL, EnvName, Strict
from .parameters import LARGEST, as_text
from .spec import JobSpec, parse_spec

MAX_JOBS = 500
LONGEST_VALUE = 32  # characters of a value in a job's name

Grid: TypeAlias = Mapping[str, Sequence[JsonValue]]
_Values = Annotated[list[JsonValue], Field(min_length=1, max_length=MAX_JOBS)]


class Sweep(Strict):
    """A specification, and values of parameters of which every combination makes a job."""

    spec: JobSpec = Field(description="What all of the jobs have.")
    grid: dict[EnvName, _Values] = Field(
        min_length=1,
        description="Values by parameter: every combination makes a job, the last parameter varies first; "
        f"at most {MAX_JOBS} jobs.",
    )


class _Parts(Strict):
    spec: Any
    grid: Any


_GRID: TypeAdapter[Grid] = TypeAdapter(Sweep.model_fields["grid"].rebuild_annotation())


def parse_sweep(data: Any) -> tuple[JobSpec, Grid, list[FieldError], list[FieldError]]:
    """Validate a decoded JSON body.

    Returns
    -------
    tuple
        The specification and the grid, what is wrong in the specification, with paths in it, and
        what is wrong elsewhere; where something is, the rest, so that it can be checked further.
    """
    wrong: list[FieldError] = []
    try:
        _Parts.model_validate(data)
    except ValidationError as error:
        wrong += explain(error).errors
    given = data if isinstance(data, dict) else {}
    spec, in_spec = parse_spec(given["spec"]) if "spec" in given else (JobSpec.model_construct(), [])
    grid: Grid = {}
    if "grid" in given:
        grid, in_grid = _parse_grid(given["grid"])
        wrong += [*in_grid, *_at_odds(grid, spec)]
    return spec, grid, in_spec, wrong


def _parse_grid(data: Any) -> tuple[Grid, list[FieldError]]:
    """Validate the grid; where it is wrong, give what of it is right, too."""
    try:
        return _GRID.validate_python(data, strict=True), []
    except ValidationError as error:
        wrong = list(explain(error, under="grid").errors)
    names = {field.field.split(".")[1] for field in wrong if "." in field.field}
    return {name: data[name] for name in data if name not in names} if names else {}, wrong


def _at_odds(grid: Grid, spec: JobSpec) -> list[FieldError]:
    """Find values that are right by themselves and not together, or not with the specification."""
    found = []
    if (jobs := size(grid)) > MAX_JOBS:
        found.append(FieldError("grid", f"makes {jobs} jobs", f"give fewer values: at most {MAX_JOBS} jobs"))
    for name, values in grid.items():
        if taken := _taken(name, spec):
            found.append(FieldError(f"grid.{name}", f"is in {taken}, too", "give it in one of them"))
        found += _wrong_values(name, values, spec)
    largest = {name: max(values, key=_bytes) for name, values in grid.items()}
    if _bytes({**spec.parameters, **largest}) > LARGEST:
        found.append(
            FieldError(
                "grid", "makes parameters of over 64 KiB", "put large values into files, and give their paths"
            )
        )
    return found


def _taken(name: str, spec: JobSpec) -> str | None:
    if name in spec.parameters:
        return "spec.parameters"
    return "spec.env" if name in spec.env and not spec.notebook else None


def _wrong_values(name: str, values: Sequence[JsonValue], spec: JobSpec) -> Iterator[FieldError]:
    seen = set()
    for index, value in enumerate(values):
        text = json.dumps(value, sort_keys=True, ensure_ascii=False)
        if text in seen:
            yield FieldError(
                f"grid.{name}.{index}", f"{_short(text, LONGEST_VALUE)} comes twice", "remove one"
            )
        seen.add(text)
        if isinstance(value, str) and "\0" in value and not spec.notebook:
            yield FieldError(f"grid.{name}.{index}", "has a NUL character", "remove it")


def _bytes(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def size(grid: Grid) -> int:
    """How many jobs the grid makes."""
    return prod(map(len, grid.values()))


def combinations(grid: Grid) -> list[dict[str, JsonValue]]:
    """Every combination of values by name, in the order of the grid; the last name varies first."""
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def jobs_of(spec: JobSpec, grid: Grid, *, tells_values: bool = True) -> list[JobSpec]:
    """The specification of each job of a sweep, named after its values or place; ``spec`` has a name."""
    points = combinations(grid)
    tails = [_told(values) if tells_values else f"{n}/{len(points)}" for n, values in enumerate(points, 1)]
    return [
        spec.model_copy(
            update={"name": _name_with(spec.name or "", tail), "parameters": {**spec.parameters, **values}}
        )
        for tail, values in zip(tails, points, strict=True)
    ]


def _told(values: Mapping[str, JsonValue]) -> str:
    """Write values for a name, such as ``lr=0.1 depth=2``."""
    told = " ".join(f"{key}={_short(as_text(value), LONGEST_VALUE)}" for key, value in values.items())
    return _short("".join(c if c.isprintable() else " " for c in told).replace("..", "…"), LONGEST_LABEL // 2)


def _name_with(name: str, tail: str) -> str:
    """Make a job's name of the sweep's and what tells it from the others; a label."""
    return f"{_short(name, LONGEST_LABEL - len(tail) - 1)} {tail}"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
