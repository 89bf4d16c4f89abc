"""Where a store, its socket and its logs are; standard library only."""

from __future__ import annotations

import ctypes
import hashlib
import os
import stat
from pathlib import Path

from .errors import StoreError

MAX_SOCKET_PATH = 106  # sun_path holds 108 bytes with its NUL; one less for other systems
# f_type of statfs(2), from linux/magic.h and the file systems' own headers
NETWORK_FILE_SYSTEMS = {
    0x6969: "NFS",
    0xFF534D42: "CIFS",
    0xFE534D42: "SMB",
    0x517B: "SMB",
    0x0BD00BD0: "Lustre",
    0x00C36400: "Ceph",
    0x47504653: "GPFS",
    0x19830326: "BeeGFS",
    0x01021997: "9p",
    0x5346414F: "AFS",
}


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


def network_file_system(path: Path) -> str | None:
    """Name the network file system that the path is on, or would be on; None if it is local."""
    there = path
    while not there.exists():
        there = there.parent
    buffer = (ctypes.c_long * 32)()  # struct statfs begins with f_type and is smaller than this
    if ctypes.CDLL(None, use_errno=True).statfs(os.fsencode(there), buffer):
        return None
    return NETWORK_FILE_SYSTEMS.get(buffer[0] & 0xFFFFFFFF)


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
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")
    return runtime / f"jobsub-{os.getuid()}" / f"{name}.sock"
