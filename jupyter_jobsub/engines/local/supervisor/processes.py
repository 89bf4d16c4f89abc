"""Who a process is: its pid, its start time and the boot it lives in. A pid alone is never trusted."""

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# fields of /proc/<pid>/stat after the name, counted from 0: proc(5)
_STATE, _PARENT, _SESSION, _START = 0, 1, 3, 19
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def boot_id() -> str:
    """Name this boot of the machine."""
    return read("/proc/sys/kernel/random/boot_id").decode().strip()


def uptime() -> int:
    """Microseconds since boot; a clock that nobody can set."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


def start_time(pid: int) -> int:
    """When the process was started, in clock ticks since boot; 0 if it has ended."""
    fields = _stat(str(pid))
    return int(fields[_START]) if lives(fields) else 0


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


def inherit_orphans() -> None:
    """Become the parent of every process below this one that loses its own, as init is elsewhere."""
    try:
        import _ctypes  # what ctypes is made of, at a fraction of its import

        prctl = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")  # type: ignore[arg-type]
        _ctypes.call_function(prctl, (_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
    except (ImportError, AttributeError, OSError):  # a Python without it: the mark finds most of them
        pass


def members(leader: int, start: int, mark: bytes, ancestor: int) -> "Iterator[tuple[int, int]]":
    """Find what lives of a session, below an ancestor, or with the mark in its environment.

    Answers pids and start times of what is no older than the start time. The ancestor and the mark
    find those that left the session.
    """
    stats = {pid: fields for pid, fields in snapshot().items() if lives(fields)}
    for pid, _ in relatives(stats, [(leader, start, mark, ancestor)]):
        yield pid, int(stats[pid][_START])


def snapshot() -> "dict[int, list[bytes]]":
    """Read the fields of /proc/<pid>/stat after the name, of all processes, bit by bit.

    Those that have ended and wait for their parent to notice are there too.
    """
    stats = {int(name): _stat(name) for name in os.listdir("/proc") if name.isdigit()}
    return {pid: fields for pid, fields in stats.items() if fields}


def relatives(
    stats: "dict[int, list[bytes]]", families: "Sequence[tuple[int, int, bytes, int]]"
) -> "Iterator[tuple[int, int]]":
    """Find the processes of families: pids, each with the number of its family.

    A family has a leader, its start time, a mark and an ancestor; see ``members``.
    """
    sessions, marks, ancestors = {}, {}, {}
    for number, (leader, start, mark, ancestor) in enumerate(families):
        if leader not in stats or int(stats[leader][_START]) == start:
            sessions[leader] = number
        marks[mark] = number
        ancestors[ancestor] = number
    ancestors.pop(0, None)
    parents = {pid: int(fields[_PARENT]) for pid, fields in stats.items()}
    oldest = min((start for _, start, _, _ in families), default=0)
    for pid, fields in stats.items():
        if int(fields[_START]) < oldest:
            continue
        found = sessions.get(int(fields[_SESSION]), -1)
        if found < 0:
            found = _above(pid, ancestors, parents)
        if found < 0:
            found = _marked(pid, marks)
        if found >= 0 and int(fields[_START]) >= families[found][1]:
            yield pid, found


def _above(pid: int, ancestors: "dict[int, int]", parents: "dict[int, int]") -> int:
    seen = 0  # the snapshot was taken bit by bit, so that a number given anew could close a circle
    while (pid := parents.get(pid, 0)) and pid not in ancestors and seen < len(parents):
        seen += 1
    return ancestors.get(pid, -1)


def _marked(pid: int, marks: "dict[bytes, int]") -> int:
    for variable in read(f"/proc/{pid}/environ").split(b"\0"):
        if variable in marks:
            return marks[variable]
    return -1


def lives(fields: "list[bytes]") -> bool:
    """Say whether a process with these fields has not ended."""
    return bool(fields) and fields[_STATE] not in (b"Z", b"X")


def _stat(name: str) -> "list[bytes]":
    # the name, in parentheses, may have spaces and parentheses itself
    return read(f"/proc/{name}/stat").rpartition(b")")[2].split()


def read(path: str) -> bytes:
    """Read a file of /proc, empty if it has gone or is another user's."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
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
