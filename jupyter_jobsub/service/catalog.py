"""The catalog: what is configured, and for what isn't, what the engine offers."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
)

from ..config import JobsubService, misplaced
from ..engines.base import Engine
from ..errors import ConfigError, FieldError
from ..model.catalog import Catalog, Group, InstanceType
from ..model.explain import explain
from ..model.fields import Label, Strict, reject
from ..model.resources import Quota, Resources, parse_memory


def _bytes(value: Any) -> Any:
    return parse_memory(value) if isinstance(value, str) else value


def _milli(value: Any) -> Any:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        reject(f"{value!r} is not a number of cores", "give one such as 2 or 0.5")
    return round(value * 1000)


Count = Annotated[int, Field(ge=0)]
Memory = Annotated[int, BeforeValidator(_bytes), Field(ge=0)]
MilliCpu = Annotated[int, BeforeValidator(_milli), Field(ge=0)]


def _plain(name: str) -> str:
    if "/" in name or name in (".", ".."):
        reject(f"{name!r} is not a plain name", "leave out '/' and '..'")
    return name


def _known(kind: str) -> AfterValidator:
    """Accept only names that the catalog has; it is the validation's context."""

    def check(name: str, info: ValidationInfo) -> str:
        there: Collection[str] = (info.context or {})[kind]
        if name not in there:
            reject(f"there is no {name!r}", f"there are {', '.join(there)}")
        return name

    return AfterValidator(check)


Name = Annotated[Label, AfterValidator(_plain)]


def _volume(dataset: bool) -> AfterValidator:
    """Have the engine read what is written; it is the validation's context."""

    def read(written: Any, info: ValidationInfo) -> str | None:
        engine: Engine = (info.context or {})["engine"]
        return None if written is None and not dataset else engine.volume(written, dataset=dataset)

    return AfterValidator(read)


class _Quota(Strict):
    cpu: MilliCpu | None = None
    memory: Memory | None = None
    gpus: Count | None = None
    gpu: dict[str, Count] = Field(default={})

    def built(self) -> Quota:
        return Quota(self.cpu, self.memory, self.gpus, self.gpu)


class _InstanceType(Strict):
    cpu: MilliCpu = 0
    memory: Memory = 0
    gpu: dict[str, Count] = Field(default={})
    description: str = ""

    def built(self, name: str) -> InstanceType:
        gpu = {kind: count for kind, count in self.gpu.items() if count}
        return InstanceType(name, Resources(self.cpu, self.memory, gpu), self.description)


class _Group(Strict):
    quota: _Quota = _Quota()
    user_quota: _Quota = _Quota()
    members: list[Label] | None = None
    admins: list[Label] = Field(default=[])
    instance_types: list[Annotated[str, _known("instance_types")]] | None = None
    images: list[Annotated[str, _known("images")]] | None = None
    volume: Annotated[Any, _volume(dataset=False)] = None
    datasets: dict[Name, Annotated[Any, _volume(dataset=True)]] = Field(default={})
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


_TYPES: TypeAdapter[dict[str, _InstanceType]] = TypeAdapter(dict[Name, _InstanceType])
_GROUPS: TypeAdapter[dict[str, _Group]] = TypeAdapter(dict[Name, _Group])


def build_catalog(config: JobsubService, found: Catalog, engine: Engine) -> Catalog:
    """Put what is configured over what the engine found.

    Raises
    ------
    ConfigError
        With every wrong setting, those that ``config`` knows of among them.
    """
    wrong = list(config.wrong)
    types = _parse(_TYPES, config.instance_types, "instance_types", wrong)
    known = {"instance_types": config.instance_types or found.instance_types, "images": found.images}
    groups = _parse(_GROUPS, config.groups, "groups", wrong, {**known, "engine": engine})
    shared = config.share_logs
    catalog = Catalog(
        {name: group.built(name, shared) for name, group in groups.items()}
        or {name: replace(group, share_logs=shared) for name, group in found.groups.items()},
        {name: kind.built(name) for name, kind in types.items()} or found.instance_types,
        found.images,
        found.notes,
    )
    if wrong:
        raise ConfigError(wrong)
    return catalog


_Model = TypeVar("_Model")


def _parse(
    models: TypeAdapter[dict[str, _Model]],
    given: Mapping[str, Any],
    setting: str,
    wrong: list[FieldError],
    context: Mapping[str, Any] | None = None,
) -> dict[str, _Model]:
    try:
        return models.validate_python(given, context=context)
    except ValidationError as error:
        errors = explain(error, under=setting).errors
        wrong += [misplaced(e.field, e.message, e.remedy) for e in errors]
        return {}


def _frozen(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)
