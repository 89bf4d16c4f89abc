"""How GPUs are used, by NVML. They are given out whole, so what one does, its task does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...model.metrics import Gpu
from .devices import Device


class Gpus:
    """Looks at devices; where the driver says nothing, their use is None.

    The driver stays open while there is something to look at: opening it may take seconds.

    Parameters
    ----------
    devices
        All there are.
    """

    def __init__(self, devices: Sequence[Device]) -> None:
        self._devices = {device.uuid: device for device in devices}
        self._nvml: Any = None

    def look(self, uuids: Iterable[str]) -> dict[str, Gpu]:
        """Look at some devices."""
        wanted = list(uuids)
        if wanted:
            self._open()
        found = {uuid: self._look(uuid) for uuid in wanted}
        if all(gpu.utilization is None and gpu.memory is None for gpu in found.values()):
            self._close()  # the driver may have been replaced: it is opened anew at the next look
        return found

    def _close(self) -> None:
        """Let go of the driver."""
        if nvml := self._nvml:
            self._nvml = None
            self._ask(nvml, nvml.nvmlShutdown)

    def _open(self) -> None:
        if self._nvml:
            return
        try:
            import pynvml

            pynvml.nvmlInit()
        except Exception:  # no library, no driver, or one that is being replaced
            return
        self._nvml = pynvml

    def _look(self, uuid: str) -> Gpu:
        device = self._devices.get(uuid, Device(uuid, "", 0))
        gpu = Gpu(uuid, device.type, device.memory)
        if not (nvml := self._nvml):
            return gpu
        handle = self._ask(nvml, _handle, nvml, uuid)
        if handle is None:
            return gpu
        rates = self._ask(nvml, nvml.nvmlDeviceGetUtilizationRates, handle)  # not of a MIG slice
        memory = self._ask(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)
        return Gpu(
            uuid,
            device.type,
            int(memory.total) if memory else device.memory,
            rates.gpu / 100 if rates else None,
            int(memory.used) if memory else None,
        )

    def _ask(self, nvml: Any, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except nvml.NVMLError:
            return None


def _handle(nvml: Any, uuid: str) -> Any:
    """Find a device; one that was configured without a name is called by its number."""
    if uuid.isdecimal():
        return nvml.nvmlDeviceGetHandleByIndex(int(uuid))
    return nvml.nvmlDeviceGetHandleByUUID(uuid)
