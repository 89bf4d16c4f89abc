"""A supervisor as of format 1 of the run folder, kept as it was: it outlives the upgrade of its service."""

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time

CHANNEL = 3
NEVER = float("inf")


def main() -> None:
    """Receive an order, and run its task to the end."""
    channel = socket.socket(fileno=CHANNEL)
    order, (lock, ready), _, _ = socket.recv_fds(channel, 8192, 2)
    os.set_inheritable(lock, False)
    os.chdir(order.partition(b" ")[2])
    if not any(map(os.path.exists, ("exit.json", "void", "started", "halt.json"))):
        run(ready)


def run(ready: int) -> None:
    """Start the command, watch it, and write how it ended."""
    with open("spec", "rb") as file:
        _, log, cwd, deadline, grace, _, _, count, *rest = file.read().split(b"\0")[:-1]
    argv, env = rest[: int(count)], dict(field.split(b"=", 1) for field in rest[int(count) :])
    gate, opener = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(opener)
        be_command(gate, log, cwd, argv, env)
    os.close(gate)
    began = time.monotonic_ns()
    me = {"pid": os.getpid(), "start": start_of(os.getpid())}
    about = {"boot": boot_id(), "pid": pid, "start": start_of(pid), "monotonic": began, "supervisor": me}
    write_once("started", {"version": 1, "at": now(), **about})
    os.write(opener, b"1")
    os.close(opener)
    with contextlib.suppress(BrokenPipeError):
        os.write(ready, b"1")
    os.close(ready)
    reason = watch(pid, began / 1e9 + float(deadline), float(grace))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = status if status >= 0 else 128 - status
    reason = reason or ("Error" if code else "Completed")
    write_once("exit.json", {"version": 1, "code": code, "reason": reason, "message": "", "at": now()})


def be_command(gate: int, log: bytes, cwd: bytes, argv: "list[bytes]", env: "dict[bytes, bytes]") -> None:
    """Exec the command when the gate opens."""
    try:
        os.setsid()
        out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        if os.read(gate, 1):
            os.chdir(cwd)
            os.execve(argv[0], argv, env)
    finally:
        os._exit(127)


def watch(pid: int, deadline: float, grace: float) -> str:
    """Wait for the command's end, and bring it about when that is due; say why it was ended."""
    process, reason, kill_at = os.pidfd_open(pid), "", NEVER
    while not select.select([process], [], [], 0.1)[0]:
        if not reason:
            if os.path.exists("halt.json"):
                with open("halt.json") as file:
                    reason, grace = "Halted", json.load(file)["grace"]
            elif time.monotonic() >= deadline:
                reason = "DeadlineExceeded"
            if reason:
                os.killpg(pid, signal.SIGTERM)
                kill_at = time.monotonic() + grace
        if time.monotonic() >= kill_at:
            os.killpg(pid, signal.SIGKILL)
    return reason


def write_once(name: str, data: "dict[str, object]") -> None:
    """Write a file durably that nobody has written before."""
    with open(f"{name}.new", "w") as file:
        json.dump(data, file)
        file.flush()
        os.fsync(file.fileno())
    os.link(f"{name}.new", name)


def now() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def boot_id() -> str:
    """Name this boot of the machine."""
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def start_of(pid: int) -> int:
    """When a process was started, in clock ticks since boot."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b") ")[2].split()[19])


if __name__ == "__main__":
    main()
    sys.exit()
