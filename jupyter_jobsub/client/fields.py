"""What can be said of a new job besides what it runs, as types."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict


class Fields(TypedDict, total=False):
    """Keywords of `JobsubClient.submit`, which explains them; None is like leaving one out."""

    name: str | None
    group: str | None
    instance_type: str | None
    gpus: int | None
    image: str | None
    env: Mapping[str, str] | None
    parameters: Mapping[str, Any] | None
    working_dir: str | os.PathLike[str] | None
    priority: int | None
    preemptible: bool | None
    deadline_seconds: int | None
    ttl_seconds: int | None
    retries: int | None
    task_roles: Sequence[Mapping[str, Any]] | None
    content: str | None
