"""What every live view does: it is shown, read from a stream, drawn by the painter, and closed."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping
from contextvars import Context
from secrets import token_hex
from threading import Condition, RLock, Thread
from typing import TYPE_CHECKING, Any, Protocol

from ipywidgets import HTML

from ..errors import JobsubError
from . import display, markup
from .look import Look, look
from .painter import painter

if TYPE_CHECKING:
    from ipywidgets import Box, Widget

    from ..client.job import Job

TICK = 1.0  # seconds between two drawings of what only gets older
TOLD_FOR = 10.0  # seconds that a refusal is shown
TOO_MANY_STREAMS = 429
FULL = "As many jobs are followed as you may follow at a time; this view goes on when one of them has ended."
TRY_AGAIN = 5.0  # seconds: views of other kernels, and terminals, end unseen
SAVE_EVERY = 10.0  # seconds between two savings of what changes all the time


_room = Condition()  # told when a view of this kernel ends


class Stream(Protocol):
    """What a view reads from; ``close`` ends it from another thread."""

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...

    def close(self) -> None: ...  # noqa: D102


class View(ABC):
    """A live view in cells of a notebook; where there are no widgets, text.

    Displaying it shows it; `close` ends it, and so does running its cell again. Jobs run on all the same.

    Attributes
    ----------
    widget:
        The widget itself, to be put into others; it is live from `start` to `close`.
    """

    widget: Box

    def __init__(self, widget: Box) -> None:
        self.widget = widget
        self.closed = False
        self._key = token_hex(4)
        self._lock = RLock()
        self._places: list[display.Place] = []
        self._stream: Stream | None = None
        self._problem = ""  # with the stream
        self._refusal, self._refused_at = "", 0.0  # of what was last asked for by a button
        self._said: Hashable = None
        self._saved_at = 0.0
        widget.children = (HTML(markup.live_style(self._key)), *widget.children)
        widget.add_class(f"jobsub-{self._key}-live")
        widget.comm.on_close(lambda _: self.close())  # by the frontend

    # what each kind says for itself, under the lock

    @abstractmethod
    def _open(self) -> Stream:
        """Begin to read."""

    def _complete(self, kind: str, value: Any) -> None:  # noqa: B027 (most need nothing)
        """Ask for what the stream does not tell; without the lock, since it takes time."""

    @abstractmethod
    def _take(self, kind: str, value: Any) -> None:
        """Learn what came over the stream."""

    @abstractmethod
    def _draw(self) -> float | None:
        """Set the widgets; give the seconds after which they differ by themselves, or None."""

    @abstractmethod
    def _saved(self) -> tuple[str, str, Hashable]:
        """Text and HTML for a saved notebook, and what is saved as soon as it changes."""

    # what all of them do

    def show(self) -> None:
        """Display it in the cell that runs, live; print it where there are no widgets."""
        with self._lock:
            text, saved, self._said = self._saved()
            if self.closed or not display.has_widgets():
                print(text)
                return
            self._draw()
            place = display.Place(self._key, self.widget)
            place.show(text, saved)
            self._places.append(place)
        display.remember(self)
        self.start()

    _ipython_display_ = show

    def start(self) -> None:
        """Make it live, if it is not."""
        with self._lock:
            if self._stream is None and not self.closed:
                self._read_from(self._open())

    def close(self) -> None:
        """End it: what was saved of it stays in its place."""
        self._close(settle=True)

    def leave(self, cell: str) -> None:
        """A cell's output is gone; the view too if it is shown nowhere else."""
        with self._lock:
            self._places = [place for place in self._places if place.cell != cell]
            if self._places:
                return
        self._close(settle=False)

    def paint(self) -> float | None:
        """Draw it, and save what is drawn now and then."""
        with self._lock:
            if self.closed:
                return None
            again = self._draw()
            text, saved, said = self._saved()
            due = self._saved_at + SAVE_EVERY - time.monotonic()
            if due <= 0 or said != self._said:
                self._said, self._saved_at = said, time.monotonic()
                for place in self._places:
                    place.save(text, saved)
            elif any(place.differs(text, saved) for place in self._places):
                again = due if again is None else min(again, due)
            return again

    def _read_from(self, stream: Stream) -> None:
        """Have another thread read from now on; the one before ends."""
        if self._stream is not None:
            self._stream.close()
        self._stream = stream
        # in a context of its own: what it sends belongs to no cell
        Thread(target=Context().run, args=(self._read, stream), name="jobsub-view", daemon=True).start()

    def _read(self, stream: Stream) -> None:
        try:
            for kind, value in stream:
                self._complete(kind, value)
                with self._lock:
                    if self.closed or stream is not self._stream:
                        return
                    self._problem = ""
                    self._take(kind, value)
                painter.ask(self)
        except JobsubError as error:
            full = getattr(error, "status", None) == TOO_MANY_STREAMS
            with self._lock:
                if stream is self._stream:
                    self._problem = FULL if full else in_words(error)
            painter.ask(self)
            if full:
                self._read_when_there_is_room(stream)
        finally:
            with _room:
                _room.notify_all()

    def _read_when_there_is_room(self, stream: Stream) -> None:
        """Try again when another view ends, or with it whatever else followed a job."""
        with _room:
            _room.wait(TRY_AGAIN)
        with self._lock:
            if stream is self._stream and not self.closed:
                self._read_from(self._open())

    def _lost(self, error: Exception) -> None:
        with self._lock:
            self._problem = f"The service does not answer; trying again. ({error})"
        painter.ask(self)

    def _refused(self, why: str) -> None:
        """Tell for a while why a button did nothing; "" if it did something."""
        self._refusal, self._refused_at = why, time.monotonic()

    def _note(self) -> str:
        """HTML of what is wrong now."""
        if time.monotonic() - self._refused_at >= TOLD_FOR:
            self._refusal = ""
        return markup.note(self._refusal) + markup.note(self._problem)

    def _tick(self, *ticks: float | None) -> float | None:
        """When to draw again, for each of the reasons there are."""
        told = TICK if self._refusal else None
        return min((tick for tick in (*ticks, told) if tick is not None), default=None)

    def _close(self, *, settle: bool) -> None:
        with self._lock:
            if self.closed:
                return
            if settle:
                text, saved, _ = self._saved()
                for place in self._places:
                    place.save(text, saved)
                    place.settle()
            self.closed = True
            self._places.clear()
            if self._stream is not None:
                self._stream.close()
            for widget in tree(self.widget):
                widget.close()
        painter.forget(self)
        display.forget(self)


class Seen:
    """A job's row, and since when it is known.

    The row is taken from the job itself, which learns from the view's stream and from whatever else the
    person does with it: so a view is never behind what a cell knows.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._row = job.row
        self._at = time.monotonic()

    def look(self) -> Look:
        """What to show now."""
        if self._row is not self._job.row:
            self._row, self._at = self._job.row, time.monotonic()
        return look(self._row, time.monotonic() - self._at)


def show(parts: Mapping[str, HTML], html: Mapping[str, str]) -> None:
    """Set the widgets of these names; those that show nothing take no room."""
    for name, text in html.items():
        parts[name].value = markup.block(text)
        parts[name].layout.display = None if text else "none"


def tree(widget: Widget) -> list[Widget]:
    """A widget with all that is in it, their layouts and styles too."""
    found = [widget]
    for child in getattr(widget, "children", ()):
        found += tree(child)
    return found + [value for name in ("layout", "style") if (value := getattr(widget, name, None))]


def in_words(error: JobsubError) -> str:
    """Say an error and its remedy in a line."""
    remedy = getattr(error, "remedy", "")
    said = str(error).rstrip(".") + "."
    return f"{said} To do: {remedy}." if remedy else said
