"""The local service: find its socket, start it when nobody listens, replace an older one."""

from __future__ import annotations

import os
import re
import select
import socket
import stat
import sys
import time
from _thread import allocate_lock
from pathlib import Path

from .. import __version__, paths
from ..errors import StoreError
from .errors import DOCTOR, NotRunning, Unreachable, from_response, lost
from .http import ANSWER_LIMIT, Connection

PATIENCE = 20.0  # seconds for a service that another surface, or a person, is starting
END_LIMIT = 60.0
TRIES = 3
_STAGES = {"dev": -4, "a": -3, "b": -2, "rc": -1, "": 0, "post": 1}


class LocalEndpoint:
    """The service of a data folder, on its unix socket.

    Parameters
    ----------
    data_dir:
        The folder; `paths.data_dir()` if None.
    start:
        Start the service when nobody listens, and replace one that is older than this client.
    """

    prefix = ""

    def __init__(self, data_dir: Path | None = None, *, start: bool = True) -> None:
        self.data_dir = data_dir or paths.data_dir()
        self.socket_path = paths.socket_path(self.data_dir)
        self.headers: dict[str, str] = {}
        self.start = start
        self._checked = False
        self._checking, self._starting = allocate_lock(), allocate_lock()  # one thread does it for all

    def __str__(self) -> str:
        return os.fspath(self.socket_path)

    def connect(self) -> Connection:
        """Connect to the service.

        Raises
        ------
        Unreachable
            If it can't be reached or started, or its socket's folder is open to others.
        """
        if not self.start:
            return self._required()
        if not self._checked:
            with self._checking:
                if not self._checked:
                    return self._checked_connection()
        return self._connect_or_start()

    def _checked_connection(self) -> Connection:
        connection, version = self._answering()
        if is_older(version, __version__):
            end_service(connection, handover=True)
            connection, _ = self._answering()
        self._checked = True
        return connection

    def _answering(self) -> tuple[Connection, str]:
        """Connect, and ask for the version; again if it was just ending."""
        tries = TRIES
        while True:
            tries -= 1
            connection = self._connect_or_start()
            try:
                response = connection.request("GET", "/jobsub/healthz")
                response.read()
                return connection, response.headers.get("jobsub-version", "")
            except OSError as error:
                connection.close()
                if not tries or isinstance(error, TimeoutError):
                    raise lost(error) from error

    def _required(self) -> Connection:
        if connection := self.try_connect():
            return connection
        raise NotRunning(
            "The service is not running.", remedy="any command that needs it starts it, such as: list"
        )

    def try_connect(self) -> Connection | None:
        """Connect if somebody listens."""
        check_folder(self.socket_path.parent)
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(os.fspath(self.socket_path))
        except (FileNotFoundError, ConnectionRefusedError):
            sock.close()
            return None
        except OSError as error:
            sock.close()
            raise Unreachable(
                f"Can't connect to {self.socket_path}: {error.strerror}.", remedy=DOCTOR
            ) from error
        sock.settimeout(ANSWER_LIMIT)
        return Connection(sock, "localhost")

    def _connect_or_start(self) -> Connection:
        if connection := self.try_connect():
            return connection
        with self._starting:
            end, tried = time.monotonic() + PATIENCE, ""
            while not (connection := self.try_connect()):
                if tried and time.monotonic() > end:
                    raise Unreachable(f"{tried}, but does not answer.", remedy=DOCTOR)
                tried = self._start() or "The service started"
            return connection

    def _start(self) -> str:
        """Start the service; give the reason if another one holds the folder."""
        from ..spawn import ServiceNotStarted, start_service

        try:
            paths.private_folder(self.data_dir)
            paths.private_folder(self.socket_path.parent)
            start_service(self.data_dir, self.socket_path)
        except StoreError as error:
            raise Unreachable(str(error), remedy=DOCTOR) from error
        except ServiceNotStarted as error:
            if "another service" in str(error):  # it is about to listen, or to end
                return str(error)
            raise Unreachable(f"The service could not be started: {error}", remedy=DOCTOR) from error
        return ""


def check_folder(folder: Path) -> None:
    """Refuse a socket's folder that others could put a socket into.

    Raises
    ------
    Unreachable
        If it is a link, below a file, somebody else's, or open to others.
    """
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise Unreachable(
            f"{folder} can't be a folder: a part of its path is a file.",
            remedy="set JOBSUB_DATA_DIR to a folder of yours",
        ) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise Unreachable(
            f"{folder} is not a folder of yours (uid {status.st_uid}).",
            remedy="set JOBSUB_DATA_DIR to one that is",
        )
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise Unreachable(f"{folder} is open to others (mode {mode:04o}).", remedy=f"run: chmod 700 {folder}")


def end_service(connection: Connection, *, handover: bool = False) -> None:
    """Ask the service to end, jobs running on, and return when it has.

    Parameters
    ----------
    handover:
        Another one is about to be started in its place.

    Raises
    ------
    Unreachable
        If it does not end.
    UserError
        If it refuses to.
    """
    process = _process_of(connection.socket)
    try:
        _ask_to_stop(connection, handover)
        _wait_for_end(connection, process)
    except ConnectionError:
        pass  # gone already
    finally:
        connection.close()
        if process is not None:
            os.close(process)


def _ask_to_stop(connection: Connection, handover: bool) -> None:
    body = b'{"handover": true}' if handover else b"{}"
    response = connection.request("POST", "/jobsub/stop", body, {"Content-Type": "application/json"})
    text = response.read()
    if response.status >= 400:
        raise from_response(response.status, text)


def _wait_for_end(connection: Connection, process: int | None) -> None:
    # where the process is not known, the connection's end has to do
    watched = connection.socket if process is None else process
    if not select.select([watched], [], [], END_LIMIT)[0]:
        raise Unreachable(f"The running service has not ended after {END_LIMIT:.0f} s.", remedy=DOCTOR)


def _process_of(sock: socket.socket) -> int | None:
    # a pidfd of who listens at the other end, where the system can tell
    try:
        credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return os.pidfd_open(int.from_bytes(credentials[:4], sys.byteorder))
    except (AttributeError, OSError):
        return None


def is_older(version: str, than: str) -> bool:
    """Compare two released versions; what can't be read is not older."""
    return bool(version) and _order(version) < _order(than)


def _order(version: str) -> tuple[list[int], int, int]:
    found = re.match(r"(\d+(?:\.\d+)*)[-._]?(dev|a|b|rc|post)?(\d*)", version)
    if not found:
        return ([9**9], 0, 0)
    numbers, stage, count = found.groups()
    release = [int(n) for n in numbers.split(".")]
    while release and not release[-1]:
        release.pop()
    return (release, _STAGES[stage or ""], int(count or 0))
