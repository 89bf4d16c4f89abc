"""The engine that is configured, and the catalog that it has where nothing is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..archive import ArtifactLimits
from ..clock import wall_clock
from ..config import JobsubService, misplaced, read_config
from ..engines.base import Engine
from ..engines.kubernetes.images import default_catalog as default_of_a_cluster
from ..engines.kubernetes.images import parse_images
from ..engines.kubernetes.settings import parse_settings
from ..engines.local import account
from ..engines.local.devices import find_devices, parse_devices
from ..engines.local.engine import LocalEngine
from ..engines.local.environments import find_environments, parse_folders
from ..engines.local.machine import default_catalog, machine_resources
from ..engines.local.ports import port_numbers
from ..errors import ConfigError, FieldError
from ..model.catalog import Catalog
from ..model.job import Micros, UserName
from ..model.resources import Resources, parse_memory
from .catalog import build_catalog

CLIENT = "pip install 'jupyter-jobsub[kubernetes]'"  # what brings it


def make_engine(
    config: JobsubService,
    folder: Path,
    owner: UserName,
    store: Callable[[], str],
    clock: Callable[[], Micros],
) -> tuple[Engine, Catalog]:
    """Make what the configuration asks for; nothing is started or asked.

    Parameters
    ----------
    folder:
        Where the service keeps its data.
    store:
        The id of its store, once that is open.

    Raises
    ------
    ConfigError
        If it can't be made at all.
    """
    make = _on_a_cluster if config.engine == "kubernetes" else _on_this_machine
    return make(config, folder, owner, store, clock)


def try_config(folder: Path) -> JobsubService:
    """Make what the configuration asks for, and let it go.

    Raises
    ------
    ConfigError
        With everything that is wrong.
    """
    config = read_config()
    owner = UserName(account.person()["USER"])
    engine, found = make_engine(config, folder, owner, lambda: "", wall_clock)
    build_catalog(config, found, engine)
    return config


async def look_at_cluster(config: JobsubService) -> str:
    """Reach the cluster and see that jobs can run there; answer where that is.

    Raises
    ------
    EngineError
        In words, with what to do.
    ConfigError
        If the package that it takes is missing.
    """
    with _client(config):
        from ..engines.kubernetes.api import Api
    api = await Api.connect(parse_settings(config.kubernetes))
    await api.close()
    return f"{api.host}, namespace {api.namespace}"


@contextmanager
def _client(config: JobsubService) -> Iterator[None]:
    """Say what to install if an import says that it is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        text = f"'kubernetes' needs a package that is not here: {error.name}"
        raise ConfigError([*config.wrong, misplaced("engine", text, f"run: {CLIENT}")]) from error


def _on_a_cluster(
    config: JobsubService,
    folder: Path,
    owner: UserName,
    store: Callable[[], str],
    clock: Callable[[], Micros],
) -> tuple[Engine, Catalog]:
    with _client(config):
        from ..engines.kubernetes.engine import KubernetesEngine
    images = parse_images(config.images)
    engine = KubernetesEngine(
        parse_settings(config.kubernetes),
        images,
        store=store,
        env=config.env,
        grace=config.halt_grace_seconds,
        patience=config.pull_timeout_seconds,
        log_limit=config.max_log_bytes,
        artifacts=ArtifactLimits(config.max_artifact_files, config.max_artifact_bytes),
        clock=clock,
    )
    return engine, default_of_a_cluster(owner, images)


def _on_this_machine(
    config: JobsubService,
    folder: Path,
    owner: UserName,
    store: Callable[[], str],
    clock: Callable[[], Micros],
) -> tuple[Engine, Catalog]:
    try:
        inventory: Any = config.gpus  # None: not configured; []: none, whatever is found
        devices = find_devices() if inventory is None else parse_devices(inventory)
        there = machine_resources(devices)
        memory = parse_memory(config.memory) if config.memory else there.memory
        images = find_environments(parse_folders(config.images))
    except ValueError as error:
        raise ConfigError([FieldError("JobsubService", str(error), "set cpu and memory")]) from error
    capacity = Resources(round(config.cpu * 1000) or there.cpu, memory, there.gpu)
    engine = LocalEngine(
        folder / "runs",
        images=images,
        devices=devices,
        capacity=capacity,
        log_limit=config.max_log_bytes,
        grace=config.halt_grace_seconds,
        ports=port_numbers(),
        env=config.env,
        clock=clock,
    )
    return engine, default_catalog(owner, capacity, images)
