"""Kubernetes as one program, built from Go modules alone and kept by version and source."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import tempfile
from pathlib import Path

from .commands import run
from .places import cache, locked, making

SOURCE = Path(__file__).parent / "source"
NAMES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
HOW = "install Go (on Debian and Ubuntu: apt-get install golang-go)"


def programs() -> Path:
    """The folder of the programs, built first if they are not there."""
    done = cache() / "programs" / _hash()
    with locked(cache() / "programs.lock"):
        if not done.exists():
            with making(done.parent) as folder:
                _build(folder)
                folder.rename(done)
    return done


def pause() -> Path:
    """The program that holds a Pod's namespaces open."""
    return programs() / "pause"


def _build(folder: Path) -> None:
    version = _required("k8s.io/kubernetes")
    major, minor = version.removeprefix("v").split(".")[:2]
    name = "k8s.io/component-base/version"
    facts = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    flags = " ".join(["-s -w", *(f"-X {name}.{key}={value}" for key, value in facts.items())])
    for output, package in (("pause", "./pause"), ("coredns", "./dns"), ("kubernetes", ".")):
        _go("build", "-trimpath", "-ldflags", flags, "-o", folder / output, package)
    for other in NAMES:
        (folder / other).symlink_to("kubernetes")


def _go(*arguments: str | Path) -> None:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"}
    run(_compiler(), *arguments, cwd=SOURCE, env=environment)


def _compiler() -> Path:
    """A Go that is new enough."""
    needed = _wanted()
    for found in _compilers():
        if _version(found) >= needed:
            return found
    return _fetched(needed)


def _compilers() -> list[Path]:
    known = [shutil.which("go"), "/usr/local/go/bin/go", "/usr/lib/go/bin/go"]
    return [Path(place) for place in known if place and Path(place).exists()]


def _version(go: Path) -> tuple[int, ...]:
    told = run(go, "env", "GOVERSION", env={**os.environ, "GOTOOLCHAIN": "local"})
    return tuple(map(int, re.findall(r"\d+", told)[:3]))


def _fetched(needed: tuple[int, ...]) -> Path:
    """The Go that comes as a Go module, fetched by one that is too old to build with, as Debian's is."""
    version = ".".join(map(str, needed))
    kept = cache() / f"go{version}"
    if not kept.exists():
        if not (found := _compilers()):
            raise RuntimeError(f"the test cluster is built from source: {HOW}")
        module = f"golang.org/toolchain@v0.0.1-go{version}.linux-{ARCHITECTURES[platform.machine()]}"
        with tempfile.TemporaryDirectory(dir=cache()) as folder:
            modules = {**os.environ, "GOMODCACHE": folder, "GOFLAGS": "-modcacherw"}
            run(found[0], "mod", "download", module, env=modules, cwd=folder)
            made = Path(folder) / module
            for program in (*made.glob("bin/*"), *made.glob("pkg/tool/*/*")):
                program.chmod(0o755)
            made.rename(kept)
    return kept / "bin" / "go"


def _wanted() -> tuple[int, ...]:
    found = re.search(r"^go (\S+)$", (SOURCE / "go.mod").read_text(), re.MULTILINE)
    assert found
    return tuple(map(int, found[1].split(".")))


def _required(module: str) -> str:
    """The version of a module that go.mod requires."""
    found = re.search(rf"^\s*{re.escape(module)} (v\S+)", (SOURCE / "go.mod").read_text(), re.MULTILINE)
    assert found
    return found[1]


def _hash() -> str:
    files = sorted(path for path in SOURCE.rglob("*") if path.is_file())
    digest = hashlib.sha256(platform.machine().encode())
    for path in files:
        digest.update(f"{path.relative_to(SOURCE)}\n".encode() + path.read_bytes())
    return f"{_required('k8s.io/kubernetes')}-{digest.hexdigest()[:16]}"
