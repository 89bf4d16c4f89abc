"""The parts that a cluster consists of."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import control, node
from .layout import Layout


@dataclass(frozen=True)
class Part:
    """A program that a cluster consists of."""

    name: str
    program: Callable[[Layout], Path]
    arguments: Callable[[Layout], list[str]]


def _debian(name: str) -> Callable[[Layout], Path]:
    """A program of the machine's."""

    def find(_: Layout) -> Path:
        found = shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        if not found:
            raise RuntimeError(f"the cluster needs {name}, which is missing: make test installs it, as root")
        return Path(found)

    return find


def _built(name: str) -> Callable[[Layout], Path]:
    """A name of the one program that is built."""
    return lambda at: at.programs / name


# in the order they start
PARTS = {
    part.name: part
    for part in (
        Part("etcd", _debian("etcd"), control.etcd),
        Part("containerd", _debian("containerd"), node.containerd),
        Part("kube-apiserver", _built("kube-apiserver"), control.apiserver),
        Part("kube-controller-manager", _built("kube-controller-manager"), control.controllers),
        Part("kube-scheduler", _built("kube-scheduler"), control.scheduler),
        Part("kubelet", _built("kubelet"), node.kubelet),
        Part("coredns", _built("coredns"), node.coredns),
    )
}
