"""A log is followed whole, or says where lines may be missing, whatever the node and the way to it do."""

from __future__ import annotations

import asyncio
import errno
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_jobsub.archive import LogArchive
from jupyter_jobsub.engines.kubernetes import follower as following
from jupyter_jobsub.engines.kubernetes.entry import BEGINNING
from jupyter_jobsub.engines.kubernetes.errors import Refused
from jupyter_jobsub.engines.kubernetes.follower import Follower
from jupyter_jobsub.engines.kubernetes.logfile import MARK
from jupyter_jobsub.engines.kubernetes.overlap import TELLING, ends_alike, ends_amid
from jupyter_jobsub.model.job import JobId, TaskKey

from . import kubelet
from .kubelet import AWAY, BEGIN, GONE, SECOND, Kubelet, stamp

KEY = TaskKey(JobId("job-1"), 1)


@pytest.fixture(autouse=True, scope="module")
def impatient() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SHORTEST_PAUSE", "LONGEST_PAUSE", "SYNC"):
            patch.setattr(following, name, 0.0005)
        patch.setattr(following, "LAST_WORDS", 0.02)
        yield


class Service:
    """Who follows, and is killed and started again."""

    def __init__(self, node: Kubelet, folder: Path, limit: int = 0) -> None:
        self.node = node
        self.archive = LogArchive(folder)
        self.path = self.archive.prepare(KEY, stamped=True)
        self._limit = limit
        self.start()

    def start(self) -> None:
        self.follower = Follower(self.node, "x", self.path, self._limit)
        self.follower.start()

    async def kill(self, torn: int = 0) -> None:
        """End as kill -9 does; of what was written last, the end may be lost with the machine."""
        await self.follower.close()
        data = self.path.read_bytes()
        least = data.rfind(MARK) + len(MARK) if MARK in data else 0
        os.truncate(self.path, max(least, len(data) - torn))
        self.start()

    async def finish(self) -> tuple[bytes, bool]:
        self.node.ended = True
        await self.node.tell()
        gap = await self.follower.finish()
        await self.follower.close()
        self.archive.seal(KEY)
        self.archive.close()
        return self.text(), gap

    def text(self) -> bytes:
        return self.archive.read(KEY, 0, 2**30).data


def run(scenario: Callable[[Service], Awaitable[None]], **options: int) -> None:
    async def whole() -> None:
        with tempfile.TemporaryDirectory() as folder:
            service = Service(Kubelet(), Path(folder), **options)
            await scenario(service)

    asyncio.run(asyncio.wait_for(whole(), 60))


lines = st.lists(
    st.sampled_from(
        [
            b"a\n",
            b"b\n",
            b"\n",
            b"long line of text\n",
            b"2026-11-21T17:53:16.123456789Z \n",
            b"torn",
            b"\xff",
        ]
    ),
    min_size=1,
    max_size=5,
).map(b"".join)
writes = st.tuples(st.just("write"), lines, st.sampled_from([0, 1, 700_000_000, 3 * SECOND]))
events = st.sampled_from([("cut",), ("kill", 0), ("kill", 1), ("kill", 40), ("away",), ("back",)])
rotations = st.just(("rotate",))
pieces = st.sampled_from([1, 7, 33, 1000])


async def happen(service: Service, events: list[tuple]) -> tuple[bytes, bool]:
    node = service.node
    for name, *values in events:
        match name:
            case "write":
                node.write(*values)
            case "cut":
                node.cut()
            case "kill":
                await service.kill(*values)
            case "rotate":
                node.rotate()
            case "away":
                node.failure = AWAY
            case "back":
                node.failure = None
        await node.tell()
    node.failure = None
    return await service.finish()


@settings(deadline=None, max_examples=60)
@given(st.lists(writes | events, max_size=12), pieces)
@example([("write", b"a\n" * 4, 0), ("cut",), ("write", b"a\n" * 4, 0), ("kill", 40)], 7)
def test_it_is_what_was_written_as_long_as_the_node_has_it(history: list[tuple], piece: int) -> None:
    async def scenario(service: Service) -> None:
        service.node.piece = piece
        assert await happen(service, history) == (service.node.text, False)
        assert service.node.streams == 0

    run(scenario)


@settings(deadline=None, max_examples=60)
@given(st.lists(writes | events | rotations, max_size=16), pieces)
@example([("write", b"a\n" * 4 + b"torn", 0), ("rotate",), ("kill", 1)], 1000)
@example([("away",), ("write", b"a\n", 0), ("rotate",), ("write", b"a\n", 0), ("back",)], 33)
@example([("away",), ("write", b"a\n", 0), ("rotate",)], 33)
def test_what_is_missing_is_marked_where_it_is_missing(history: list[tuple], piece: int) -> None:
    numbered = [numbering(place, *event) for place, event in enumerate(history)]

    async def scenario(service: Service) -> None:
        service.node.piece = piece
        text, gap = await happen(service, numbered)
        assert_marked(text, service.node.text)
        assert gap == (MARK in text)
        assert ("rotate",) in numbered or not gap

    run(scenario)


def numbering(place: int, name: str, *values) -> tuple:
    """Make the lines of what is written differ, so that each is found in one place alone."""
    if name != "write":
        return (name, *values)
    text, step = values
    return name, b"".join(b"%d %d\n" % (place, n) for n in range(len(text) % 4 + 1)), step + 1


def assert_marked(text: bytes, written: bytes) -> None:
    """Assert that nothing is missing but where there is a mark, which ends a line that is torn there."""
    at = 0
    for part in text.split(MARK):
        found = part if part in written[at:] else part.removesuffix(b"\n")
        assert found in written[at:], (text, written)
        at = written.index(found, at) + len(found)
    assert at == len(written) or text.endswith(MARK)


def test_an_api_server_that_knows_of_no_rights_yet_is_asked_again() -> None:
    async def scenario(service: Service) -> None:
        node = service.node
        node.write(b"a\n")
        node.failure = Refused(403, "Forbidden", 'User "x" cannot get resource "pods/log"')
        asyncio.get_running_loop().call_later(0.05, lambda: setattr(node, "failure", None))
        assert await service.finish() == (b"a\n", False)

    run(scenario)


async def stored(service: Service, text: bytes) -> None:
    """Wait until just this is stored."""
    while service.text() != text:
        await service.node.tell()


def test_files_that_a_kubelet_leaves_out_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "GROWTH", 1)

    async def scenario(service: Service) -> None:
        node = service.node
        node.lossy, node.slow, node.piece = True, True, 1
        node.write(b"first\n" * 100)
        while not service.text():
            await node.tell()
        for lines in (b"never\n", b"third\n"):
            node.rotate()
            node.now += 5 * SECOND
            node.write(lines * 3)
            while service.follower._rotations._newest != stamp(node.files[-1][0].at):
                if service.follower._heard.is_set():  # it looks first, however slow the disk
                    await asyncio.sleep(0.001)
                else:
                    await node.tell()
        node.slow = False
        text, gap = await service.finish()
        assert gap
        assert text.replace(MARK, b"") == b"first\n" * 100 + b"third\n" * 3

    run(scenario)


@pytest.mark.parametrize("rotated", [False, True])
def test_a_stream_that_hears_nothing_is_left(rotated: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SILENCE", 0.01)

    async def scenario(service: Service) -> None:
        node = service.node
        node.write(b"one\n")
        await stored(service, b"one\n")
        node.stuck = True
        await node.tell()
        if rotated:
            node.rotate()
        node.write(b"two\n", 5 * SECOND)
        await node.tell()
        node.stuck = False
        await stored(service, b"one\n" + MARK * rotated + b"two\n")
        assert node.streams == 1

    run(scenario)


def test_one_that_is_silent_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SILENCE", 0.001)

    async def scenario(service: Service) -> None:
        service.node.write(b"one\n")
        await stored(service, b"one\n")
        asked = []
        real = Kubelet.log
        monkeypatch.setattr(Kubelet, "log", lambda *a, **given: asked.append(given) or real(*a, **given))
        while len(asked) < 3:
            await service.node.tell()
        assert all(given["lines"] == 2 for given in asked)

    run(scenario)


BAR = b"\r".join(b"%5d/1000" % n for n in range(1000))  # of a progress bar: one line


@pytest.fixture
def whole_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubelet, "LONGEST", 2 * TELLING)


async def draw(service: Service, begin: int, end: int) -> None:
    """Go on with a line, and wait until that is stored."""
    for at in range(begin, end, 500):
        service.node.line(BAR[at : min(at + 500, end)], SECOND // 10)
    await stored(service, BAR[:end])


@pytest.mark.usefixtures("whole_pieces")
@pytest.mark.parametrize("rotated", [False, True])
def test_a_line_without_an_end_is_not_read_again_when_it_is_silent(
    rotated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SILENCE", 0.05)

    async def scenario(service: Service) -> None:
        await draw(service, 0, 3000)
        if rotated:
            service.node.rotate()
        await draw(service, 3000, 6000)
        asked = []
        real = Kubelet.log
        monkeypatch.setattr(Kubelet, "log", lambda *a, **given: asked.append(given) or real(*a, **given))
        while [given.get("lines") for given in asked[-3:]] != [2, 2, 2]:
            await service.node.tell()

    run(scenario)


@pytest.mark.usefixtures("whole_pieces")
@pytest.mark.parametrize("more", [b"", b"\n", b"\nmore\n"])
@pytest.mark.parametrize("piece", [1, 33, 1000])
def test_one_that_a_file_of_the_node_begins_amid_goes_on_where_it_was(more: bytes, piece: int) -> None:
    async def scenario(service: Service) -> None:
        node = service.node
        await draw(service, 0, 3000)
        node.rotate()
        await draw(service, 3000, 4000)
        node.piece = piece
        node.cut()
        await node.tell()
        node.line(BAR[4000:5000] + more, SECOND)
        node.cut()
        await node.tell()
        assert await service.finish() == (BAR[:5000] + more, False)

    run(scenario)


@pytest.mark.usefixtures("whole_pieces")
@pytest.mark.parametrize("next_file", [b"." * 1000, BAR[3500:4500], BAR[3000:3050] + b"\n"])
def test_one_whose_place_is_not_certain_has_a_mark(next_file: bytes) -> None:
    async def scenario(service: Service) -> None:
        node = service.node
        dots = b"." * 1000
        node.line(dots, SECOND)
        await stored(service, dots)
        node.rotate()
        node.failure = AWAY
        node.cut()
        await node.tell()
        node.line(next_file, 5 * SECOND)
        node.failure = None
        assert await service.finish() == (dots + b"\n" + MARK + next_file, True)

    run(scenario)


def test_what_a_node_says_of_itself_is_not_the_jobs() -> None:
    async def scenario(service: Service) -> None:
        service.node.farewell = b"rpc error: code = NotFound desc = an error occurred"
        service.node.write(b"one\n")
        assert await service.finish() == (b"one\n", False)

    run(scenario)


def test_one_that_is_gone_has_a_mark_unless_it_was_read_to_its_end() -> None:
    async def scenario(service: Service) -> None:
        service.node.write(b"one\n")
        service.node.ended = True
        await stored(service, b"one\n")
        while not service.follower._whole:
            await service.node.tell()
        service.node.failure = GONE
        assert await service.finish() == (b"one\n", False)

    async def cut(service: Service) -> None:
        service.node.write(b"one\n")
        await stored(service, b"one\n")
        service.node.cut()
        service.node.failure = GONE
        assert await service.finish() == (b"one\n" + MARK, True)

    run(scenario)
    run(cut)


def test_a_full_disk_costs_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(service: Service) -> None:
        full = [True]

        def write(fd: int, data: bytes, real=os.write) -> int:
            if full[0] and data.startswith(stamp(BEGIN)[:20]):
                real(fd, data[:40])
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(fd, data)

        monkeypatch.setattr(os, "write", write)
        service.node.write(b"one\ntwo\nthree\n")
        while "No space left" not in caplog.text:
            await service.node.tell()
        full[0] = False
        assert await service.finish() == (b"one\ntwo\nthree\n", False)

    run(scenario)


def test_closing_twice_closes_nobody_elses_file(tmp_path: Path) -> None:
    async def scenario(service: Service) -> None:
        await service.follower.close()
        others = os.open(tmp_path, os.O_RDONLY)
        await service.follower.close()
        os.close(others)

    run(scenario)


def test_a_sealed_log_stays_as_it_is() -> None:
    async def scenario(service: Service) -> None:
        service.node.write(b"one\n")
        await service.finish()
        service.node.write(b"two\n")
        service.start()
        assert await service.finish() == (b"one\n", False)

    run(scenario)


def test_what_is_too_much_goes_from_the_middle() -> None:
    async def scenario(service: Service) -> None:
        written = b"".join(b"%05d\n" % n for n in range(3000))
        service.node.write(written)
        text, gap = await service.finish()
        first, last = text.split(b"[jobsub: ")
        assert written.startswith(first)
        assert written.endswith(last.partition(b"\n")[2])
        assert not gap

    run(scenario, limit=20_000)


S = stamp(BEGIN)


@pytest.mark.parametrize(
    ("stored", "lines", "alike"),
    [
        (b"", S + BEGINNING, True),
        (S + b"a\n", stamp(BEGIN - 1) + BEGINNING + S + b"a\n", True),
        (S + b"a\n", S + BEGINNING, False),
        (b"", b"", False),  # what there was is gone
        (S + b"a\n", S + b"a\n", True),
        (S + b"b\n", stamp(BEGIN - 1) + b"a\n" + S + b"b\n", True),
        (S + b"a\n", S + b"a\n" + S + b"a\n", False),  # it can't be told how many of them are stored
        (S + b"a\n", S + b"a\n" + stamp(BEGIN + 1) + b"a\n", False),
        (S + b"torn", S + b"torn and more\n", False),
        (S + b"a\n", b"", False),  # a new file
    ],
)
def test_whether_the_node_ends_as_what_is_stored(stored: bytes, lines: bytes, alike: bool) -> None:
    assert ends_alike(b"\n" + stored, lines) is alike


LONG = BAR[:1000]


@pytest.mark.parametrize(
    ("stored", "lines", "amid"),
    [
        (S + LONG + BAR[1000:1300], stamp(BEGIN + 1) + BAR[1000:1300], True),
        (S + LONG + b"\n", stamp(BEGIN + 1) + LONG[500:] + b"\n", True),
        (S + LONG, stamp(BEGIN + 1) + BAR[1000:1300], False),
        (S + LONG, stamp(BEGIN + 1) + LONG, False),  # a line of its own, though it is the same
        (S + LONG + b"a\n", stamp(BEGIN + 1) + b"a\n", False),  # it may as well be another line
        (S + LONG, b"", False),
    ],
)
def test_whether_the_node_ends_amid_what_is_stored(stored: bytes, lines: bytes, amid: bool) -> None:
    assert ends_amid(b"\n" + stored, lines) is amid
