"""``submit`` and ``clone``."""

from __future__ import annotations

import argparse

from ..client.ids import resolve
from ..client.words import standing
from . import logs, sweeps
from .common import brief, client
from .errors import OK, UsageError
from .output import json_line, note
from .parser import Parser, add_ids, complete_with, examples
from .specs import changed_spec, new_spec
from .terminal import terminal
from .values import assignment, duration, natural, parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client import Client
    from ..client.api import Row


WATCHING = """\
What is JSON as a whole is one value of -p: '[1, 2]' is a list, and '"a, b"' a text with a comma.

With --wait the exit code is the job's own, or 125 if it did not succeed and left none (or 0).
Ctrl-C ends the watching, never the job. With --json the job is printed, and not its log. Of a
sweep, how each job ended is printed, and the code is that of the first that did not succeed."""


def declare_submit(parser: Parser) -> None:
    """Declare ``submit``."""
    parser.usage = (
        "jupyter jobsub submit [options] -- COMMAND [ARG…]\n"
        "       jupyter jobsub submit [options] FILE.ipynb [-p NAME=VALUE]…\n"
        "       jupyter jobsub submit [options] FILE.py|FILE.sh [-- ARG…]\n"
        "       jupyter jobsub submit --file JOB.yaml|JOB.json|- [options]"
    )
    parser.add_argument(
        "target", nargs="?", metavar="FILE", help="a notebook or script; its text is kept now"
    )
    add_file(parser)
    add_options(parser)
    parser.description = (
        "Hand a command, a script or a notebook to the queue, and print the job's id.\n\n"
        "A command runs in this folder, a file in its own. One argument after -- is shell text;\n"
        "several are quoted together. Without --image the job runs in this shell's environment.\n"
        "On Kubernetes these are the first image that the group may use, and /home/jovyan unless\n"
        "the Pod has the folder, in the group's volume."
    )
    examples(
        parser,
        "submit -- python train.py --epochs 3",
        "submit --name all --gpus 1 -- 'for n in 1 2; do python train.py $n; done'",
        "submit train.ipynb -p lr=0.1 -p layers='[64, 64]' --follow",
        "submit train.ipynb -p lr=0.1,0.01 -p depth=2,4    # a sweep of four jobs",
        "submit train.sh --deadline 2h --retries 2 --wait -- --verbose",
        "submit --file job.yaml --priority 200",
        more=WATCHING,
    )
    parser.set_defaults(run=submit)


def declare_clone(parser: Parser) -> None:
    """Declare ``clone``."""
    parser.usage = "jupyter jobsub clone ID [options] [-- COMMAND [ARG…]]"
    add_ids(parser, many=False)
    add_options(parser)
    parser.description = (
        "Submit a job's specification again, with changes; a notebook or script is taken as it is now.\n"
        "What follows -- replaces the command, or the script's arguments."
    )
    examples(parser, "clone k7x2mp9w --priority 500", "clone k7x2mp9w -e SEED=2 --wait -- python train.py")
    parser.set_defaults(run=clone)


def add_file(parser: Parser) -> None:
    """Declare the file that a job is described in."""
    parser.add_argument(
        "--file",
        metavar="JOB",
        help="read the job from YAML or JSON, - for standard input; other options override its fields",
    )


def add_options(parser: Parser) -> None:
    """Declare what makes a job, beside what runs."""
    job = parser.add_argument_group("the job")
    job.add_argument("--name", help="all members of the group see it; made from what runs if missing")
    group = job.add_argument("--group", help="the queue; your first group if missing")
    complete_with(group, "groups")
    size = job.add_mutually_exclusive_group()
    instance_type = size.add_argument("--instance-type", metavar="NAME", help="a size of the catalog")
    complete_with(instance_type, "instance_types")
    size.add_argument("--gpus", type=natural, metavar="N", help="the smallest size with at least N GPUs")
    image = job.add_argument("--image", metavar="NAME", help="what it runs in, of the catalog")
    complete_with(image, "images")
    job.add_argument(
        "-e",
        "--env",
        type=assignment,
        action="append",
        metavar="NAME=VALUE",
        help="add a variable; repeatable",
    )
    job.add_argument(
        "-p",
        "--parameter",
        dest="parameters",
        type=parameter,
        action="append",
        metavar="NAME=VALUE[,VALUE…]",
        help="a value for the notebook, or a variable of a command or script: JSON or text. With"
        " several, separated by commas, a sweep: a job for each combination. Repeatable",
    )
    job.add_argument("--working-dir", metavar="FOLDER", help="where it runs")
    job.add_argument("--priority", type=int, metavar="1-1000", help="a higher one goes first (100)")
    job.add_argument(
        "--preemptible",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="it may be stopped for a job of higher priority",
    )
    job.add_argument("--deadline", type=duration, metavar="2h", help="running time of an attempt (24h)")
    job.add_argument(
        "--ttl",
        type=duration,
        metavar="7d",
        help="how long its log and artifacts are kept after its end (7d)",
    )
    job.add_argument("--retries", type=natural, metavar="N", help="further attempts after a failure (0)")
    then = parser.add_argument_group("this command")
    then.add_argument(
        "--idempotency-key",
        metavar="KEY",
        help="the same key never makes a second job, however often it is sent",
    )
    then.add_argument(
        "--wait",
        action="store_true",
        help="print the log, then exit with the job's code; in a cell: fail if it fails",
    )
    then.add_argument(
        "--follow",
        "-f",
        action="store_true",
        help="print the log until the job ends; in a cell: show it live, and go on",
    )


def submit(args: argparse.Namespace) -> int:
    """Carry ``submit`` out."""
    with client() as service:
        return send(args, service, new_spec(args, service))


def clone(args: argparse.Namespace) -> int:
    """Carry ``clone`` out."""
    with client() as service:
        job_id = resolve(service, args.id)
        return send(args, service, changed_spec(service.spec(job_id), args))


def send(args: argparse.Namespace, service: Client, spec: Row) -> int:
    """Submit a specification, and do with its job what the options ask."""
    key = args.idempotency_key
    if key is not None and not (key.isascii() and key.isprintable() and key.strip()):
        raise UsageError("the idempotency key must be printable ASCII text")
    if grid := spec.pop("grid", None):
        return sweeps.send(args, service, spec, grid, key)
    job = service.submit(spec, idempotency_key=key)
    terminal().give(job)
    if args.follow and not args.json and terminal().shows([job]):
        return logs.ending(service, job["id"]) if args.wait else OK
    if args.wait or args.follow:
        note(f"submitted {job['id']}")
        return logs.watch(service, job["id"], spec, as_json=args.json, own_code=args.wait)
    if args.json:
        json_line(job)
    elif terminal().for_people():
        print(f"{brief(job)}  {standing(job)}".rstrip())
    else:
        print(job["id"])
    return OK
