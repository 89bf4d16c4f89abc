"""``usage`` and ``catalog``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from ..client.words import resources, seconds, size
from .common import client
from .errors import OK
from .output import clean, fields, json_line, table
from .parser import Parser, examples
from .terminal import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client.api import Row

UNITS = {"cpu": 1000, "memory": 2**30}  # of what people read, in what the service counts


def declare_usage(parser: Parser) -> None:
    """Declare ``usage``."""
    parser.description = (
        "Show what the machine and the quotas have, what is held of them, how many jobs run and wait,\n"
        "and what is kept of those that have ended. A quota that was lowered below what is held is\n"
        "over until enough has ended."
    )
    examples(parser, "usage", "usage --json | jq '.groups[].waiting'")
    parser.set_defaults(run=usage)


def usage(args: argparse.Namespace) -> int:
    """Carry ``usage`` out."""
    with client() as service:
        found: Row = service.call("GET", "/jobsub/usage")
    if args.json:
        json_line(found)
    else:
        show_usage(found)
    return OK


def show_usage(found: Row) -> None:
    """Print a row for the machine, or a cluster, each group, and each of its users."""
    kinds = _kinds(found)
    disk = found["disk"]
    whole = "(machine)" if found["capacity"] else "(all)"
    machine = {"name": whole, "held": found["held"], "quota": found["capacity"] or {}, **disk}
    rows = [_usage_row(machine, None, kinds)]
    for group in found["groups"]:
        rows += [_usage_row(group, user, kinds) for user in (None, *group["users"])]
    counts = ("RUNNING", "WAITING", "KEPT")
    table(("GROUP", "USER", "CPU", "MEMORY GiB", *kinds.values(), *counts), rows, right=counts)
    if terminal().for_people():
        print()
    fields([("free disk", f"{size(disk['free'])} of {size(disk['total'])}")])


def _kinds(found: Row) -> dict[str, str]:
    """The columns of GPUs: a type each, and their total if it counts for itself."""
    uses = [use for group in found["groups"] for use in (group, *group["users"])]
    quotas: list[Row] = [use["quota"] for use in uses] + [found["capacity"] or {"gpu": {}}]
    types = sorted({kind for amounts in (*quotas, found["held"]) for kind in amounts["gpu"]})
    total = len(types) > 1 or any(quota.get("gpus") is not None for quota in quotas)
    return ({"gpus": "GPU"} if total else {}) | {kind: kind for kind in types}


def _usage_row(group: Row, user: Row | None, kinds: dict[str, str]) -> tuple[object, ...]:
    use = user or group
    cells = [_use(use, name) for name in ("cpu", "memory", *kinds)]
    name = group["name"] if group.get("configured", True) else f"{group['name']} (not configured)"
    return (
        name,
        user and user["name"],
        *cells,
        use.get("running"),
        use.get("waiting"),
        size(use["kept_bytes"]),
    )


def _use(use: Row, name: str) -> str:
    """Write what is held of a resource, such as ``4/2 over``."""
    held, limit = _amount(use["held"], name) or 0, _amount(use["quota"], name)
    text = _shown(name, held) if limit is None else f"{_shown(name, held)}/{_shown(name, limit)}"
    return text + " over" * (limit is not None and held > limit)


def _amount(amounts: Row, name: str) -> int | None:
    gpu: dict[str, int] = amounts.get("gpu", {})
    if name == "gpus" and "gpus" not in amounts:  # of a machine, or held: the sum of its types
        return sum(gpu.values())
    found: int | None = amounts.get(name) if name in ("cpu", "memory", "gpus") else gpu.get(name)
    return found


def _shown(name: str, amount: int) -> str:
    return f"{round(amount / UNITS.get(name, 1), 2):.9g}"


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
        print(f"note\t{clean(text)}" if not terminal().for_people() else f"\n{clean(text)}")
    return OK


def _defaults(found: Row) -> Iterator[tuple[str, object]]:
    for name, value in found.items():
        title, unit, _ = name.partition("_seconds")
        yield f"default {title.replace('_', ' ')}", seconds(value) if unit else value


def _group(row: Row) -> tuple[object, ...]:
    return row["name"], resources(row["quota"]) or "no limit", resources(row["user_quota"]) or "no limit"
