"""Where a cluster is, and what is its own: folders, ports, names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import network

NODE = "node"
PAUSE = "docker.io/jobsub/pause:1"
DOMAIN = "cluster.local"


@dataclass(frozen=True)
class Layout:
    """Where a cluster is: its folder, its number, and the folder of the programs it runs."""

    folder: Path
    number: int
    programs: Path
    kubelet: Mapping[str, Any] = field(default_factory=dict)  # over its configuration
    flags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # of the others, by their names

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def state(self) -> Path:
        """What the kubelet and containerd keep, and mount things in."""
        return self.folder / "state"

    @property
    def kubeconfig(self) -> Path:
        return self.keys / "admin.kubeconfig"

    @property
    def containerd(self) -> Path:
        """Its socket."""
        return self.folder / "containerd.sock"

    @property
    def cgroup(self) -> str:
        return f"/jobsub{self.number}"

    def port(self, part: str) -> int:
        """Where a part listens on loopback."""
        return network.port(self.number, PORTS.index(part))


PORTS = ["kube-apiserver", "etcd", "etcd-peer", "containerd-streams", "coredns-health"]
