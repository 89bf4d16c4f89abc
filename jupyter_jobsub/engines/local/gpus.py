"""How GPUs are used, by NVML. They are given out whole, so what one does, its task does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, TimeoutError
from typing import Any

from ...model.metrics import Gpu
from .devices import Device

log = logging.getLogger(__name__)

PATIENCE = 4.0  # seconds: opening the driver may take some


class Gpus:
    """Looks at devices; where the driver says nothing, their use is None.

    The driver stays open while there is something to look at: opening it may take seconds. One that
    has broken may never answer: it is asked in a thread of its own, and not again before it has.

    Parameters
    ----------
    devices
        All there are.
    """

    def __init__(self, devices: Sequence[Device]) -> None:
        self._devices = {device.uuid: device for device in devices}
        self._nvml: Any = None
        self._silent: Future[dict[str, Gpu]] | None = None  # what the driver has yet to answer

    def look(self, uuids: Iterable[str]) -> dict[str, Gpu]:
        """Look at some devices, for a while."""
        wanted = list(uuids)
        if self._silent and not self._silent.done():
            return self._unknown(wanted)
        if not (wanted or self._nvml):
            return {}
        answer: Future[dict[str, Gpu]] = Future()
        threading.Thread(target=self._answer, args=(answer, wanted), name="gpus", daemon=True).start()
        try:
            found, self._silent = answer.result(PATIENCE), None
            return found
        except TimeoutError:
            log.warning("the GPUs' driver does not answer: what jobs use of GPUs is not known until it does")
            self._silent = answer
            return self._unknown(wanted)

    def _unknown(self, uuids: Iterable[str]) -> dict[str, Gpu]:
        devices = [self._devices.get(uuid, Device(uuid, "", 0)) for uuid in uuids]
        return {device.uuid: Gpu(device.uuid, device.type, device.memory) for device in devices}

    def _answer(self, answer: Future[dict[str, Gpu]], wanted: Sequence[str]) -> None:
        try:
            answer.set_result(self._look_at(wanted))
        except BaseException as error:
            answer.set_exception(error)

    def _look_at(self, wanted: Sequence[str]) -> dict[str, Gpu]:
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
        gpu = self._unknown([uuid])[uuid]
        if not (nvml := self._nvml):
            return gpu
        handle = self._ask(nvml, _handle, nvml, uuid)
        if handle is None:
            return gpu
        rates = self._ask(nvml, nvml.nvmlDeviceGetUtilizationRates, handle)  # not of a MIG slice
        memory = self._ask(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)
        return Gpu(
            uuid,
            gpu.name,
            int(memory.total) if memory else gpu.memory_total,
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
