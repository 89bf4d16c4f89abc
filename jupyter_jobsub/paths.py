"""Where a store, its socket and its logs are; standard library only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import StoreError

MAX_SOCKET_PATH = 106  # sun_path holds 108 bytes with its NUL; one less for other systems
# as the kernel names them in /proc/self/mountinfo
NETWORK_FILE_SYSTEMS = frozenset(
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "lustre",
        "ceph",
        "gpfs",
        "beegfs",
        "9p",
        "afs",
        "glusterfs",
        "fuse.glusterfs",
        "fuse.sshfs",
        "fuse.ceph",
        "fuse.s3fs",
        "fuse.gcsfuse",
        "fuse.juicefs",
        "virtiofs",
    ]
)


def wanted_data_dir() -> Path:
    """The folder that the environment asks for, whatever it lies on."""
    if own := os.environ.get("JOBSUB_DATA_DIR"):
        return Path(own).absolute()
    if jupyter := os.environ.get("JUPYTER_DATA_DIR"):
        return Path(jupyter).absolute() / "jobsub"
    return Path.home() / ".local" / "share" / "jupyter" / "jobsub"


def data_dir() -> Path:
    """The folder of the store: the wanted one, or a local one if that is on a network."""
    wanted = wanted_data_dir()
    if network_file_system(wanted):
        return Path("/var/tmp") / f"jobsub-{os.getuid()}"
    return wanted


def network_file_system(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str | None:
    """Name the network file system that the path is on, or would be on; None if it is local."""
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    real = os.path.realpath(path)
    best, kind = "", ""
    for line in lines:  # id parent device root mount-point options [tags] - type source options
        fields, _, rest = line.partition(" - ")
        point = fields.split(" ")[4].replace("\\040", " ")
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):  # of two on one point, the later one is on top
            best, kind = point, rest.split(" ")[0]
    return kind if kind in NETWORK_FILE_SYSTEMS else None


def private_folder(path: Path) -> Path:
    """Make the folder with mode 0700, or check that it is ours and closed to others.

    Raises
    ------
    StoreError
        If it belongs to somebody else or can't be made.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.stat()
        if status.st_uid != os.getuid():
            raise StoreError(
                f"{path} belongs to another user (uid {status.st_uid}); set JOBSUB_DATA_DIR to your own"
            )
        if stat.S_IMODE(status.st_mode) & 0o077:
            path.chmod(0o700)
    except OSError as error:
        raise StoreError(
            f"can't use {path}: {error.strerror}; set JOBSUB_DATA_DIR to a folder of yours"
        ) from error
    return path


def socket_path(folder: Path) -> Path:
    """The service's socket: in the folder, or in a short private one if the path is too long."""
    inside = folder / "service.sock"
    if len(os.fsencode(inside)) <= MAX_SOCKET_PATH:
        return inside
    import hashlib

    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")
    return runtime / f"jobsub-{os.getuid()}" / f"{name}.sock"
