"""A supervisor's first half, up to the moment the command runs.

Whatever is imported here delays the first line of a job, so this imports next to nothing;
``watch`` has the rest. The run folder is the working directory. The engine hands over, locked,
the descriptor of the folder's ``lock``; it is held until this process ends, whoever ends it.
"""

import _signal  # type: ignore[import-not-found]  # the signal module without its enums
import os
import time

from .files import SAFE, write_new
from .processes import boot_id, inherit_orphans, start_time, uptime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

VERSION = 1  # of the run folder's format
DISK_FULL_PAUSE = 1.0  # seconds
LOCK, READY = 3, 4  # descriptors that the engine hands over
FINAL = ("exit.json", "void")  # any of them: nothing is to be run any more


class Spec:
    """What is to be run, as the engine wrote it: texts that end with NUL, so that nothing is parsed."""

    def __init__(self, data: bytes) -> None:
        fields = data.split(b"\0")[:-1]
        version, self.log, self.cwd, deadline, grace, limit, gpus, count = fields[:8]
        self.version = int(version)
        self.deadline = float(deadline)  # seconds of running time
        self.grace = float(grace)  # seconds between TERM and KILL
        self.limit = int(limit)  # bytes of log that are kept
        self.gpus = gpus.decode().split(",") if gpus else []
        self.argv = fields[8 : 8 + int(count)]
        self.env = dict(field.split(b"=", 1) for field in fields[8 + int(count) :])


class Task:
    """A command that was started, as ``started`` says: who it is, and when that was."""

    def __init__(self, spec: Spec, pid: int, start: int, monotonic: int, failure: bytes = b"") -> None:
        self.spec = spec
        self.pid = pid
        self.start = start  # clock ticks since boot
        self.monotonic = monotonic  # nanoseconds since boot
        self.failure = failure  # why it could not be executed


def write_once(name: str, data: bytes) -> None:
    """Write a file durably that nobody has written before, whole or not at all.

    Raises
    ------
    FileExistsError
        If somebody has.
    """
    temporary = write_new(name, data)
    try:
        os.link(temporary, name)
    finally:
        os.unlink(temporary)
    sync_folder(".")


def sync_folder(path: str) -> None:
    """Make the names in a folder durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read_spec() -> Spec:
    """Read the run folder's ``spec``."""
    with open("spec", "rb", buffering=0) as file:
        return Spec(file.read())


def start() -> "Task | None":
    """Run the command, once in the run folder's life; None if it is not to run."""
    if any(os.path.exists(name) for name in (*FINAL, "started", "halt.json")):
        return None
    spec = read_spec()
    held, gate = os.pipe()
    result, report = os.pipe()
    log = os.open(spec.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | SAFE, 0o600)
    os.set_blocking(log, True)
    inherit_orphans()
    pid = os.fork()
    if pid == 0:
        os.close(LOCK)
        os.close(gate)
        _run(spec, log, held, report)
    for fd in (held, report, log):
        os.close(fd)
    task = Task(spec, pid, start_time(pid), time.monotonic_ns())
    while not _note(task):
        if os.path.exists("halt.json"):
            return None
        time.sleep(DISK_FULL_PAUSE)
    os.write(gate, b"1")
    os.close(gate)
    task.failure = os.read(result, 4096)  # nothing, at the moment of exec
    os.close(result)
    if not task.failure:
        _tell_engine()
    return task


def _run(spec: Spec, log: int, held: int, report: int) -> "NoReturn":
    """Be the command, when the gate opens; if the supervisor ends before, end too."""
    try:
        os.setsid()
        os.dup2(log, 1)
        os.dup2(log, 2)
        for number in (_signal.SIGPIPE, _signal.SIGXFSZ):  # Python ignores them, and exec keeps that
            _signal.signal(number, _signal.SIG_DFL)
        if os.read(held, 1):
            os.chdir(spec.cwd)
            os.execve(spec.argv[0], spec.argv, spec.env)
    except OSError as error:
        os.write(report, b"can't run %s: %s" % (error.filename or b"it", (error.strerror or "").encode()))
    finally:
        os._exit(127)


def _note(task: Task) -> bool:
    """Write that the command starts; False if that can't be written now, as on a full disk."""
    task.monotonic = time.monotonic_ns()
    try:
        write_once("started", _describe(task))
    except FileExistsError:  # by the try before, which then could not sync: nobody else holds the lock
        return True
    except FileNotFoundError:  # nobody wants it any more
        raise
    except OSError:
        return False
    return True


def _describe(task: Task) -> bytes:
    return (
        f'{{"version": {VERSION}, "pid": {task.pid}, "start": {task.start}, '
        f'{now()}, "monotonic": {task.monotonic}, "supervisor": {identity()}}}'
    ).encode()


def now() -> str:
    """Say when it is, as members of a JSON object: by the machine's clock, and by the time since boot."""
    return f'"at": {time.time_ns() // 1000}, "boot": "{boot_id()}", "uptime": {uptime()}'


def identity() -> str:
    """Name this process, as JSON."""
    return f'{{"pid": {os.getpid()}, "start": {start_time(os.getpid())}}}'


def _tell_engine() -> None:
    try:  # noqa: SIM105, contextlib is one of the imports that would delay the start
        os.write(READY, b"1")
    except BrokenPipeError:  # it has gone; the next one reads the folder
        pass
    os.close(READY)
