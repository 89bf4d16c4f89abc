"""The log as the runner writes it: a disk that is full for a while ends no notebook."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import ReadableBuffer

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MOST = 16 * 2**20  # bytes that are kept until there is room
DROPPED = b"\n[jobsub: output was dropped here, the disk was full]\n"


class PatientFile(io.RawIOBase):
    """Keeps what there is no room for, and writes it with what comes next."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._kept = bytearray()
        self._most = MOST

    def writable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._fd

    def write(self, data: ReadableBuffer) -> int:
        """Take it all; no error."""
        taken = memoryview(data).cast("B")
        if len(self._kept) < self._most:
            self._kept += taken
        elif not self._kept.endswith(DROPPED):
            self._kept += DROPPED
        self.settle()
        return len(taken)

    def settle(self) -> None:
        """Write what is kept, as far as there is room."""
        try:
            while self._kept:
                del self._kept[: os.write(self._fd, self._kept)]
        except OSError:  # also of a reader that has gone: the notebook runs on
            pass


def patient_streams() -> list[PatientFile]:
    """Have ``sys.stdout`` and ``sys.stderr`` wait for room."""
    files = [PatientFile(stream.fileno()) for stream in (sys.stdout, sys.stderr)]
    sys.stdout, sys.stderr = _texts(files)
    return files


def _texts(files: list[PatientFile]) -> Iterator[TextIO]:
    for file in files:
        buffer = io.BufferedWriter(file)
        yield io.TextIOWrapper(buffer, "utf-8", "backslashreplace", line_buffering=True)
