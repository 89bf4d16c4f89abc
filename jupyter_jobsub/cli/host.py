"""``status``, ``serve``, ``stop``, ``reload`` and ``drain``: the service itself."""

from __future__ import annotations

import argparse
import os
import sys

from .. import paths
from ..client import Client, LocalEndpoint, NotRunning, find
from ..client.local import end_service
from .common import client
from .errors import OK, UNREACHABLE
from .output import fields, json_line, short_time
from .parser import Parser, examples

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client.api import Row
    from ..client.server import Endpoint


def declare_status(parser: Parser) -> None:
    """Declare ``status``."""
    parser.description = "Say whether the service runs, without starting it; exit code 3 if it doesn't."
    examples(parser, "status", "status --json | jq .jobs")
    parser.set_defaults(run=status)


def status(args: argparse.Namespace) -> int:
    """Carry ``status`` out."""
    try:
        with client(start=False) as service:
            found: Row = service.call("GET", "/jobsub/status")
    except NotRunning:
        folder = str(paths.data_dir())
        if args.json:
            json_line({"running": False, "data_dir": folder})
        else:
            print(f"not running (data: {folder})")
        return UNREACHABLE
    if args.json:
        json_line({"running": True, **found})
    else:
        fields(_facts(found))
    return OK


def _facts(found: Row) -> list[tuple[str, object]]:
    jobs = ", ".join(f"{count} {phase}" for phase, count in found["jobs"].items() if count)
    names = ("version", "pid", "user", "engine", "runs_on", "socket", "store", "database", "data_dir")
    return [
        ("running", "yes, admitting no more jobs" if found["draining"] else "yes"),
        *((name.replace("_", " "), found[name]) for name in names),
        ("since", short_time(found["started_at"])),
        ("jobs", jobs or "none"),
        ("launching", found["waiting_launches"] or None),
        ("trouble", found["trouble"] or None),
    ]


def declare_serve(parser: Parser) -> None:
    """Declare ``serve``."""
    parser.add_argument("--data-dir", metavar="FOLDER", help="of this data folder ($JOBSUB_DATA_DIR)")
    parser.description = (
        "Run the service in the foreground, as under systemd. There is no need to: any command\n"
        "that needs the service starts it in the background."
    )
    examples(parser, "serve", "serve --data-dir /var/tmp/jobs")
    parser.set_defaults(run=serve)


def serve(args: argparse.Namespace) -> int:
    """Carry ``serve`` out: become the service."""
    folder = os.path.abspath(args.data_dir or paths.data_dir())
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "jupyter_jobsub.service", "--data-dir", folder])


def declare_stop(parser: Parser) -> None:
    """Declare ``stop``."""
    parser.description = "End the service and wait until it has; jobs that run, run on."
    examples(parser, "stop")
    parser.set_defaults(run=stop)


def stop(args: argparse.Namespace) -> int:
    """Carry ``stop`` out."""
    stopped = _stop(find(start=False))
    if args.json:
        json_line({"stopped": stopped})
    else:
        print("stopped; jobs that run, run on" if stopped else "not running")
    return OK


def _stop(endpoint: Endpoint) -> bool:
    if isinstance(endpoint, LocalEndpoint):
        connection = endpoint.try_connect()
        if connection:
            end_service(connection)
        return connection is not None
    with Client(endpoint) as service:
        service.call("POST", "/jobsub/stop", body={})
    return True


def declare_reload(parser: Parser) -> None:
    """Declare ``reload``."""
    parser.description = (
        "Make the service read its configuration again; a bad file changes nothing and says why."
    )
    examples(parser, "reload")
    parser.set_defaults(run=reload)


def reload(args: argparse.Namespace) -> int:
    """Carry ``reload`` out."""
    with client(start=False) as service:
        found: Row = service.call("POST", "/jobsub/reload")
    if args.json:
        json_line(found)
    else:
        print("changed: " + ", ".join(map(str, found["changed"])) if found["changed"] else "nothing changed")
        if found["at_next_start"]:
            names = ", ".join(map(str, found["at_next_start"]))
            print(f"from the next start on (jupyter jobsub stop): {names}")
    return OK


def declare_drain(parser: Parser) -> None:
    """Declare ``drain``."""
    parser.add_argument("--off", action="store_true", help="admit jobs again")
    parser.description = "Admit no more jobs and let what runs end; submitted jobs wait."
    examples(parser, "drain", "drain --off")
    parser.set_defaults(run=drain)


def drain(args: argparse.Namespace) -> int:
    """Carry ``drain`` out."""
    with client(start=False) as service:
        service.call("POST", "/jobsub/drain", body={"drain": not args.off}, repeatable=True)
    if args.json:
        json_line({"draining": not args.off})
    else:
        print("admitting jobs again" if args.off else "draining: no more jobs are admitted")
    return OK
