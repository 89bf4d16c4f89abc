from __future__ import annotations

import threading
from collections.abc import Callable

from jupyter_jobsub.widget.painter import Painter


class Picture:
    """Is drawn; says what happened when."""

    def __init__(self, again: Callable[[], float | None] = lambda: None) -> None:
        self.drawn = threading.Semaphore(0)
        self.again = again
        self.threads: set[threading.Thread] = set()

    def paint(self) -> float | None:
        self.threads.add(threading.current_thread())
        self.drawn.release()
        return self.again()

    def wait(self) -> None:
        assert self.drawn.acquire(timeout=30)


def test_the_thread_is_there_while_something_is_to_be_drawn() -> None:
    painter, picture = Painter(), Picture()
    for _ in range(3):
        painter.ask(picture)
        picture.wait()
        for thread in picture.threads:
            thread.join(30)
    assert not any(thread.is_alive() for thread in picture.threads)


def test_what_ages_is_drawn_again_until_it_is_forgotten() -> None:
    painter, picture = Painter(), Picture(lambda: 0.0)
    painter.ask(picture)
    for _ in range(3):
        picture.wait()
    picture.again = lambda: None
    painter.forget(picture)
    for thread in picture.threads:
        thread.join(30)
    assert len(picture.threads) == 1


def test_many_changes_are_one_drawing() -> None:
    painter, picture = Painter(), Picture()
    begun, go = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert go.wait(30)

    other = Picture(hold)
    painter.ask(other)
    assert begun.wait(30)
    for _ in range(100):
        painter.ask(picture)
    go.set()
    [thread] = other.threads
    thread.join(30)
    picture.wait()
    assert not picture.drawn.acquire(blocking=False)


def test_a_view_that_fails_stops_no_other() -> None:
    def fail() -> None:
        raise RuntimeError("it can't be drawn")

    painter, bad, good = Painter(), Picture(fail), Picture()
    painter.ask(bad)
    bad.wait()
    painter.ask(good)
    good.wait()


def test_it_draws_in_a_context_of_its_own() -> None:
    from contextvars import ContextVar

    cell: ContextVar[str] = ContextVar("cell", default="none")
    cell.set("this one")
    seen: list[str] = []
    painter, picture = Painter(), Picture(lambda: seen.append(cell.get()))
    painter.ask(picture)
    picture.wait()
    for thread in picture.threads:
        thread.join(30)
    assert seen == ["none"]
