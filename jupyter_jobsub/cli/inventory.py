"""``usage`` and ``catalog``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from .common import client
from .errors import OK
from .output import clean, fields, json_line, on_terminal, resources, seconds, table
from .parser import Parser, examples

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client.api import Row


def declare_usage(parser: Parser) -> None:
    """Declare ``usage``."""
    parser.description = "Show quotas, what is held of them, and how many jobs run and wait."
    examples(parser, "usage", "usage --json | jq '.groups[].waiting'")
    parser.set_defaults(run=usage)


def usage(args: argparse.Namespace) -> int:
    """Carry ``usage`` out."""
    with client() as service:
        found: Row = service.call("GET", "/jobsub/usage")
    if args.json:
        json_line(found)
        return OK
    rows = [row for group in found["groups"] for row in _usage_rows(group)]
    table(("GROUP", "USER", "HELD", "QUOTA", "RUNNING", "WAITING"), rows, right=("RUNNING", "WAITING"))
    fields([("capacity", resources(found["capacity"]))])
    return OK


def _usage_rows(group: Row) -> list[tuple[object, ...]]:
    return [
        (
            group["name"],
            "(all)" if user is group else user["name"],
            resources(user["held"]),
            resources(user["quota"]),
            user["running"],
            user["waiting"],
        )
        for user in (group, *group["users"])
    ]


def declare_catalog(parser: Parser) -> None:
    """Declare ``catalog``."""
    parser.description = "Show what a job may ask for: groups, instance types and images."
    examples(parser, "catalog", "catalog --json | jq '.images[].name'")
    parser.set_defaults(run=catalog)


def catalog(args: argparse.Namespace) -> int:
    """Carry ``catalog`` out."""
    with client() as service:
        found: Row = service.call("GET", "/jobsub/catalog")
    if args.json:
        json_line(found)
        return OK
    table(("GROUP", "QUOTA", "PER USER"), [_group(row) for row in found["groups"]])
    print()
    types = [(t["name"], resources(t), t["description"]) for t in found["instance_types"]]
    table(("INSTANCE TYPE", "RESOURCES", "DESCRIPTION"), types)
    print()
    images = [(i["name"], i["reference"], i["description"]) for i in found["images"]]
    table(("IMAGE", "REFERENCE", "DESCRIPTION"), images)
    print()
    fields([("user", found["user"]), ("engine", found["engine"]), *_defaults(found["defaults"])])
    for text in found["notes"]:
        print(f"note\t{clean(text)}" if not on_terminal() else f"\n{clean(text)}")
    return OK


def _defaults(found: Row) -> Iterator[tuple[str, object]]:
    for name, value in found.items():
        title, unit, _ = name.partition("_seconds")
        yield f"default {title.replace('_', ' ')}", seconds(value) if unit else value


def _group(row: Row) -> tuple[object, ...]:
    return row["name"], resources(row["quota"]) or "no limit", resources(row["user_quota"]) or "no limit"
