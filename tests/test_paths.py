"""Where things are put, and what is refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from jupyter_jobsub import paths
from jupyter_jobsub.errors import StoreError

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /home rw - nfs4 server:/home rw
31 30 0:27 / /home/ann/local\\040disk rw - xfs /dev/sdb rw
32 22 0:28 / /homely rw - tmpfs tmpfs rw
33 22 0:29 / /data rw - ext4 /dev/sdc rw
34 33 0:30 / /data rw - fuse.sshfs me@there:/ rw
"""


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/home/ann/.local/share", "nfs4"),
        ("/home", "nfs4"),
        ("/home/ann/local disk/x", None),
        ("/homely/x", None),
        ("/var/tmp", None),
        ("/data/x", "fuse.sshfs"),
    ],
)
def test_network_file_systems_are_found(tmp_path: Path, path: str, found: str | None) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert paths.network_file_system(Path(path), mounts) == found


def test_this_machines_own_mounts_can_be_read(tmp_path: Path) -> None:
    assert Path("/proc/self/mountinfo").exists()
    assert paths.network_file_system(tmp_path) is None


def test_a_home_on_the_network_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBSUB_DATA_DIR", "/home/ann/jobs")
    monkeypatch.setattr(paths, "network_file_system", lambda path: "nfs4")
    assert paths.data_dir() == Path(f"/var/tmp/jobsub-{os.getuid()}")


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JOBSUB_DATA_DIR", str(tmp_path / "a"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "b"))
    assert paths.data_dir() == tmp_path / "a"
    monkeypatch.delenv("JOBSUB_DATA_DIR")
    assert paths.data_dir() == tmp_path / "b" / "jobsub"


def test_folders_are_private(tmp_path: Path) -> None:
    folder = paths.private_folder(tmp_path / "x" / "y")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o755)
    assert stat.S_IMODE(paths.private_folder(folder).stat().st_mode) == 0o700


def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="set JOBSUB_DATA_DIR"):
        paths.private_folder(tmp_path / "file" / "x")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_somebody_elses_folder_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(StoreError, match="belongs to another user"):
        paths.private_folder(tmp_path)


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 120)
    address = paths.socket_path(long)
    assert len(os.fsencode(address)) <= paths.MAX_SOCKET_PATH
    assert address != paths.socket_path(long / "y")
    assert paths.socket_path(Path("/srv/j")) == Path("/srv/j/service.sock")
