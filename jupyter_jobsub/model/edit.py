"""What of a job may be changed after its submit, and how the timeline tells it."""

from __future__ import annotations

from typing import Any, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from ..errors import FieldError, InvalidRequest
from .explain import explain
from .fields import Label, Priority, Seconds
from .spec import JobSpec


class JobEdit(TypedDict, total=False):
    """New values: the name at any time, priority and deadline while the job waits."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[misc]

    name: Label
    priority: Priority
    deadline_seconds: Seconds


EDITABLE = tuple(JobEdit.__annotations__)
WHILE_IT_WAITS = ("priority", "deadline_seconds")

_EDIT = TypeAdapter(JobEdit)


def parse_edit(data: Any) -> JobEdit:
    """Validate a decoded JSON body.

    Raises
    ------
    InvalidRequest
        With every field that is wrong.
    """
    try:
        edit = _EDIT.validate_python(data)
    except ValidationError as error:
        raise explain(error) from error
    if not edit:
        names = ", ".join(EDITABLE)
        raise InvalidRequest([FieldError("(whole)", "changes nothing", f"give one or more of {names}")])
    return edit


def changed(spec: JobSpec, edit: JobEdit) -> JobEdit:
    """The part of an edit that differs from what is there."""
    return cast(JobEdit, {name: value for name, value in edit.items() if value != getattr(spec, name)})


def edited(spec: JobSpec, edit: JobEdit) -> JobSpec:
    """The specification with the new values."""
    return spec.model_copy(update=dict(edit))


def told(spec: JobSpec, edit: JobEdit) -> str:
    """Say what changes, such as ``priority 100 → 500, deadline 86400 s → 3600 s``."""
    return ", ".join(_told(name, getattr(spec, name), value) for name, value in edit.items())


def _told(name: str, old: Any, new: Any) -> str:
    title, unit, _ = name.partition("_seconds")
    before, after = (f"{v} s" if unit else repr(v) if isinstance(v, str) else str(v) for v in (old, new))
    return f"{title} {before} → {after}"
