"""Who a process is: its pid, its start time and the boot it lives in. A pid alone is never trusted."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# fields of /proc/<pid>/stat after the name, counted from 0: proc(5)
_STATE, _SESSION, _START = 0, 3, 19


def boot_id() -> str:
    """Name this boot of the machine."""
    return _read("/proc/sys/kernel/random/boot_id").decode().strip()


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
    """Find what lives of a session, and what has the mark in its environment, since a start time.

    Answers pids and start times. The mark finds those that left the session.
    """
    session = leader if start_time(leader) in (0, start) else -1
    for name in os.listdir("/proc"):
        fields = _stat(name) if name.isdigit() else []
        if not fields or int(fields[_START]) < start:
            continue
        if int(fields[_SESSION]) == session or mark in _read(f"/proc/{name}/environ").split(b"\0"):
            yield int(name), int(fields[_START])


def _stat(name: str) -> "list[bytes]":
    # the name, in parentheses, may have spaces and parentheses itself
    fields = _read(f"/proc/{name}/stat").rpartition(b")")[2].split()
    return fields if fields and fields[_STATE] not in (b"Z", b"X") else []


def _read(path: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # it has ended, or is another user's
        return b""
    parts = []
    try:
        while part := os.read(fd, 65536):
            parts.append(part)
    except OSError:
        return b""
    finally:
        os.close(fd)
    return b"".join(parts)
