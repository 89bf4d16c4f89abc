"""What is kept of one job: counted, and removed as a whole."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from jupyter_jobsub.archive import Archive, ArtifactLimits
from jupyter_jobsub.archive.pieces import gap_path
from jupyter_jobsub.archive.trees import DEEPEST
from jupyter_jobsub.model.job import JobId, TaskKey

JOB, OTHER = JobId("job-1"), JobId("job-11")
LIMITS = ArtifactLimits(100, 10_000)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def keep(archive: Archive, job: JobId, attempt: int = 1, log: bytes = b"", **files: bytes) -> Path:
    archive.logs.prepare(TaskKey(job, attempt)).write_bytes(log)
    folder = archive.artifacts.folder(job, attempt)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def test_the_size_is_of_logs_and_artifacts_of_every_attempt(archive: Archive) -> None:
    keep(archive, JOB, 1, b"12345", a=b"1234", b=b"123")
    keep(archive, JOB, 2, b"1234567", c=b"12")
    keep(archive, OTHER, 1, b"12345678")
    for job, attempt in ((JOB, 1), (JOB, 2), (OTHER, 1)):
        archive.artifacts.seal(job, attempt, LIMITS)
    assert (archive.size(JOB), archive.size(OTHER)) == (5 + 7 + 7 + 2, 8)
    assert archive.size(JobId("job-2")) == 0


def test_what_was_dropped_counts_nowhere(archive: Archive) -> None:
    keep(archive, JOB, 1, b"1" * 1000, big=b"1" * 9_000, more=b"1" * 9_000)
    gap_path(archive.logs.path(TaskKey(JOB, 1))).write_text("100 900")
    archive.artifacts.seal(JOB, 1, LIMITS)
    assert archive.size(JOB) == 200 + 9_000


def test_removal_is_of_one_job_and_may_be_repeated(archive: Archive) -> None:
    keep(archive, JOB, 1, b"x", a=b"x")
    keep(archive, OTHER, 1, b"x", a=b"x")
    for _ in range(2):
        asyncio.run(archive.remove(JOB))
    assert [path.name for path in archive.root.iterdir()] == [OTHER]
    assert archive.logs.info(TaskKey(OTHER, 1))
    asyncio.run(archive.remove(OTHER))
    archive.root.rmdir()
    asyncio.run(archive.remove(OTHER))


def test_removal_follows_no_link_and_minds_no_mode(archive: Archive, tmp_path: Path) -> None:
    folder = keep(archive, JOB)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "data").write_text("mine")
    (folder / "link").symlink_to(precious)
    (folder / "locked" / "inner").mkdir(parents=True)
    (folder / "locked" / "inner" / "file").write_text("x")
    (folder / "locked" / "inner").chmod(0)
    (folder / "locked").chmod(0o500)
    folder.chmod(0)
    asyncio.run(archive.remove(JOB))
    assert not (archive.root / JOB).exists()
    assert (precious / "data").read_text() == "mine"


def test_no_tree_is_too_deep_to_be_removed(archive: Archive) -> None:
    fd = os.open(keep(archive, JOB), os.O_RDONLY)
    for depth in range(DEEPEST * 20):
        os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
        os.mkdir("d" * 20, dir_fd=fd)
        inner = os.open("d" * 20, os.O_RDONLY, dir_fd=fd)
        if depth == DEEPEST + 3:
            os.fchmod(fd, 0o500)
        os.close(fd)
        fd = inner
    os.close(fd)
    asyncio.run(archive.remove(JOB))
    assert list(archive.root.iterdir()) == []


def test_what_can_not_be_removed_is_an_error(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(archive, JOB)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "rmdir", refuse)
    with pytest.raises(PermissionError):
        asyncio.run(archive.remove(JOB))
