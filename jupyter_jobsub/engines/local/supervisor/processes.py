"""Who a process is: its pid, its start time and the boot it lives in. A pid alone is never trusted."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# fields of /proc/<pid>/stat after the name, counted from 0: proc(5)
_STATE, _SESSION, _START = 0, 3, 19


def boot_id() -> str:
    """Name this boot of the machine."""
    with open("/proc/sys/kernel/random/boot_id", "rb", buffering=0) as file:
        return file.read().decode().strip()


def start_time(pid: int) -> int:
    """When the process was started, in clock ticks since boot; 0 if it has ended."""
    fields = _stat(str(pid))
    return int(fields[_START]) if fields else 0


def open_process(pid: int, start: int) -> int:
    """Open a pidfd of the process that has this identity; -1 if it has ended."""
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return -1
    # the pid may have been another's when it was opened; from now on the descriptor is one process's
    if start and start_time(pid) == start:
        return fd
    os.close(fd)
    return -1


def members(leader: int, start: int, mark: bytes) -> "Iterator[tuple[int, int]]":
    """Find the processes of a session, and those that have the mark in their environment.

    Answers pids and start times. The mark finds those that left the session.
    """
    session = leader if start_time(leader) in (0, start) else -1
    for name in os.listdir("/proc"):
        fields = _stat(name) if name.isdigit() else []
        if fields and (int(fields[_SESSION]) == session or mark in _environment(name)):
            yield int(name), int(fields[_START])


def _stat(name: str) -> "list[bytes]":
    try:
        with open(f"/proc/{name}/stat", "rb", buffering=0) as file:
            # the name, in parentheses, may have spaces and parentheses itself
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return fields if fields[_STATE] not in (b"Z", b"X") else []


def _environment(name: str) -> "list[bytes]":
    try:
        with open(f"/proc/{name}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:  # it has ended, or is another user's
        return []
