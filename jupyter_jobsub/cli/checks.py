"""The checks that ``doctor`` makes, each a function that gives findings."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from .. import __version__, paths
from ..client import Client, LocalEndpoint, ServerEndpoint, Unreachable
from ..client.local import check_folder, is_older
from ..errors import JobsubError
from . import machine
from .findings import Finding, Findings

ENOUGH = 1 << 30  # bytes
TOO_LITTLE = 100 << 20
CHECK = [sys.executable, "-m", "jupyter_jobsub.service", "--check"]


def run_checks(environ: Mapping[str, str]) -> Findings:
    """Make all checks that make sense here."""
    yield from python()
    if url := environ.get("JOBSUB_URL"):
        yield from server(ServerEndpoint(url, environ.get("JOBSUB_TOKEN", "")))
        return
    for check in (data_folder, disk_space, socket_folder):
        yield from check()
    started = list(start())
    yield from started
    yield from service()
    if not any(finding.check == "cluster" for finding in started):
        yield from machine.run_checks(environ)
    yield from extension()


def python() -> Findings:
    """The system and the Python."""
    text = (
        f"{platform.system()}, Python {platform.python_version()}, jupyter-jobsub {__version__}, {sys.prefix}"
    )
    if sys.platform == "linux":
        yield Finding("ok", "system", text)
    elif sys.platform == "darwin":
        yield Finding(
            "warn", "system", text, "macOS works as far as its calls reach; Linux is what is tested"
        )
    else:
        yield Finding("fail", "system", text, "use Linux, or WSL2 on Windows")


def data_folder() -> Findings:
    """Where jobs are kept: on a local disk, and nobody else's."""
    wanted, folder = paths.wanted_data_dir(), paths.data_dir()
    if wanted != folder:
        kind = paths.network_file_system(wanted)
        text = f"jobs are kept in {folder}, because {wanted} is on {kind}"
        yield Finding("warn", "data folder", text, "to choose another local folder, set JOBSUB_DATA_DIR")
    try:
        status = folder.stat()
    except OSError:
        yield from _parent(folder)
        return
    if status.st_uid != os.getuid():
        owner = f"{folder} belongs to uid {status.st_uid}"
        yield Finding("fail", "data folder", owner, "set JOBSUB_DATA_DIR to a folder of yours")
    elif status.st_mode & 0o077:
        yield Finding("fail", "data folder", f"{folder} is open to others", f"run: chmod 700 {folder}")
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("fail", "data folder", f"{folder} can't be written", f"run: chmod 700 {folder}")
    else:
        yield Finding("ok", "data folder", str(folder))


def _parent(folder: Path) -> Findings:
    there = _existing(folder)
    if os.access(there, os.W_OK | os.X_OK):
        yield Finding("ok", "data folder", f"{folder} (made on first use)")
    else:
        text = f"{folder} can't be made, {there} is not yours to write"
        yield Finding("fail", "data folder", text, "set JOBSUB_DATA_DIR to a folder of yours")


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def disk_space() -> Findings:
    """Room for the store and the logs."""
    folder = _existing(paths.data_dir())
    there = os.statvfs(folder)
    free = there.f_bavail * there.f_frsize
    level = "ok" if free > ENOUGH else "warn" if free > TOO_LITTLE else "fail"
    remedy = "" if level == "ok" else "make room, delete old jobs, or set JOBSUB_DATA_DIR to another disk"
    yield Finding(level, "disk space", f"{free / (1 << 30):.1f} GiB free in {folder}", remedy)


def socket_folder() -> Findings:
    """A socket's path is limited, and its folder must be closed to others."""
    folder = paths.data_dir()
    address = paths.socket_path(folder)
    try:
        check_folder(address.parent)
    except Unreachable as error:
        yield Finding("fail", "socket", error.detail, error.remedy)
        return
    moved = "" if address.parent == folder else ", because the data folder's path is too long for a socket"
    yield Finding("ok", "socket", f"{address} ({len(os.fsencode(address))} bytes){moved}")


def start() -> Findings:
    """What the service would find at its start, tried in a process of its own: packages, settings, store."""
    command = [*CHECK, "--data-dir", str(paths.data_dir())]
    tried = subprocess.run(command, cwd="/", capture_output=True, text=True)
    if tried.returncode:
        *_, last = tried.stderr.strip().splitlines() or ["no reason given"]
        remedy = f"run: {sys.executable} -m pip install --upgrade jupyter-jobsub"
        yield Finding("fail", "packages", f"the service can't be loaded: {last}", remedy)
        return
    yield Finding("ok", "packages", "the service can be loaded")
    yield from (Finding(**json.loads(line)) for line in tried.stdout.splitlines())


def service() -> Findings:
    """The service: it answers, or could start."""
    endpoint = LocalEndpoint(start=False)
    try:
        connection = endpoint.try_connect()
    except Unreachable as error:
        yield Finding("fail", "service", error.detail, error.remedy)
        return
    if connection is None:
        yield _not_running(endpoint.data_dir)
        return
    connection.close()
    yield from server(endpoint)


def server(endpoint: LocalEndpoint | ServerEndpoint) -> Findings:
    """The service answers, and is of this version."""
    where = "service" if isinstance(endpoint, LocalEndpoint) else "server"
    try:
        with Client(endpoint) as client:
            response, text = client.exchange("GET", "/jobsub/status")
    except JobsubError as error:
        yield Finding("fail", where, str(error), getattr(error, "remedy", ""))
        return
    status = json.loads(text)
    yield Finding(
        "ok", where, f"runs as pid {status['pid']}, engine {status['engine']}, store {status['store']}"
    )
    yield _version(response.headers.get("jobsub-version", ""))


def _version(theirs: str) -> Finding:
    if is_older(theirs, __version__):
        text = f"the service is {theirs}, older than this client ({__version__})"
        return Finding("warn", "version", text, "the next command that needs the service replaces it")
    if is_older(__version__, theirs):
        text = f"the service is {theirs}, newer than this client ({__version__})"
        return Finding("warn", "version", text, "upgrade here: pip install --upgrade jupyter-jobsub")
    return Finding("ok", "version", f"{theirs}, the same on both sides")


def _not_running(folder: Path) -> Finding:
    try:
        with open(folder / "service.lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = "a process holds the store and does not answer on the socket"
        remedy = f"wait; if it stays so, see who it is: fuser {folder}/service.lock, and {folder}/service.log"
        return Finding("fail", "service", text, remedy)
    except OSError:
        pass  # never started here
    return Finding("ok", "service", "not running; the first command that needs it starts it")


def extension() -> Findings:
    """Whether Jupyter Server loads the extension."""
    from jupyter_core.paths import jupyter_config_path

    enabled: bool | None = None
    for folder in reversed(jupyter_config_path()):  # the first folder has the last word
        for file in [
            *sorted(Path(folder).glob("jupyter_server_config.d/*.json")),
            Path(folder, "jupyter_server_config.json"),
        ]:
            enabled = _enabled(file, enabled)
    if enabled:
        yield Finding("ok", "extension", "enabled in Jupyter Server")
    else:
        text = "Jupyter Server does not load it, so JupyterLab shows no jobs"
        yield Finding("warn", "extension", text, "run: jupyter server extension enable jupyter_jobsub")


def _enabled(file: Path, before: bool | None) -> bool | None:
    try:
        found = json.loads(file.read_text())["ServerApp"]["jpserver_extensions"]["jupyter_jobsub"]
    except (OSError, ValueError, KeyError, TypeError):
        return before
    return bool(found)
