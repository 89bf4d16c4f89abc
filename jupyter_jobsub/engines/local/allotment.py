"""Which devices are whose, known from the run folders alone, so that a restart finds it again.

A link named after the device, ``runs/.devices/<uuid>``, says whose folder to look into; it is made
before the folder and removed after the task has ended. What counts is what the folder says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...errors import EngineError
from ...model.job import TaskKey
from .devices import Device
from .runfolder import RunFolder


class Allotment:
    """Gives devices out by UUID and takes them back.

    Parameters
    ----------
    runs
        Where the run folders are.
    devices
        All there are.
    """

    def __init__(self, runs: Path, devices: Sequence[Device]) -> None:
        self._runs = runs
        self._links = runs / ".devices"
        self._devices = devices
        self._given: dict[str, TaskKey] = {}  # by this process, perhaps to a folder that is being made

    def take(self, key: TaskKey, wanted: Mapping[str, int]) -> list[str]:
        """Give a task devices of each type.

        Raises
        ------
        EngineError
            If there are not as many free ones.
        """
        given = [uuid for kind, count in wanted.items() for uuid in self._free(kind, count)]
        for uuid in given:
            self._given[uuid] = key
            self._links.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._link(uuid).unlink(missing_ok=True)
            self._link(uuid).symlink_to(str(key))
        return given

    def release(self, key: TaskKey) -> None:
        """Take back what a task has."""
        self._given = {uuid: owner for uuid, owner in self._given.items() if owner != key}
        for device in self._devices:
            if self._owner(device.uuid) == key:
                self._link(device.uuid).unlink(missing_ok=True)

    def _free(self, kind: str, count: int) -> list[str]:
        if not count:
            return []
        free = [d.uuid for d in self._devices if d.type == kind and not self._taken(d.uuid)]
        if len(free) < count:
            raise EngineError(
                f"{count} {kind} were asked for and {len(free)} are free on this machine; rerun the job"
            )
        return free[:count]

    def _link(self, uuid: str) -> Path:
        return self._links / uuid.replace("/", "_")  # older drivers name a MIG device by a path

    def _owner(self, uuid: str) -> TaskKey | None:
        with contextlib.suppress(FileNotFoundError):
            return TaskKey.parse(self._link(uuid).readlink().name)
        return None

    def _taken(self, uuid: str) -> bool:
        owner = self._owner(uuid)
        return uuid in self._given or (owner is not None and _holds(RunFolder(self._runs, owner), uuid))


def _holds(folder: RunFolder, uuid: str) -> bool:
    spec = folder.spec()
    return spec is not None and uuid in spec.gpus and not folder.over()
