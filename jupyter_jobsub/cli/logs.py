"""``logs`` and ``wait``, and the watching that ``submit`` does."""

from __future__ import annotations

import argparse
import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..client.ids import resolve
from ..client.words import harmless
from . import tasks
from .common import brief, client, jobs_named, unique
from .errors import NO_EXIT_CODE, OK, UsageError
from .live import StatusLine
from .output import json_line, note
from .parser import Parser, add_ids, examples
from .terminal import terminal
from .values import duration, natural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..client import Client
    from ..client.api import Row


CODES = """\
The exit code is that of the first job, in the order given, that did not succeed:
its own, or 125 if it left none (or 0); 0 if all succeeded; 124 when the time is over."""


def declare_logs(parser: Parser) -> None:
    """Declare ``logs``."""
    add_ids(parser, many=False)
    parser.add_argument(
        "--follow", "-f", action="store_true", help="go on until the job ends, through its attempts"
    )
    parser.add_argument("--tail", type=natural, metavar="N", help="begin at the last N lines")
    parser.add_argument("--attempt", type=natural, metavar="N", help="of this attempt (the newest)")
    parser.add_argument("--role", metavar="NAME", help="of this task role (the first)")
    parser.add_argument("--task", type=natural, metavar="N", help="of this task of the role (0)")
    parser.add_argument(
        "--all-tasks", action="store_true", help="of every task, each line behind the task's name"
    )
    parser.add_argument(
        "--download", metavar="FILE", help="write the whole log to a file; - is the standard output"
    )
    parser.description = (
        "Print a job's log, byte for byte but for its reports of progress.\nWith --download these stay."
    )
    examples(
        parser,
        "logs k7x2mp9w --tail 50",
        "logs -f k7x2mp9w",
        "logs k7x2mp9w --attempt 1 --download run1.log",
        "logs -f k7x2mp9w --role worker --task 2",
        "logs -f k7x2mp9w --all-tasks",
    )
    parser.set_defaults(run=logs)


def logs(args: argparse.Namespace) -> int:
    """Carry ``logs`` out."""
    if args.download and (args.follow or args.tail is not None):
        raise UsageError("--download is the whole log: leave out --follow and --tail")
    if args.all_tasks and (args.download or args.role or args.task is not None):
        raise UsageError("--all-tasks prints every task: leave out --role, --task and --download")
    with client() as service:
        job_id = resolve(service, args.id)
        if args.all_tasks:
            return _all_tasks(service, job_id, args)
        where = {name: getattr(args, name) for name in ("role", "task", "attempt", "tail")}
        if args.follow:
            plain = not args.json and all(value is None for value in where.values())
            if plain and terminal().shows([service.job(job_id)]):
                return OK
            follow(service, job_id, as_json=args.json, **where)
            return OK
        if args.download:
            _save(service.log(job_id, raw=True, **where), args.download)
            return OK
        for chunk in service.log(job_id, **where):
            _write(chunk, job_id, as_json=args.json)
    return OK


def _all_tasks(service: Client, job_id: str, args: argparse.Namespace) -> int:
    names = tasks.tasks_of(service.spec(job_id))
    where = {"attempt": args.attempt, "tail": args.tail}
    if args.follow:
        with running_on(job_id):
            tasks.follow_logs(service, job_id, names, as_json=args.json, **where)
    else:
        tasks.print_logs(service, job_id, names, as_json=args.json, **where)
    return OK


def _save(chunks: Iterator[bytes], name: str) -> None:
    if name == "-":
        for chunk in chunks:
            terminal().write(chunk)
        return
    part = f"{name}.part"
    with open(part, "wb") as file:
        file.writelines(chunks)
    os.replace(part, name)


def _write(chunk: bytes, job_id: str, *, as_json: bool) -> None:
    if not as_json:
        terminal().write(chunk)
        return
    try:
        json_line({"id": job_id, "text": chunk.decode()})
    except UnicodeDecodeError:
        json_line({"id": job_id, "base64": base64.b64encode(chunk).decode()})


def follow(service: Client, job_id: str, *, as_json: bool = False, quiet: bool = False, **where: Any) -> Row:
    """Print the log until the job ends, and give the job."""
    with running_on(job_id), StatusLine(wanted=not (as_json or quiet)) as status:
        return _follow(service, job_id, status, as_json, quiet, where)


@contextmanager
def running_on(id: str, verb: str = "logs -f") -> Iterator[None]:
    """Ctrl-C leaves a job or sweep running; say so, and how to watch it."""
    try:
        yield
    except KeyboardInterrupt:
        note(f"\n{id} runs on; watch it: jupyter jobsub {verb} {id}")
        note(f"to end it: jupyter jobsub cancel {id}")
        raise


def _follow(
    service: Client, job_id: str, status: StatusLine, as_json: bool, quiet: bool, where: dict[str, Any]
) -> Row:
    for kind, value in service.follow(job_id, **where):
        if kind == "log" and not quiet:
            with status.aside(value):
                _write(value, job_id, as_json=as_json)
        elif kind == "attempt" and not as_json:
            with status.aside(b"\n"):
                note(f"attempt {value}")
        elif kind == "job":
            status.show(value)
        elif kind == "end":
            row: Row = value
            if as_json:
                json_line(row)
            return row
    raise AssertionError("a followed log has an end")


def watch(service: Client, job_id: str, spec: Row, *, as_json: bool, own_code: bool) -> int:
    """Follow a job that was just submitted; under JSON its final row is all that is printed."""
    names = tasks.tasks_of(spec)
    if 1 < len(names) <= tasks.MOST and not as_json:
        with running_on(job_id):
            job = tasks.follow_logs(service, job_id, names, as_json=False)
    else:
        job = follow(service, job_id, as_json=as_json, quiet=as_json)
    if not as_json:
        note(outcome(job))
    terminal().give(job)
    return code_of(job) if own_code else OK


def ending(service: Client, job_id: str) -> int:
    """Wait for the end of a job that is shown already."""
    with running_on(job_id):
        job = next(service.wait([job_id]))
    note(outcome(job))
    terminal().give(job)
    return code_of(job)


def code_of(job: Row) -> int:
    """Give the exit code that stands for an ended job."""
    if job["phase"] == "Succeeded":
        return OK
    return job["exit_code"] or NO_EXIT_CODE


def outcome(job: Row) -> str:
    """Say how a job ended, on a line."""
    code = "" if job["exit_code"] is None else f", exit code {job['exit_code']}"
    message = f": {harmless(job['message'])}" if job["message"] else ""
    return f"{brief(job)}{code}{message}"


def declare_wait(parser: Parser) -> None:
    """Declare ``wait``."""
    add_ids(parser)
    parser.add_argument(
        "--timeout", type=duration, metavar="2h", help="give up after this time, with code 124"
    )
    parser.description = "Wait until jobs end, and print how each ended."
    examples(parser, "wait k7x2mp9w", "wait --timeout 1h k7x2mp9w 3fp0a8qz && echo both", more=CODES)
    parser.set_defaults(run=wait)


def wait(args: argparse.Namespace) -> int:
    """Carry ``wait`` out."""
    codes: dict[str, int] = {}
    with client() as service:
        ids = unique(job_id for text in args.ids for job_id in jobs_named(service, text))
        try:
            for job in service.wait(ids, timeout=args.timeout):
                codes[job["id"]] = code_of(job)
                _tell(job, args)
        except TimeoutError as error:
            left = ", ".join(job_id for job_id in ids if job_id not in codes)
            raise TimeoutError(f"not ended after {args.timeout} s: {left}") from error
    return next((codes[job_id] for job_id in ids if codes[job_id]), OK)


def _tell(job: Row, args: argparse.Namespace) -> None:
    terminal().give(job)
    if args.json:
        json_line(job)
    else:
        print(outcome(job), flush=True)
