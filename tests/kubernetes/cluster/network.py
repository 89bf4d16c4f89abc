"""A bridge for the Pods; who makes it has its number, and with it a subnet and ports."""

from __future__ import annotations

import json
import socket
import subprocess
from typing import Any

from .commands import run

NUMBERS = range(100)
PORTS = 10  # for each cluster; below those that the machine gives to connections


def claim() -> int:
    """Make a bridge of the first free number."""
    taken = [address["local"] for link in _links() for address in link["addr_info"]]
    for number in NUMBERS:
        if any(address.startswith(prefix(number)) for address in taken) or not _free(number):
            continue
        done = subprocess.run(["ip", "link", "add", bridge(number), "type", "bridge"], capture_output=True)
        if done.returncode == 0:
            run("ip", "address", "add", f"{gateway(number)}/24", "dev", bridge(number))
            run("ip", "link", "set", bridge(number), "up")
            return number
    raise RuntimeError("no bridge could be made: try `ip link add jobsub0 type bridge` to see why")


def release(number: int) -> None:
    """Remove the bridge."""
    if any(link["ifname"] == bridge(number) for link in _links()):
        run("ip", "link", "delete", bridge(number))


def bridge(number: int) -> str:
    """The name of a cluster's bridge."""
    return f"jobsub{number}"


def prefix(number: int) -> str:
    """What its Pods' addresses begin with."""
    return f"10.213.{number}."


def gateway(number: int) -> str:
    """The node's address on the bridge."""
    return f"{prefix(number)}1"


def port(number: int, index: int) -> int:
    """One of a cluster's loopback ports."""
    return 20000 + number * PORTS + index


def _links() -> list[dict[str, Any]]:
    return [{"addr_info": [], **link} for link in json.loads(run("ip", "-json", "address") or "[]")]


def _free(number: int) -> bool:
    for index in range(PORTS):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port(number, index)))
            except OSError:
                return False
    return True
