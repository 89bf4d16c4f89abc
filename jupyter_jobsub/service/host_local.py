"""The local host: one person, one machine, a unix socket; starts by itself and ends by itself."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

from ..archive import Archive
from ..clock import SteadyClock
from ..config import JobsubService, read_config
from ..engines.local import account
from ..errors import StoreError
from ..model.job import UserName
from ..paths import network_file_system, private_folder, socket_path
from ..spawn import is_listening
from ..store.sql import SqlStore
from .app import Service
from .engines import make_engine
from .sources import LocalSources

log = logging.getLogger(__name__)

STORE = "jobsub.db"  # its name in the data folder
LONGEST_CLOSE = 8.0  # seconds, less than who comes next waits for the lock
LOCK_PATIENCE = 10.0  # seconds: a service that hands over finishes its writes in less


class Server(HTTPServer):
    """Serves the socket's owner alone, and knows whether anyone is connected."""

    changed: Callable[[], None]

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        """Take what HTTPServer takes."""
        super().initialize(*args, **kwargs)
        self.changed = lambda: None

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Refuse every other user's connection."""
        if peer_uid(stream.socket) != os.getuid():
            stream.close()
            return
        super().handle_stream(stream, address)
        self.changed()

    def on_close(self, server_conn: object) -> None:
        """Take note that a connection has ended."""
        super().on_close(server_conn)
        self.changed()


def peer_uid(connection: socket.socket) -> int:
    """Who is at the other end of a unix socket."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    uid: int = struct.unpack("3i", credentials)[1]
    return uid


async def serve(folder: Path, ready: Callable[[], None]) -> None:
    """Be the service of a data folder until told to stop, or until nobody needs it.

    Raises
    ------
    JobsubError
        If it can't start, saying why and what to do.
    """
    config = read_config()
    os.umask(account.umask())  # the jobs' too: not that of whoever came first
    _refuse_network(folder)
    private_folder(folder)
    address = socket_path(folder)
    private_folder(address.parent)
    lock = take_lock(folder, address)
    try:
        service = _assemble(config, folder, address)
        await service.open()
        # who keeps a connection and asks nothing more, such as an idle kernel, needs no service
        idle = max(1.0, config.linger_seconds)
        server = Server(service.application(), max_body_size=2**40, idle_connection_timeout=idle)
        listener = listen(address)
        server.add_socket(listener)
        _handle_signals(service)
        ready()
        try:
            await _until_unneeded(service, server)
        finally:
            server.stop()
            address.unlink(missing_ok=True)
            await _close(service)
            await server.close_all_connections()
    finally:
        os.close(lock)


async def _close(service: Service) -> None:
    """Finish what is being written, unless that takes for ever: a disk may not answer any more."""
    try:
        await asyncio.wait_for(service.close(), LONGEST_CLOSE)
    except asyncio.TimeoutError:
        log.warning("something does not end: what was under way is taken up at the next start")


def _refuse_network(folder: Path) -> None:
    if kind := network_file_system(folder):
        raise StoreError(
            f"{folder} is on {kind}, where neither locks nor the store are safe; "
            "set JOBSUB_DATA_DIR to a folder on a local disk"
        )


def take_lock(folder: Path, address: Path) -> int:
    """Be the only service of this folder; the lock goes with the process.

    Raises
    ------
    StoreError
        If another one listens already.
    """
    lock = os.open(folder / "service.lock", os.O_RDWR | os.O_CREAT, 0o600)
    patience = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with contextlib.suppress(OSError):  # it is for people; opening the store says what is wrong
                os.ftruncate(lock, 0)
                os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            return lock
        except BlockingIOError:
            if is_listening(str(address)) or time.monotonic() > patience:
                holder = os.pread(lock, 32, 0).decode().strip()
                os.close(lock)
                raise StoreError(
                    f"another service (pid {holder}) holds {folder}; "
                    "use that one, or end it first: jupyter jobsub stop"
                ) from None
            time.sleep(0.02)  # the one before is finishing its writes


def listen(address: Path) -> socket.socket:
    """Bind the socket, mode 0600; one that a killed service left is replaced: we hold the lock."""
    address.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(os.fspath(address))
    finally:
        os.umask(before)
    listener.setblocking(False)
    listener.listen(128)
    return listener


def _assemble(config: JobsubService, folder: Path, address: Path) -> Service:
    owner, clock = UserName(account.person()["USER"]), SteadyClock()
    store = SqlStore(config.database_url or f"sqlite:///{folder / STORE}", clock)
    engine, found = make_engine(config, folder, owner, lambda: store.id, clock)
    return Service(
        config=config,
        store=store,
        engine=engine,
        archive=Archive(folder / "archive"),
        sources=LocalSources(config.max_snapshot_bytes),
        found=found,
        owner=owner,
        clock=clock,
        place={"socket": str(address), "data_dir": str(folder), "database": store.where},
    )


def _handle_signals(service: Service) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, service.stop)
    loop.add_signal_handler(signal.SIGHUP, _reload, service)


def _reload(service: Service) -> None:
    try:
        log.warning("reloaded: %s", service.reload())
    except Exception as error:
        log.error("not reloaded, what was in effect stays so: %s", error)


async def _until_unneeded(service: Service, server: Server) -> None:
    """Wait until told to stop, or until nothing is unfinished and nobody connected for a while."""
    busy = asyncio.Event()
    server.changed = service.hub.changed = busy.set
    service.store.listeners.append(lambda changes: busy.set())
    while not service.stopping.is_set():
        busy.clear()
        unneeded = service.dispatcher.idle and server.connected <= service.hub.passive
        waits = {asyncio.create_task(busy.wait()), asyncio.create_task(service.stopping.wait())}
        linger = service.config.linger_seconds if unneeded else None
        done, pending = await asyncio.wait(waits, timeout=linger, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        if not done:
            log.warning("nothing to do for %g s: ending", service.config.linger_seconds)
            return
