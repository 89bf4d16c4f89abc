"""From what was asked to what will run: defaults filled in, everything checked, every error at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from .engines.base import Engine
from .errors import FieldError, InvalidRequest
from .model.catalog import Group, InstanceType
from .model.resources import Resources
from .model.spec import JobSpec
from .policy import Person
from .scheduling.reasons import beyond
from .settings import Settings


@dataclass(frozen=True)
class Source:
    """The text of a notebook (its outputs stripped) or script, and the notebook's own kernel."""

    text: bytes
    kernel: str | None = None


class Sources(Protocol):
    """Reads the text of a notebook or script at submit, as the person."""

    async def __call__(self, spec: JobSpec, /) -> Source:
        """Answer the text, or raise InvalidRequest naming the field."""


_TOO_MUCH = {
    False: ("instance_type", "choose a smaller one"),
    True: ("task_roles", "ask for fewer tasks, or for smaller ones"),
}
_UPWARDS = re.compile(r"(?<![^/])\.\.(?![^/])")  # no name of a job has this between slashes


@dataclass(frozen=True)
class Resolved:
    """What will be stored."""

    spec: JobSpec
    request: Resources
    shares: Mapping[str, Resources]
    snapshot: bytes | None


def resolve(
    spec: JobSpec,
    wrong: Sequence[FieldError],
    person: Person,
    settings: Settings,
    engine: Engine,
    source: Source | None,
    waiting: int,
) -> Resolved:
    """Fill in defaults and check a specification against the catalog, the engine and the limits.

    Parameters
    ----------
    wrong:
        What is known to be wrong already; the specification is then the rest.
    waiting:
        How many jobs of the person wait.

    Raises
    ------
    InvalidRequest
        With every field that is wrong.
    """
    errors = list(wrong)
    group = _group(spec, person, settings, errors)
    sizes = _sizes(spec, group, settings, errors)
    image = _image(spec, group, source, settings, engine.kind_of_image, errors)
    request = sum((sizes[role].resources * n for role, n in spec.roles.items() if role in sizes), Resources())
    if group:
        field, remedy = _TOO_MUCH[bool(spec.task_roles)]
        errors += [FieldError(field, over, remedy) for over in beyond(request, group, engine.capacity())]
    if waiting >= settings.max_waiting_per_user:
        text = f"you have {waiting} waiting jobs, as many as are allowed"
        errors.append(FieldError("(whole)", text, "wait for some to start, or cancel some"))
    errors += [FieldError(*row) for row in engine.check(spec, settings.catalog)]
    if errors or not group:
        raise InvalidRequest(errors)
    own = {role.name for role in spec.task_roles if role.instance_type}
    plain = [role for role in spec.roles if role not in own]
    filled = {
        "group": group.name,
        "instance_type": sizes[plain[0]].name if plain else spec.instance_type,
        "gpus": None,
        "image": image,
        "name": spec.name or default_name(spec),
        "content": spec.content and "",  # kept once, as the snapshot
    }
    shares = {role.name: sizes[role.name].resources for role in spec.task_roles}
    return Resolved(spec.model_copy(update=filled), request, shares, source.text if source else None)


def default_name(spec: JobSpec) -> str:
    """Make a name from what runs: the file's, or the command's first words."""
    if spec.source:
        return spec.source.rsplit("/", 1)[-1][:128]
    lines = spec.shell_text(next(iter(spec.roles))).splitlines()
    first = next((line for line in lines if line.strip()), "")
    words = " ".join("".join(c if c.isprintable() else " " for c in first).split())
    short = words if len(words) <= 60 else words[:57] + "..."
    return _UPWARDS.sub("…", short.lstrip("/")) or "job"


def _group(spec: JobSpec, person: Person, settings: Settings, errors: list[FieldError]) -> Group | None:
    mine = settings.catalog.groups_of(person.name)
    found = next((group for group in mine if spec.group in (None, group.name)), None)
    if not found:
        text = f"you are in no group {spec.group!r}" if spec.group else "you are in no group"
        names = ", ".join(group.name for group in mine)
        remedy = f"yours: {names}" if names else "ask an operator to add you to one"
        errors.append(FieldError("group", text, remedy))
    return found


def _sizes(
    spec: JobSpec, group: Group | None, settings: Settings, errors: list[FieldError]
) -> dict[str, InstanceType]:
    """The instance type of each role: its own, else the job's, else the group's first."""
    catalog = settings.catalog
    types = catalog.instance_types_of(group) if group else list(catalog.instance_types.values())
    named = {kind.name: kind for kind in types}
    if spec.gpus is None:
        default = spec.instance_type or next(iter(named), None)
        fields = {"instance_type": default}
    else:
        default, fields = _smallest(types, spec.gpus, errors), {}
    fields |= {_field(i): r.instance_type for i, r in enumerate(spec.task_roles) if r.instance_type}
    for field, name in fields.items():
        if name not in named:
            errors.append(FieldError(field, f"there is no {name!r}", f"there are: {', '.join(named)}"))
    asked = {role.name: role.instance_type or default for role in spec.task_roles} or {"main": default}
    return {role: named[name] for role, name in asked.items() if name in named}


def _smallest(types: Sequence[InstanceType], gpus: int, errors: list[FieldError]) -> str | None:
    """The smallest instance type with at least so many GPUs."""
    fitting = [kind for kind in types if kind.resources.gpus >= gpus]
    if not fitting:
        most = max((kind.resources.gpus for kind in types), default=0)
        remedy = "see what there is: jupyter jobsub catalog"
        errors.append(FieldError("gpus", f"no instance type has {gpus}; the largest has {most}", remedy))
        return None
    sizes = [(kind.resources, kind.name) for kind in fitting]
    return min(sizes, key=lambda size: (size[0].gpus, size[0].cpu, size[0].memory))[1]


def _field(role: int) -> str:
    return f"task_roles.{role}.instance_type"


def _image(
    spec: JobSpec,
    group: Group | None,
    source: Source | None,
    settings: Settings,
    kind: Literal["environment", "container"],
    errors: list[FieldError],
) -> str | None:
    """What is asked for, else what goes without saying for this kind of image."""
    catalog = settings.catalog
    images = [image.name for image in catalog.images_of(group)] if group else list(catalog.images)
    if spec.image is None:
        own = _own_environment(spec, source, images, errors) if kind == "environment" else None
        if kind == "container" and not images:
            errors.append(FieldError("image", "there is none", "ask an operator to configure one"))
        return own or next(iter(images), None)
    folder = spec.image.startswith("/") and kind == "environment"
    if not folder and spec.image not in images:
        text = f"there is no {spec.image!r}"
        errors.append(FieldError("image", text, f"there are: {', '.join(images)}"))
    return spec.image


def _own_environment(
    spec: JobSpec, source: Source | None, images: Sequence[str], errors: list[FieldError]
) -> str | None:
    """The notebook's own kernel, else where it was submitted from."""
    own = source.kernel if source and spec.notebook else None
    if own and own not in images:
        text = f"there is no {own!r}, the kernel that the notebook was saved with"
        errors.append(FieldError("image", text, f"name one that there is: {', '.join(images)}"))
    return own or spec.environment
