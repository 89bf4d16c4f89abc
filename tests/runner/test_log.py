from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_jobsub.runner import log


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A disk that is full while there is anything in this list."""
    state: list[bool] = []
    write = os.write

    def instead(fd: int, data: bytes) -> int:
        if state:
            raise OSError(28, "No space left on device")
        return write(fd, data[:3])

    monkeypatch.setattr(os, "write", instead)
    return state


def test_what_there_is_no_room_for_comes_with_what_follows(tmp_path: Path, full: list[bool]) -> None:
    with (tmp_path / "log").open("wb") as target:
        file = log.PatientFile(target.fileno())
        assert file.write(b"first ") == 6
        full.append(True)
        assert file.write(b"second ") == 7
        assert (tmp_path / "log").read_bytes() == b"first "
        full.clear()
        file.write(b"third")
    assert (tmp_path / "log").read_bytes() == b"first second third"


def test_no_more_is_kept_than_memory_bears_and_the_gap_is_marked(
    tmp_path: Path, full: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MOST", 10)
    with (tmp_path / "log").open("wb") as target:
        file = log.PatientFile(target.fileno())
        full.append(True)
        for _ in range(5):
            file.write(b"0123456789")
        full.clear()
        file.settle()
        file.write(b"on")
    assert (tmp_path / "log").read_bytes() == b"0123456789" + log.DROPPED + b"on"
