"""A view of a job that is played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import pytest

from jupyter_jobsub.errors import Conflict, NotFound
from jupyter_jobsub.widget import base, job
from jupyter_jobsub.widget.job import JobView

from .rows import row


class Played:
    """A job that tells and does what the test says."""

    def __init__(self) -> None:
        self.row = row(kind="notebook")
        self.id = self.row["id"]
        self.news: Queue[tuple[str, Any] | Exception | None] = Queue()
        self.output = "/home/ada/jobs/out.ipynb"
        self.closed = False

    def watch(self, **_: Any) -> Played:
        return self

    def refresh(self) -> Played:
        return self

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        while (item := self.news.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item

    def close(self) -> None:
        self.closed = True
        self.news.put(None)

    def pause(self) -> None:
        raise Conflict("It has ended.", remedy="rerun it")


class Watched:
    """A view without a frontend, drawn when the test says so."""

    def __init__(self, drawn: Callable[[], None]) -> None:
        self.job = Played()
        self.view = JobView(self.job)  # type: ignore[arg-type]
        self.wait = drawn  # until the view wants to be drawn

    def tell(self, *news: tuple[str, Any] | Exception) -> None:
        for item in news:
            self.job.news.put(item)
            self.wait()

    @property
    def html(self) -> str:
        self.view.paint()
        return "".join(part.value for part in self.view._parts.values())


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    asked: Queue[None] = Queue()

    class Painter:
        """Says that it was asked."""

        def ask(self, view: object, delay: float = 0.0) -> None:
            asked.put(None)

        def forget(self, view: object) -> None:
            pass

    for module in (base, job):
        monkeypatch.setattr(module, "painter", Painter())
    one = Watched(lambda: asked.get(timeout=30))
    one.view.start()
    yield one
    one.view.close()
    assert one.job.closed


def test_log_and_attempts(watched: Watched) -> None:
    watched.tell(("log", b"first\n"), ("log", b"10%\r20%"))
    assert ">first\n20%</pre>" in watched.html
    watched.tell(("attempt", 2), ("log", b"second\n"))
    assert ">second</pre>" in watched.html


def test_the_output_is_asked_for_once_it_runs(watched: Watched) -> None:
    watched.tell(("job", row(kind="notebook", attempt=0)))
    assert "out.ipynb" not in watched.html
    watched.tell(("job", watched.job.row))
    assert "Output: /home/ada/jobs/out.ipynb" in watched.html


def test_what_was_refused_is_told_for_a_while(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.view._act("pause")
    watched.wait()
    watched.tell(("log", b"more\n"))
    assert "It has ended. To do: rerun it." in watched.html
    monkeypatch.setattr(base, "TOLD_FOR", 0.0)
    assert "It has ended" not in watched.html


def test_a_stream_that_fails_is_told_until_it_goes_on(watched: Watched) -> None:
    watched.view._lost(ConnectionError("it was cut"))
    watched.wait()
    assert "trying again. (it was cut)" in watched.html
    watched.tell(("job", watched.job.row))
    assert "trying again" not in watched.html
    watched.tell(NotFound("there is no such job"))
    assert "there is no such job" in watched.html


def test_nothing_is_drawn_after_the_end(watched: Watched) -> None:
    before = watched.html
    watched.view.close()
    watched.job.row = row(phase="Failed")
    assert watched.html == before
    assert watched.view.paint() is None


def test_what_is_saved_changes_at_once_with_the_phase_and_else_now_and_then(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[str] = []

    class Place:
        """Takes what is saved."""

        cell = None

        def save(self, text: str, html: str) -> None:
            saved.append(text)

        def differs(self, text: str, html: str) -> bool:
            return saved[-1:] != [text]

        def settle(self) -> None:
            pass

    watched.view._places.append(Place())  # type: ignore[arg-type]
    watched.view.paint()
    watched.job.row = row(progress={"fraction": 0.5, "text": "half"})
    later = watched.view.paint()
    assert later is not None
    assert 0 < later <= base.SAVE_EVERY
    watched.job.row = row(phase="Failed", exit_code=3)
    watched.view.paint()
    monkeypatch.setattr(base, "SAVE_EVERY", 0.0)
    watched.view.paint()
    assert [text.partition(",")[0].rpartition(" ")[2] for text in saved] == ["Running", "Failed", "Failed"]
