"""Images without a registry: root folders as tars that containerd takes in, kept."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

from .commands import run
from .layout import PAUSE
from .places import cache, locked, making
from .program import ARCHITECTURES, pause

JOB = "docker.io/jobsub/base:1"
SUITE = "bookworm"
PACKAGES = "procps,python3"
# what a notebook job's kernel and its runner need
NOTEBOOK = ("ipykernel>=6.25", "nbclient>=0.9", "nbformat>=5.9", "tqdm>=4.65")
PLATFORMS = ("manylinux_2_17", "manylinux2014", "manylinux_2_28", "manylinux_2_34")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UNUSED = ("usr/share/doc", "usr/share/locale", "usr/share/man", "var/cache/apt", "var/lib/apt/lists")


def tars() -> list[Path]:
    """The images' tars, made first if they are not there; only the last needs the programs."""
    parts = (SUITE, PACKAGES, *NOTEBOOK, *PLATFORMS, *UNUSED)
    job = _kept(JOB, _job_root, ["/bin/bash"], parts)
    return [job, _kept(PAUSE, _pause_root, ["/pause"], (pause().parent.name,))]


def _kept(name: str, fill: Callable[[Path], None], command: list[str], parts: tuple[str, ...]) -> Path:
    key = hashlib.sha256("\n".join((name, platform.machine(), *command, *parts)).encode()).hexdigest()[:16]
    done = cache() / "images" / f"{name.split('/')[-1].replace(':', '-')}-{key}.tar"
    with locked(cache() / "images.lock"):
        if not done.exists():
            with making(done.parent) as folder:
                root = folder / "root"
                root.mkdir()
                fill(root)
                _pack(name, root, command, folder / "image.tar")
                (folder / "image.tar").rename(done)
    return done


def _pause_root(root: Path) -> None:
    shutil.copy(pause(), root / "pause")


def _job_root(root: Path) -> None:
    # what it mounts ends with it
    bootstrap = ("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE)
    run("unshare", "--mount", *bootstrap, root)
    for name in UNUSED:
        shutil.rmtree(root / name, ignore_errors=True)
    packages = root / "usr/lib/python3/dist-packages"
    version = re.search(r"python3\.(\d+)", os.readlink(root / "usr/bin/python3"))
    assert version
    platforms = [f"--platform={name}_{platform.machine()}" for name in PLATFORMS]
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target", packages)
    run(*pip, f"--python-version=3.{version[1]}", "--only-binary=:all:", *platforms, *NOTEBOOK)


def _pack(name: str, root: Path, command: list[str], target: Path) -> None:
    """Make an image's tar of a root folder: one layer."""
    layer = target.with_name("layer.tar")
    with tarfile.open(layer, "w") as tar:
        tar.add(root, arcname=".")
    config = {
        "architecture": ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": {"Cmd": command, "Env": [f"PATH={PATH}"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_digest(layer)}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    for file, content in (("config.json", config), ("manifest.json", manifest)):
        target.with_name(file).write_text(json.dumps(content))
    with tarfile.open(target, "w") as tar:
        for file in ("manifest.json", "config.json", "layer.tar"):
            tar.add(target.with_name(file), arcname=file)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
