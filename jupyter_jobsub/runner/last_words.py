"""What a kernel's programs wrote in its last moments, of which it died before it could send it.

ipykernel sends what subprocesses and C write to a cell's output, a fifth of a second late, and copies it
to the stream that the kernel began with, for the terminal that it was started from. Here that would be the
log, twice: so the copies go into a pipe, which outlives the kernel, and are shown if it dies. At the
kernel's exit, when nobody listens to outputs any more, the copies do go to the log.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque

from ..reports import without_reports

MOST = 64 * 1024  # bytes
LATE = 2.0  # seconds in which a kernel has surely sent what was written

_COPY_ELSEWHERE = """
import os, sys, threading
from ipykernel import iostream
copies = {getattr(stream, "_original_stdstream_copy", None) for stream in (sys.stdout, sys.stderr)}
class Elsewhere:
    def __getattr__(self, name):
        return getattr(os, name)
    def write(self, fd, data):
        elsewhere = fd in copies and threading.main_thread().is_alive()
        return os.write(PIPE if elsewhere else fd, data)
iostream.os = Elsewhere()
"""


class LastWords:
    """The copies of the last seconds; made in the event loop that reads them."""

    def __init__(self) -> None:
        self._pipe, self.kernels = os.pipe()
        os.set_blocking(self._pipe, False)
        self._copies: deque[tuple[float, bytes]] = deque()
        self._said = ""
        asyncio.get_running_loop().add_reader(self._pipe, self._read)

    @property
    def code(self) -> str:
        """What an ipykernel runs when it starts; it leaves no names behind."""
        return f"exec({_COPY_ELSEWHERE!r}, {{'PIPE': {self.kernels}}})"

    def said(self, text: str) -> None:
        """Note what the kernel has sent."""
        self._said = (self._said + text)[-MOST:]

    def unsaid(self) -> bytes:
        """What has been written lately, after the last line that the kernel has sent."""
        self._read()
        now = time.monotonic()
        lately = b"".join(copy for at, copy in self._copies if now - at <= LATE)[-MOST:]
        lines = without_reports(lately).splitlines(keepends=True)
        said = set(without_reports(self._said.encode("utf-8", "replace")).splitlines())
        begin = len(lines)
        while begin and lines[begin - 1].rstrip(b"\r\n") not in said:
            begin -= 1
        return b"".join(lines[begin:])

    def close(self) -> None:
        """Let go of the pipe."""
        asyncio.get_running_loop().remove_reader(self._pipe)
        os.close(self._pipe)
        os.close(self.kernels)

    def _read(self) -> None:
        while data := self._more():
            self._copies.append((time.monotonic(), data))
        size = sum(len(copy) for _, copy in self._copies)
        while size > 2 * MOST:
            size -= len(self._copies.popleft()[1])

    def _more(self) -> bytes:
        try:
            return os.read(self._pipe, MOST)
        except BlockingIOError:
            return b""
