"""Bring a cluster up for development, and down: `python -m tests.kubernetes.cluster --help`."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import images, program, session
from .cluster import Cluster
from .parts import PARTS
from .places import development


def up(chosen: Namespace) -> None:
    """Bring a cluster up, and say how to use it."""
    cluster = Cluster.at(chosen.folder)
    if not (cluster and all(map(cluster.running, PARTS))):
        if (chosen.folder / "cluster.json").exists():
            Cluster(chosen.folder).down()  # a restart of the machine ended it
        cluster = Cluster.up(chosen.folder)
    cluster.set_gpus(chosen.gpus)
    print(f"export KUBECONFIG={cluster.kubeconfig}")


def down(chosen: Namespace) -> None:
    """End the cluster, and leave nothing."""
    if not (chosen.folder / "cluster.json").exists():
        sys.exit(f"no cluster is in {chosen.folder}")
    Cluster(chosen.folder).down()


def status(chosen: Namespace) -> None:
    """Say which of its parts run."""
    if not (cluster := Cluster.at(chosen.folder)):
        sys.exit(f"no cluster is up in {chosen.folder}")
    for part in PARTS:
        print(f"{part:24} {'runs' if cluster.running(part) else 'has ended'}")
    print(f"export KUBECONFIG={cluster.kubeconfig}")


def build(chosen: Namespace) -> None:
    """Build Kubernetes and make the images, without a cluster and giving way to what else runs."""
    os.nice(10)
    with ThreadPoolExecutor() as pool:
        programs, tars = pool.submit(program.programs), pool.submit(images.tars)
        for path in (programs.result(), *tars.result()):
            print(path)


def keep(chosen: Namespace) -> None:
    """Look after the cluster of a run of the tests (for the tests)."""
    session.keep(chosen.folder)


COMMANDS: dict[str, Callable[[Namespace], None]] = {
    command.__name__: command for command in (up, down, status, build, keep)
}


def main() -> None:
    """Do what the arguments say."""
    parser = ArgumentParser(prog="python -m tests.kubernetes.cluster", description=__doc__)
    helps = "; ".join(f"{name}: {command.__doc__}" for name, command in COMMANDS.items())
    parser.add_argument("command", choices=COMMANDS, nargs="?", default="up", help=helps)
    parser.add_argument("folder", type=Path, nargs="?", default=development())
    parser.add_argument("--gpus", type=int, default=session.GPUS, help="how many the node says that it has")
    chosen = parser.parse_args()
    if os.getuid():
        sys.exit(session.HOW)
    try:
        COMMANDS[chosen.command](chosen)
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
