"""What can be asked for: groups, instance types, images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .resources import Quota, Resources


@dataclass(frozen=True)
class InstanceType:
    """A size that a task can ask for by name."""

    name: str
    resources: Resources
    description: str = ""


@dataclass(frozen=True)
class Image:
    """What a task runs in: on the local engine an environment, on Kubernetes a container image.

    Parameters
    ----------
    name:
        The name that a job asks for (a kernelspec's name on the local engine).
    reference:
        The environment's prefix folder, or the container image's reference.
    description:
        Shown to people.
    """

    name: str
    reference: str
    description: str = ""


@dataclass(frozen=True)
class Group:
    """A queue with its quota, its people and what they may use.

    ``members`` None means everybody; ``instance_types`` and ``images`` None mean all. With
    ``share_logs`` members may read each other's logs and specifications.
    """

    name: str
    quota: Quota = Quota()
    user_quota: Quota = Quota()
    members: frozenset[str] | None = None
    admins: frozenset[str] = frozenset()
    instance_types: frozenset[str] | None = None
    images: frozenset[str] | None = None
    volume: str | None = None
    datasets: Mapping[str, str] = field(default_factory=dict)
    share_logs: bool = True

    def has(self, user: str) -> bool:
        """Say whether the user may submit here."""
        return self.members is None or user in self.members or user in self.admins


@dataclass(frozen=True)
class Catalog:
    """Everything configured; the first of each kind is the default."""

    groups: Mapping[str, Group]
    instance_types: Mapping[str, InstanceType]
    images: Mapping[str, Image]
    notes: tuple[str, ...] = ()

    def groups_of(self, user: str) -> list[Group]:
        """The groups the user may submit to, in configured order."""
        return [group for group in self.groups.values() if group.has(user)]

    def instance_types_of(self, group: Group) -> list[InstanceType]:
        """What the group may use, in configured order."""
        allowed = group.instance_types
        return [t for t in self.instance_types.values() if allowed is None or t.name in allowed]

    def images_of(self, group: Group) -> list[Image]:
        """What the group may run in, in configured order."""
        return [i for i in self.images.values() if group.images is None or i.name in group.images]
