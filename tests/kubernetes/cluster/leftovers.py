"""What a cluster leaves on a machine besides its processes, and how to be rid of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from . import network, processes
from .layout import Layout

CGROUPS = Path("/sys/fs/cgroup")
NETWORKS = Path("/var/lib/cni/results")  # where containerd's library remembers, wherever else its state is
LINKS = Path("/var/log/containers")  # the kubelet's, to the logs of its containers


def make_cgroup(at: Layout) -> None:
    """Make the group of all that runs in Pods, which the kubelet expects to be there."""
    for hierarchy in _hierarchies():
        (hierarchy / at.cgroup.strip("/")).mkdir(exist_ok=True)
    if (CGROUPS / "cgroup.controllers").exists():
        for folder in (CGROUPS, CGROUPS / at.cgroup.strip("/")):
            for name in (CGROUPS / "cgroup.controllers").read_text().split():
                with contextlib.suppress(OSError):
                    (folder / "cgroup.subtree_control").write_text(f"+{name}")


def end_containers(at: Layout) -> None:
    """Kill what runs in Pods, and have containerd forget it."""
    ctr = ["ctr", f"--address={at.containerd}", "--namespace=k8s.io"]
    tasks = subprocess.run([*ctr, "tasks", "list", "-q"], capture_output=True, text=True)
    for container in tasks.stdout.split():
        subprocess.run([*ctr, "tasks", "delete", "--force", container], capture_output=True)


def remove(at: Layout) -> None:
    """Remove all that is outside its folder, and what is mounted in it."""
    _end_shims(at)
    _end_group(at)
    _unmount(at.folder)
    for hierarchy in _hierarchies():
        _remove_groups(hierarchy / at.cgroup.strip("/"))
    network.release(at.number)
    for result in NETWORKS.glob(f"{network.bridge(at.number)}-*"):
        for file in NETWORKS.glob(f"*-{result.name.split('-')[1]}-*"):
            file.unlink(missing_ok=True)
    for link in LINKS.glob("*"):
        if link.is_symlink() and os.readlink(link).startswith(f"{at.folder}/"):
            link.unlink(missing_ok=True)
    for folder in (NETWORKS, NETWORKS.parent, LINKS):
        with contextlib.suppress(OSError):
            folder.rmdir()


def remove_folder(folder: Path) -> None:
    """Remove a cluster's folder, never what is mounted in it."""
    _unmount(folder)
    shutil.rmtree(folder)


def _end_shims(at: Layout) -> None:
    """End the processes between containerd and its containers."""
    mark = str(at.containerd).encode()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            arguments = (path / "cmdline").read_bytes().split(b"\0")
            if b"containerd-shim" in arguments[0] and mark in arguments:
                processes.Process.of(int(path.name)).end(signal.SIGKILL)


def _end_group(at: Layout) -> None:
    for hierarchy in _hierarchies():
        for path in (hierarchy / at.cgroup.strip("/")).rglob("cgroup.procs"):
            with contextlib.suppress(OSError):
                for pid in path.read_text().split():
                    processes.Process.of(int(pid)).end(signal.SIGKILL)


def _unmount(folder: Path) -> None:
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for path in reversed(mounted):
        if path.startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", path], capture_output=True)


def _remove_groups(top: Path) -> None:
    for folder, _, _ in os.walk(top, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def _hierarchies() -> Iterator[Path]:
    if (CGROUPS / "cgroup.controllers").exists():
        yield CGROUPS
        return
    for folder in CGROUPS.iterdir():
        if folder.is_dir() and not folder.is_symlink() and (folder / "cgroup.procs").exists():
            yield folder
