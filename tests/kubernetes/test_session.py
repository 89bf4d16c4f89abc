"""A run of the tests leaves nothing, however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kubernetes.cluster.api import wait
from tests.kubernetes.cluster.places import cache

MEMBER = """
import sys
from tests.kubernetes.cluster import session
with session.joined("test") as at:
    print(at, flush=True)
    sys.stdin.read()
"""

pytestmark = pytest.mark.usefixtures("root")


@contextmanager
def member() -> Iterator[subprocess.Popen[str]]:
    """A process of a run, until its input ends."""
    command = [sys.executable, "-c", MEMBER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().strip() == str(cache() / "runs" / "test")
        yield process


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_killed_leaves_nothing(how: signal.Signals) -> None:
    with member() as process:
        process.send_signal(how)
    wait("the keeper", lambda: not (cache() / "runs" / "test").exists())


def test_the_last_to_leave_ends_it() -> None:
    with member() as first, member() as second:
        assert first.stdin
        assert second.stdin
        second.stdin.close()
        assert first.poll() is None
        assert (cache() / "runs" / "test").exists()
        first.stdin.close()
        first.wait()
        second.wait()
        assert not (cache() / "runs" / "test").exists()
