"""What is known of a job, as attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .api import FINAL
from .words import harmless

if TYPE_CHECKING:
    from typing import Any

    from .api import Row


class JobRow:
    """A job as it was when it was last asked for.

    Attributes
    ----------
    row:
        All that the service said of it, as ``/jobsub/openapi.json`` describes a job.
    """

    def __init__(self, row: Row) -> None:
        self.row = row

    @property
    def id(self) -> str:
        """Its id, such as ``job-20260131-k7x2mp9w``."""
        return self._text("id")

    @property
    def name(self) -> str:
        """The name that people see."""
        return self._text("name")

    @property
    def user(self) -> str:
        """Who submitted it."""
        return self._text("user")

    @property
    def group(self) -> str:
        """The queue that it is in."""
        return self._text("group")

    @property
    def phase(self) -> str:
        """Pending, Preparing, Running, Paused, Unknown, Succeeded, Failed or Cancelled."""
        return self._text("phase")

    @property
    def final(self) -> bool:
        """Whether it has ended: Succeeded, Failed or Cancelled."""
        return self.phase in FINAL

    @property
    def reason(self) -> str:
        """Why it is in its phase, in one word, such as ``QuotaExceeded``."""
        return self._text("reason")

    @property
    def message(self) -> str:
        """The same in a sentence; of an ended job, its own last words."""
        return self._text("message")

    @property
    def position(self) -> int | None:
        """Its place in the queue while it waits, from 1."""
        found: int | None = self.row["position"]
        return found

    @property
    def exit_code(self) -> int | None:
        """The exit code it ended with; None before, and where none is known."""
        found: int | None = self.row["exit_code"]
        return found

    @property
    def attempt(self) -> int:
        """The number of its newest attempt; 0 before the first."""
        found: int = self.row["attempt"]
        return found

    @property
    def duration_seconds(self) -> float | None:
        """How long its newest attempt has run."""
        found: float | None = self.row["duration_seconds"]
        return found

    @property
    def progress(self) -> dict[str, Any] | None:
        """How far it is: ``fraction`` from 0 to 1, ``text``, and ``eta_seconds`` where it can be told."""
        found: dict[str, Any] | None = self.row["progress"]
        return found

    @property
    def usage(self) -> dict[str, Any] | None:
        """What it uses while it runs: ``cpu`` in thousandths of a core, ``memory`` in bytes, ``gpus``."""
        return self.row.get("usage")

    @property
    def kept_bytes(self) -> int | None:
        """What is kept of it after its end: log, metrics and artifacts; None before."""
        found: int | None = self.row["kept_bytes"]
        return found

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters that it was submitted with."""
        return self.row.get("parameters") or {}

    @property
    def sweep(self) -> str | None:
        """The id of the sweep that it belongs to."""
        return self.row.get("sweep")

    def _text(self, field: str) -> str:
        return str(self.row[field] or "")

    def __repr__(self) -> str:
        message = f": {harmless(self.message)}" if self.message else ""
        return f"<{type(self).__name__} {self.id} {self.name!r} {self.phase}{message}>"

    def __str__(self) -> str:
        return self.id  # what commands take: %jobsub logs {job}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)
