"""A group's volume and datasets, as they are configured, and what of a Pod they become.

In the catalog each is a text: a folder of the nodes (``/data/lab``), ``pvc:claim``, ``pvc:claim/folder``,
``nfs:server:/folder``, or JSON: ``{"pvc": "claim", "sub_path": "folder", "read_only": true}``,
``{"host_path": "/data"}``, ``{"nfs": {"server": "files", "path": "/data"}}``, and for datasets
``{"git": "https://…", "ref": "v1"}`` and ``{"env": {"NAME": "value"}}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from ...model.explain import explain
from ...model.fields import AbsolutePath, Environment, Strict, reject, shaped
from .names import Object
from .settings import ObjectName

_REF = r"[A-Za-z0-9][\w./+-]*"
_GIT = r"(https?|ssh|git)://\S+|[\w.-]+@[\w.-]+:\S+"


def _beneath(path: str) -> str:
    parts = PurePosixPath(path).parts
    if path.startswith("/") or ".." in parts or not parts:
        reject(f"{path!r} is no folder of the volume", "give one without '..' or a leading '/'")
    return path


def _place(path: str) -> str:
    if ":" in path:
        reject(f"{path!r} has a ':'", "give a folder without one")
    return path


Path = Annotated[AbsolutePath, AfterValidator(_place)]


class HostPath(Strict):
    """A folder of the nodes."""

    host_path: Path
    read_only: bool | None = None

    def source(self, read_only: bool) -> Object:
        """Write it as a Pod does; one that is not there stops the Pod, in words."""
        return {"hostPath": {"path": self.host_path, "type": "Directory"}}


class Claim(Strict):
    """A persistent volume claim of the namespace."""

    pvc: ObjectName
    sub_path: Annotated[str, AfterValidator(_beneath)] | None = None
    read_only: bool | None = None

    def source(self, read_only: bool) -> Object:
        """Write it as a Pod does."""
        return {"persistentVolumeClaim": {"claimName": self.pvc, "readOnly": read_only}}


class _Export(Strict):
    server: Annotated[str, Field(min_length=1)]
    path: Path


class Nfs(Strict):
    """A file server's folder."""

    nfs: _Export
    read_only: bool | None = None

    def source(self, read_only: bool) -> Object:
        """Write it as a Pod does."""
        return {"nfs": {"server": self.nfs.server, "path": self.nfs.path, "readOnly": read_only}}


class Git(Strict):
    """A repository, fetched before the command starts."""

    git: Annotated[
        str, shaped(_GIT, "is no repository's address", "give one such as https://example.com/data.git")
    ]
    ref: Annotated[str, shaped(_REF, "is no branch, tag or commit", "give its name")] = "HEAD"

    def source(self, read_only: bool) -> Object:
        """Write what it is fetched into as a Pod does."""
        return {"emptyDir": {}}


class Variables(Strict):
    """Variables for the jobs' environment."""

    env: Environment


Folder: TypeAlias = "HostPath | Claim | Nfs"
Volume: TypeAlias = "Folder | Git | Variables"
_Kind = TypeVar("_Kind", bound=Strict)
_FOLDERS: Mapping[str, type[Folder]] = {"host_path": HostPath, "pvc": Claim, "nfs": Nfs}
_DATASETS: Mapping[str, type[Volume]] = {**_FOLDERS, "git": Git, "env": Variables}


def volume_text(given: Any, *, dataset: bool = False) -> str:
    """Check a configured volume and write it as the catalog keeps it.

    Raises
    ------
    ValueError
        Saying what is wrong and what to do.
    """
    text = given if isinstance(given, str) else json.dumps(given, sort_keys=True, ensure_ascii=False)
    (parse_dataset if dataset else parse_volume)(text)
    return text


def parse_volume(text: str) -> Folder:
    """Read a group's volume; ValueError in words if it is none."""
    return _parse(text, _FOLDERS)


def parse_dataset(text: str) -> Volume:
    """Read a dataset; ValueError in words if it is none."""
    return _parse(text, _DATASETS)


def host_path(text: str | None) -> str | None:
    """Say where the service's own people find a volume: in the same folder, if it is one of the nodes."""
    volume = parse_dataset(text) if text else None
    return volume.host_path if isinstance(volume, HostPath) else None


def _parse(text: str, kinds: Mapping[str, type[_Kind]]) -> _Kind:
    given = _given(text)
    named = [name for name in kinds if isinstance(given, dict) and name in given]
    if len(named) != 1:
        reject(
            f"{text!r} is no volume",
            "give a folder such as /data/lab, pvc:claim, nfs:server:/folder, or an object with one of "
            + ", ".join(kinds),
        )
    try:
        return kinds[named[0]].model_validate(given)
    except ValidationError as error:
        wrong = explain(error).errors
        raise ValueError("; ".join(f"{e.field}: {e.message} ({e.remedy})" for e in wrong)) from error


def _given(text: str) -> Any:
    kind, _, rest = text.partition(":")
    if text.startswith("/"):
        return {"host_path": text}
    if kind == "pvc":
        claim, _, folder = rest.partition("/")
        return {"pvc": claim, **({"sub_path": folder} if folder else {})}
    if kind == "nfs":
        server, _, folder = rest.partition(":")
        return {"nfs": {"server": server, "path": folder}}
    try:
        return json.loads(text)
    except ValueError:
        return None
