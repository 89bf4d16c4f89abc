"""Container images by name, and the catalog of a cluster where nothing is configured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter, ValidationError

from ...errors import FieldError, InvalidRequest
from ...model.catalog import Catalog, Group, Image, InstanceType
from ...model.explain import explain
from ...model.fields import Label, reject
from ...model.resources import Resources

DEFAULT = {"minimal-notebook": "quay.io/jupyter/minimal-notebook:latest"}
GPU = "gpu"  # the type of devices of which nothing more is said
GIB = 2**30
SIZES = (
    InstanceType("cpu-1", Resources(1000, 2 * GIB), "1 CPU, 2 GiB"),
    InstanceType("cpu-2", Resources(2000, 4 * GIB), "2 CPUs, 4 GiB"),
    InstanceType("cpu-4", Resources(4000, 8 * GIB), "4 CPUs, 8 GiB"),
    InstanceType("gpu-1", Resources(4000, 16 * GIB, {GPU: 1}), "1 GPU, 4 CPUs, 16 GiB"),
)

_REFERENCE = re.compile(r"[A-Za-z0-9][\w./:@-]*")


def _name(name: str) -> str:
    if name.startswith("/"):
        reject(f"{name!r} is not a plain name", "leave out the '/' at its beginning")
    return name


def _reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        reject(f"{text!r} is no container image", "give one such as quay.io/jupyter/minimal-notebook:latest")
    return text


_IMAGES: TypeAdapter[dict[str, str]] = TypeAdapter(
    dict[Annotated[Label, AfterValidator(_name)], Annotated[str, AfterValidator(_reference)]]
)


def parse_images(given: Any) -> dict[str, Image]:
    """Read what is configured; nothing is DEFAULT.

    Raises
    ------
    InvalidRequest
        Naming every wrong field, such as ``images.torch``.
    """
    if isinstance(given, list) and given:
        text = "is a list of folders, which Pods don't have"
        remedy = 'give container images by name, such as {"torch": "pytorch/pytorch:latest"}'
        raise InvalidRequest([FieldError("images", text, remedy)])
    try:
        found = _IMAGES.validate_python(given or DEFAULT)
    except ValidationError as error:
        raise explain(error, under="images") from error
    return {name: Image(name, reference) for name, reference in found.items()}


def default_catalog(user: str, images: Mapping[str, Image]) -> Catalog:
    """Make the catalog of a cluster where nothing is configured: what there is, its own quota says.

    Parameters
    ----------
    user:
        Who the service belongs to, and the group's admin.
    """
    group = Group("default", admins=frozenset({user}))
    return Catalog({group.name: group}, {size.name: size for size in SIZES}, images)
