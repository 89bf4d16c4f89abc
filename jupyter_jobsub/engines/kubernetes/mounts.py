"""The folders of a Pod: its own, its group's, its datasets, and what ``files`` gives it to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ...errors import EngineError
from ..base import Launch
from .entry import HOME, RUN, fetch_command
from .files import ARTIFACTS, FILES, PARTS
from .names import Object
from .settings import KubernetesSettings
from .volumes import Claim, Folder, Git, Variables, host_path, parse_dataset, parse_volume

SHM = "/dev/shm"


@dataclass
class Mounts:
    """Volumes, and which container sees them where."""

    volumes: list[Object] = field(default_factory=list)
    main: list[Object] = field(default_factory=list)
    keeper: list[Object] = field(default_factory=list)
    fetchers: list[tuple[Sequence[str], Object]] = field(default_factory=list)
    """Commands that fill a volume before anything runs, with that volume's mount."""

    def add(self, name: str, source: Object, path: str, **how: Any) -> Object:
        """Give the command a volume."""
        if ":" in path:
            raise ValueError(f"{path} can be no folder of a Pod, as its name has a ':'")
        mount = {"name": name, "mountPath": path, **how}
        self.volumes.append({"name": name, **source})
        self.main.append(mount)
        return mount


def mounts_of(launch: Launch, settings: KubernetesSettings, parts: Sequence[str]) -> Mounts:
    """Find the folders of a task's Pod.

    Parameters
    ----------
    parts
        Names of the Secrets whose keys are the parts of its file.

    Raises
    ------
    EngineError
        If a volume is none any more: it was configured otherwise when the job was submitted.
    """
    mounts = Mounts()
    mounts.add("home", {"emptyDir": {"sizeLimit": str(settings.home_size)}}, HOME)
    for name, path in (("run", RUN), ("artifacts", ARTIFACTS)):
        mounts.keeper.append(mounts.add(name, {"emptyDir": {}}, path))
    if settings.shm_size:
        memory = {"medium": "Memory", "sizeLimit": str(settings.shm_size)}
        mounts.add("shm", {"emptyDir": memory}, SHM)
    if parts:
        sources = [{"secret": {"name": name}} for name in parts]
        mounts.add("parts", {"projected": {"sources": sources}}, PARTS, readOnly=True)
        mounts.add("files", {"emptyDir": {}}, FILES)
    try:
        _shared(launch, mounts)
    except ValueError as error:
        raise EngineError(f"{error}; ask an operator to correct it, then rerun the job") from error
    return mounts


def _shared(launch: Launch, mounts: Mounts) -> None:
    if launch.volume:
        _mount(mounts, "project", parse_volume(launch.volume), _project(launch), read_only=False)
    for number, (name, text) in enumerate(launch.datasets.items()):
        volume = parse_dataset(text)
        if isinstance(volume, Git):
            mount = mounts.add(f"dataset-{number}", {"emptyDir": {}}, _dataset(name))
            mounts.fetchers.append((fetch_command(volume.git, volume.ref, _dataset(name)), dict(mount)))
            mounts.main[-1] = {**mount, "readOnly": True}
        elif not isinstance(volume, Variables):
            _mount(mounts, f"dataset-{number}", volume, _dataset(name), read_only=True)


def _mount(mounts: Mounts, name: str, volume: Folder, path: str, *, read_only: bool) -> None:
    read_only = read_only if volume.read_only is None else volume.read_only
    how = {"subPath": volume.sub_path} if isinstance(volume, Claim) and volume.sub_path else {}
    mounts.add(name, volume.source(read_only), path, readOnly=read_only, **how)


def working_folder(launch: Launch) -> str:
    """Say where in the Pod a task is to run: in the folder asked for, or in that of its file."""
    spec = launch.spec
    return _in_the_pod(spec.working_dir, launch) if spec.working_dir else _source_folder(launch) or HOME


def import_folder(launch: Launch) -> str:
    """Say what comes first on the import path of a script; "" if it is none."""
    return _source_folder(launch) if launch.spec.script else ""


def _source_folder(launch: Launch) -> str:
    source = launch.spec.source
    return _in_the_pod(str(PurePosixPath(source).parent), launch) if source else ""


def _in_the_pod(path: str, launch: Launch) -> str:
    """Find a folder: what people find in a folder of the nodes is elsewhere in a Pod.

    Other paths stay; if the Pod has no such folder, it runs elsewhere.
    """
    for theirs, ours in _seen_elsewhere(launch).items():
        if PurePosixPath(path).is_relative_to(theirs):
            return str(ours / PurePosixPath(path).relative_to(theirs))
    return path


def _seen_elsewhere(launch: Launch) -> Mapping[str, PurePosixPath]:
    volumes = {_project(launch): launch.volume} | {_dataset(n): v for n, v in launch.datasets.items()}
    return {there: PurePosixPath(here) for here, text in volumes.items() if (there := host_path(text))}


def _project(launch: Launch) -> str:
    return f"/project/{launch.group}"


def _dataset(name: str) -> str:
    return f"/datasets/{name}"
