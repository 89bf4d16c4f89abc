"""The catalog: what is configured, and for what isn't, what the engine offers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from ..config import ConfigError, JobsubService
from ..errors import FieldError
from ..model.catalog import Catalog, Group, InstanceType
from ..model.fields import Label
from ..model.resources import Quota, Resources, parse_memory
from ..model.spec import explain


def _bytes(value: Any) -> Any:
    return parse_memory(value) if isinstance(value, str) else value


def _milli(value: Any) -> Any:
    finite = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return round(value * 1000) if finite else value


Count = Annotated[int, Field(ge=0)]
Memory = Annotated[int, BeforeValidator(_bytes), Field(ge=0)]
MilliCpu = Annotated[int, BeforeValidator(_milli), Field(ge=0)]


def _plain(name: str) -> str:
    if "/" in name or name in (".", ".."):
        raise ValueError(f"{name!r} is not a plain name: leave out '/' and '..'")
    return name


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"{path!r} is not an absolute path")
    return path


Name = Annotated[Label, AfterValidator(_plain)]
Folder = Annotated[str, AfterValidator(_absolute)]
_NAME = TypeAdapter(Name)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Quota(_Strict):
    cpu: MilliCpu | None = None
    memory: Memory | None = None
    gpus: Count | None = None
    gpu: dict[str, Count] = {}

    def built(self) -> Quota:
        return Quota(self.cpu, self.memory, self.gpus, self.gpu)


class _InstanceType(_Strict):
    cpu: MilliCpu = 0
    memory: Memory = 0
    gpu: dict[str, Count] = {}
    description: str = ""

    def built(self, name: str) -> InstanceType:
        gpu = {kind: count for kind, count in self.gpu.items() if count}
        return InstanceType(name, Resources(self.cpu, self.memory, gpu), self.description)


class _Group(_Strict):
    quota: _Quota = _Quota()
    user_quota: _Quota = _Quota()
    members: list[str] | None = None
    admins: list[str] = []
    instance_types: list[str] | None = None
    images: list[str] | None = None
    volume: Folder | None = None
    datasets: dict[Name, Folder] = {}
    share_logs: bool | None = None

    def built(self, name: str, share_logs: bool) -> Group:
        return Group(
            name=name,
            quota=self.quota.built(),
            user_quota=self.user_quota.built(),
            members=_frozen(self.members),
            admins=frozenset(self.admins),
            instance_types=_frozen(self.instance_types),
            images=_frozen(self.images),
            volume=self.volume,
            datasets=self.datasets,
            share_logs=share_logs if self.share_logs is None else self.share_logs,
        )


def build_catalog(config: JobsubService, found: Catalog) -> Catalog:
    """Put what is configured over what the engine found.

    Raises
    ------
    ConfigError
        Naming every wrong setting.
    """
    types = {n: t.built(n) for n, t in _parse(_InstanceType, config.instance_types, "instance_types").items()}
    shared = config.share_logs
    groups = {n: g.built(n, shared) for n, g in _parse(_Group, config.groups, "groups").items()}
    offered = {name: replace(group, share_logs=shared) for name, group in found.groups.items()}
    catalog = Catalog(groups or offered, types or found.instance_types, found.images, found.notes)
    _refuse_dangling(catalog)
    return catalog


_Model = TypeVar("_Model", bound=_Strict)


def _parse(model: type[_Model], given: Mapping[str, Any], setting: str) -> dict[str, _Model]:
    parsed: dict[str, _Model] = {}
    wrong: list[FieldError] = []
    for name, value in given.items():
        try:
            _NAME.validate_python(name)
            parsed[name] = model.model_validate(value)
        except ValidationError as error:
            wrong += explain(error, under=f"{setting}.{name}").errors
    if wrong:
        raise ConfigError("; ".join(f"JobsubService.{e.field}: {e.message} ({e.remedy})" for e in wrong))
    return parsed


def _refuse_dangling(catalog: Catalog) -> None:
    for group in catalog.groups.values():
        if unknown := sorted((group.instance_types or frozenset()) - set(catalog.instance_types)):
            raise ConfigError(
                f"JobsubService.groups.{group.name}.instance_types: there is no {', '.join(unknown)}"
            )


def _frozen(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)
