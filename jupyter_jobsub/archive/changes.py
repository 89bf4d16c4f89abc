"""Waits for a log to change: for bytes by inotify, for its other events by being told.

A watch costs the writer of a log about a microsecond a write, so a log is watched only while
somebody waits, and the kernel ends the watch by itself at the first write.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from struct import Struct
from typing import TypeAlias

from inotify_simple import INotify, flags

WITHOUT_WATCH = 0.2  # seconds between looks when the system has no watch left to give

MOST_EVENTS = 65536  # bytes of them that are read at once
EVENT = Struct(
    "iIII"
)  # of a file, which has no name in it: the watch's number, then what does not matter here

Change: TypeAlias = "asyncio.Future[None]"


class Changes:
    """Who waits for which log, in one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[Path, set[Change]] = {}
        self._watches: dict[Path, int] = {}
        self._paths: dict[int, Path] = {}
        self._inotify: INotify | None = None

    @contextmanager
    def expect(self, path: Path) -> Iterator[Change]:
        """Begin to look; the future is done at the first change after that."""
        change: Change = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(path, set()).add(change)
        try:
            self._watch(path)
            yield change
        finally:
            self._forget(path, change)

    def tell(self, path: Path) -> None:
        """Wake all who wait for the log."""
        self._unwatch(path)
        for change in self._waiting.pop(path, ()):
            if not change.done():
                change.set_result(None)

    def tell_in(self, folder: Path) -> None:
        """Wake all who wait for a log of a folder."""
        for path in [path for path in self._waiting if path.parent == folder]:
            self.tell(path)

    def close(self) -> None:
        """Wake all and let go of the watches."""
        for path in list(self._waiting):
            self.tell(path)
        if self._inotify is not None:
            asyncio.get_running_loop().remove_reader(self._inotify.fd)
            self._inotify.close()
            self._inotify = None

    def _watch(self, path: Path) -> None:
        try:
            number = self._opened().add_watch(path, flags.MODIFY | flags.ONESHOT)
        except FileNotFoundError:
            return  # whoever makes it tells us
        except OSError:
            asyncio.get_running_loop().call_later(WITHOUT_WATCH, self.tell, path)
            return
        self._watches[path] = number
        self._paths[number] = path

    def _opened(self) -> INotify:
        if self._inotify is None:
            self._inotify = INotify(nonblocking=True)
            asyncio.get_running_loop().add_reader(self._inotify.fd, self._read)
        return self._inotify

    def _read(self) -> None:
        assert self._inotify is not None
        for number, *_ in EVENT.iter_unpack(os.read(self._inotify.fd, MOST_EVENTS)):
            if path := self._paths.pop(number, None):
                del self._watches[path]
                self.tell(path)

    def _forget(self, path: Path, change: Change) -> None:
        others = self._waiting.get(path, set())
        others.discard(change)
        if not others:
            self._waiting.pop(path, None)
            self._unwatch(path)

    def _unwatch(self, path: Path) -> None:
        number = self._watches.pop(path, None)
        if number is not None and self._inotify is not None:
            del self._paths[number]
            with suppress(OSError):  # the first write, or the file's removal, has ended it
                self._inotify.rm_watch(number)
