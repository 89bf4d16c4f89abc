"""Which devices are whose, known from the run folders alone, so that a restart finds it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ...errors import EngineError
from ...model.job import TaskKey
from .devices import Device
from .runfolder import RunFolder, run_folders


class Allotment:
    """Gives devices out by UUID and takes them back.

    Parameters
    ----------
    runs
        Where the run folders are; they are looked at when the first device is asked for.
    devices
        All there are.
    """

    def __init__(self, runs: Path, devices: Sequence[Device]) -> None:
        self._runs = runs
        self._devices = devices
        self._taken: dict[str, TaskKey] | None = None

    def take(self, key: TaskKey, wanted: Mapping[str, int]) -> list[str]:
        """Give a task devices of each type.

        Raises
        ------
        EngineError
            If there are not as many free ones.
        """
        if not any(wanted.values()):
            return []
        if self._taken is None:
            self._taken = {uuid: f.key for f in run_folders(self._runs) for uuid in _held(f)}
        given = [uuid for kind, count in wanted.items() for uuid in self._free(kind, count)]
        self._taken |= dict.fromkeys(given, key)
        return given

    def release(self, key: TaskKey) -> None:
        """Take back what a task has."""
        if self._taken:
            self._taken = {uuid: owner for uuid, owner in self._taken.items() if owner != key}

    def _free(self, kind: str, count: int) -> list[str]:
        taken = self._taken or {}
        free = [d.uuid for d in self._devices if d.type == kind and d.uuid not in taken]
        if len(free) < count:
            raise EngineError(
                f"{count} {kind} were asked for and {len(free)} are free on this machine; rerun the job"
            )
        return free[:count]


def _held(folder: RunFolder) -> list[str]:
    start, spec = folder.start(), folder.spec()
    if spec is None or folder.verdict() or (start and folder.lost(start)):
        return []
    return spec.gpus
