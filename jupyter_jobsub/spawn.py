"""Start the local service; standard library only.

A surface that finds nobody on the socket calls `start_service`, or `spawn_service` and reads the
starter's output when its pipe is readable. The starter is this file run alone (`python -I -S`): it
waits its turn behind other starters of the same folder, looks at the socket again, launches the
service and passes on the line that the service writes when it listens. So any number of surfaces may
start it at once, none of them keeps a child, and a surface that dies meanwhile harms nothing.
"""

import fcntl
import os
import signal
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

START_LIMIT = 60  # seconds; a start that takes longer is reported as failed
MAX_LINE = 65536  # bytes; a line of this length fits a pipe, so that nobody blocks on it


class ServiceNotStarted(Exception):
    """The local service could not be started; the text says why."""

    remedy = "Run `jupyter jobsub doctor` in a terminal: it says what is wrong."


def start_service(folder: "Path", address: "Path") -> None:
    """Start the service of a data folder and return when it listens.

    Parameters
    ----------
    folder
        The data folder (`paths.data_dir()`).
    address
        Its socket (`paths.socket_path(folder)`).

    Raises
    ------
    ServiceNotStarted
        If it can't be started, or isn't ready within a minute.
    """
    output, _ = spawn_service(folder, address).communicate()
    check_started(output, folder)


def spawn_service(folder: "Path", address: "Path") -> "subprocess.Popen[bytes]":
    """Begin a start; the process's standard output gives one line for `check_started`, and ends."""
    import subprocess

    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(folder), str(address)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        cwd="/",  # `-m` puts the working directory on sys.path, so it must be nobody's
        start_new_session=True,
    )


def check_started(output: bytes, folder: "Path") -> None:
    """Raise ServiceNotStarted unless the starter's output says that the service listens."""
    line = output.decode(errors="replace").strip()
    if line == "ready":
        return
    reason = line.removeprefix("error").strip()
    raise ServiceNotStarted(reason or f"The service did not become ready; its log is {folder}/service.log.")


def environment() -> dict[str, str]:
    """Give the service our environment without what belongs to this process alone, such as tokens."""
    return {name: value for name, value in os.environ.items() if not is_servers_own(name)}


def is_servers_own(name: str) -> bool:
    """Tell a variable that a Jupyter server, the Hub or a job sets for one process."""
    of_a_server = name.startswith("JPY_") or (name.startswith("JUPYTER") and "TOKEN" in name)
    return of_a_server or (name.startswith("JOBSUB_") and name != "JOBSUB_DATA_DIR")


def main(folder: str, address: str) -> None:
    """Be the starter: print the service's line, whoever launched it."""
    signal.alarm(START_LIMIT)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        lock = os.open(os.path.join(folder, "start.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)  # freed when this process ends
        line = b"ready\n" if is_listening(address) else launch(folder)
    except OSError as error:
        line = f"error can't use {folder}: {error.strerror}".encode()
    os.write(1, line)


def is_listening(address: str) -> bool:
    """Tell whether somebody answers on the socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(address) == 0


def launch(folder: str) -> bytes:
    """Launch the service and wait for the line that it writes when it listens, or gives up."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    command = [
        sys.executable,
        "-m",
        "jupyter_jobsub.service",
        "--data-dir",
        folder,
        "--ready-fd",
        str(writer),
    ]
    log = os.open(os.path.join(folder, "service.log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    onto_log = [(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
    os.posix_spawn(sys.executable, command, os.environ, file_actions=onto_log)
    os.close(writer)
    with open(reader, "rb") as ready:
        return ready.readline(MAX_LINE)


if __name__ == "__main__":
    main(*sys.argv[1:])
