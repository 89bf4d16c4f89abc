"""The logs of all tasks of a job at once, each line behind the name of its task."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread

from .errors import UsageError
from .output import json_line, note
from .terminal import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from ..client import Client
    from ..client.api import Row

    Name: TypeAlias = tuple[str, int]
    News: TypeAlias = tuple[Name, str, Any]

MOST = 16  # followed at a time: each takes one of the event streams that a person may have
LONGEST = 64 * 1024  # bytes of a line that is not waited for any longer


def tasks_of(spec: Row) -> list[Name]:
    """Name the tasks of a job by role and index."""
    roles = spec.get("task_roles") or [{"name": "main"}]
    return [(role["name"], index) for role in roles for index in range(role.get("tasks", 1))]


def print_logs(service: Client, job_id: str, tasks: list[Name], *, as_json: bool, **where: Any) -> None:
    """Print the logs as they are now, one after the other."""
    for role, task in tasks:
        lines = _Lines(job_id, role, task, as_json=as_json)
        for chunk in service.log(job_id, role=role, task=task, **where):
            lines.put(chunk)
        lines.end()


def follow_logs(service: Client, job_id: str, tasks: list[Name], *, as_json: bool, **where: Any) -> Row:
    """Print the logs as they are written until the job ends, and give the job."""
    if len(tasks) > MOST:
        raise UsageError(
            f"{job_id} has {len(tasks)} tasks, and at most {MOST} are followed at a time",
            remedy="name some with --role and --task, or leave out --follow",
        )
    news: SimpleQueue[News] = SimpleQueue()
    for task in tasks:
        # they end when the caller closes the client
        Thread(target=_listen, args=(service, job_id, task, where, news), daemon=True).start()
    return _print_news(news, {task: _Lines(job_id, *task, as_json=as_json) for task in tasks}, as_json)


def _print_news(news: SimpleQueue[News], lines: dict[Name, _Lines], as_json: bool) -> Row:
    """Print what comes of each log until all have ended."""
    attempt, left = 1, set(lines)
    while True:
        task, kind, value = news.get()
        if kind == "log":
            lines[task].put(value)
        elif kind == "attempt" and value > attempt and not as_json:
            attempt = value
            note(f"attempt {attempt}")
        elif kind == "error":
            raise value
        elif kind == "end":
            lines[task].end()
            left.remove(task)
            if not left:
                row: Row = value
                return row


def _listen(service: Client, job_id: str, task: Name, where: dict[str, Any], news: SimpleQueue[News]) -> None:
    """Pass on what comes of one log."""
    try:
        for kind, value in service.follow(job_id, role=task[0], task=task[1], **where):
            news.put((task, kind, value))
    except Exception as error:
        news.put((task, "error", error))


class _Lines:
    """Prints what one task writes, line by line; of a progress bar what it shows at the line's end."""

    def __init__(self, job_id: str, role: str, task: int, *, as_json: bool) -> None:
        self._names: Row | None = {"id": job_id, "role": role, "task": task} if as_json else None
        self._prefix = f"[{role} {task}] ".encode()
        self._rest = b""

    def put(self, chunk: bytes) -> None:
        """Print the lines that are complete."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._print(line)
        if len(self._rest) > LONGEST:
            self.end()

    def end(self) -> None:
        """Print what is left."""
        if self._rest:
            self._print(self._rest)
        self._rest = b""

    def _print(self, line: bytes) -> None:
        shown = line.rstrip(b"\r").rpartition(b"\r")[2]
        if self._names is not None:
            json_line({**self._names, "text": shown.decode(errors="replace")})
        else:
            terminal().write(self._prefix + shown + b"\n")
