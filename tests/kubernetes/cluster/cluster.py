"""A single-node cluster of this machine's: up, down, and its parts one by one."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import images, keys, leftovers, network, processes, program
from .access import Access
from .api import wait
from .commands import run
from .layout import Layout
from .parts import PARTS

KNOWN = "cluster.json"  # what a process needs to know of it
LONGEST = 67  # a socket's name may have 107, and the kubelet makes state/kubelet/pod-resources/kubelet.sock


class Cluster(Access):
    """A cluster in a folder; any process that knows the folder can stop and start its parts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder = folder.resolve()
        known = json.loads((folder / KNOWN).read_text())
        self.layout = Layout(folder, **{**known, "programs": Path(known["programs"])})
        super().__init__(self.layout.kubeconfig)

    @classmethod
    def at(cls, folder: Path) -> Cluster | None:
        """The cluster in a folder, if one is up there."""
        return cls(folder) if (folder / "ready").exists() else None

    @classmethod
    def up(
        cls,
        folder: Path,
        kubelet: Mapping[str, Any] | None = None,
        flags: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Cluster:
        """Bring one up in a new folder; what the kubelet's configuration and others' flags add is settable.

        It is ready when a Pod can run. When that fails nothing is left but its folder, with the logs.
        """
        folder = folder.resolve()
        if len(str(folder)) > LONGEST:
            raise RuntimeError(f"sockets can't be made in {folder}: its name may have {LONGEST} characters")
        programs, tars = program.programs(), images.tars()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = network.claim()
        known = {"number": number, "programs": str(programs), "kubelet": kubelet or {}, "flags": flags or {}}
        (folder / KNOWN).write_text(json.dumps(known))
        cluster = cls(folder)
        try:
            cluster._start(tars)
        except BaseException:
            cluster.end()
            raise
        return cluster

    def down(self) -> None:
        """End it, and leave nothing; one that is down already is left alone."""
        if self.folder.exists():
            self.end()
            leftovers.remove_folder(self.folder)

    def end(self) -> None:
        """End it; its folder stays, with the logs."""
        (self.folder / "ready").unlink(missing_ok=True)
        for name in reversed(PARTS):
            if name != "containerd":
                self.stop(name, signal.SIGKILL)
        if self.running("containerd"):
            leftovers.end_containers(self.layout)
        self.stop("containerd")
        leftovers.remove(self.layout)

    def start(self, name: str) -> None:
        """Start a part; one that runs is left alone."""
        if self.running(name):
            return
        part = PARTS[name]
        flags = [f"--{flag}={value}" for flag, value in self.layout.flags.get(name, {}).items()]
        arguments = [*part.arguments(self.layout), *flags]
        log = self.folder / "logs" / f"{name}.log"
        path = {"PATH": os.environ["PATH"]}  # and nothing of whoever happens to start it
        processes.start(part.program(self.layout), arguments, log, path).write(self._pid(name))

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop a part; SIGKILL is how a crash does it."""
        if process := processes.Process.read(self._pid(name)):
            process.end(how)

    def running(self, name: str) -> bool:
        """Whether a part runs."""
        return processes.Process.read(self._pid(name)) is not None

    def configure(self, kubelet: Mapping[str, Any]) -> None:
        """Change the kubelet's configuration; it starts anew, and its containers run on."""
        known = json.loads((self.folder / KNOWN).read_text())
        known["kubelet"] = {**known["kubelet"], **kubelet}
        (self.folder / KNOWN).write_text(json.dumps(known))
        self.layout = replace(self.layout, kubelet=known["kubelet"])
        self.stop("kubelet")
        self.start("kubelet")

    def wait_ready(self) -> None:
        """Wait until the API server answers and the node takes Pods."""
        self._await("kube-apiserver", self.api.ready)
        self._await("kubelet", self._node_ready)

    def _start(self, tars: list[Path]) -> None:
        at = self.layout
        for folder in (self.folder / "logs", self.folder / "pids", at.state):
            folder.mkdir(exist_ok=True, mode=0o700)
        (self.folder / "resolv.conf").touch()
        keys.make(at.keys, at.port("kube-apiserver"))
        leftovers.make_cgroup(at)
        self.start("etcd")
        self.start("containerd")
        self.start("kube-apiserver")
        self._await("containerd", at.containerd.exists)
        for tar in tars:
            run("ctr", f"--address={at.containerd}", "-n", "k8s.io", "images", "import", tar)
        self._await("kube-apiserver", self.api.ready)
        for name in PARTS:
            self.start(name)
        self.wait_ready()
        wait("the default service account", self._account)
        (self.folder / "ready").touch()

    def _await(self, name: str, condition: Callable[[], object]) -> None:
        def reached() -> bool:
            if condition():
                return True
            if not self.running(name):
                raise RuntimeError(f"{name} ended")
            return False

        try:
            wait(name, reached)
        except RuntimeError as error:
            raise RuntimeError(f"{error}: {self._log(name)}") from None

    def _node_ready(self) -> bool:
        nodes = self.api.call("GET", "/api/v1/nodes")["items"]
        conditions = [condition for node in nodes for condition in node["status"].get("conditions", [])]
        taints = [taint for node in nodes for taint in node["spec"].get("taints", [])]
        ready = [condition["status"] for condition in conditions if condition["type"] == "Ready"]
        return ready == ["True"] and not taints

    def _account(self) -> bool:
        accounts = self.api.call("GET", "/api/v1/namespaces/default/serviceaccounts")["items"]
        return any(account["metadata"]["name"] == "default" for account in accounts)

    def _pid(self, name: str) -> Path:
        return self.folder / "pids" / name

    def _log(self, name: str) -> str:
        path = self.folder / "logs" / f"{name}.log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return f"the end of {path}:\n" + "\n".join(lines[-15:])
