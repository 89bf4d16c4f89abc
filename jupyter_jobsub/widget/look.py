"""What is shown of a job: from its row and the time, in words and numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ..client.words import harmless, seconds, use

if TYPE_CHECKING:
    from ..client.api import Row

FINAL = ("Succeeded", "Failed", "Cancelled")
ACTIONS = ("cancel", "pause", "resume", "rerun")
NEARLY = 0.9
ICONS = {
    "Pending": "◷",
    "Preparing": "◔",
    "Running": "▶",
    "Paused": "‖",
    "Succeeded": "✓",
    "Failed": "✗",
    "Cancelled": "⊘",
    "Unknown": "?",
}


@dataclass(frozen=True)
class Look:
    """A job at a moment; every text is on one line and may be anybody's words."""

    id: str
    name: str
    phase: str
    reason: str  # empty where it says no more than the phase
    why: str  # what it waits for, how far it is in its own words, how it ended
    fraction: float | None
    time: str
    left: str
    usage: tuple[str, ...]
    notes: tuple[str, ...]
    final: bool

    @property
    def icon(self) -> str:
        """A sign of the phase; the word stands beside it."""
        return ICONS.get(self.phase, "?")

    @property
    def line(self) -> str:
        """All of it in a line of text."""
        phase = f"{self.phase} ({self.reason})" if self.reason else self.phase
        name = "" if self.name == self.id else f"{self.name}: "
        parts = (f"{self.id} {name}{phase}", self.percent, self.why, self.time, self.left, *self.usage)
        return ", ".join(part for part in parts if part)

    @property
    def percent(self) -> str:
        """How far it is, where that says more than the phase."""
        return "" if self.fraction is None or self.final else f"{self.fraction:.0%}"


def look(row: Row, age: float, now: datetime | None = None) -> Look:
    """Say what is to be shown of a job.

    Parameters
    ----------
    row:
        The job as the service last told it.
    age:
        Seconds since then.
    now:
        The time, for how long a job has waited.
    """
    progress = row.get("progress") or {}
    phase = row["phase"]
    return Look(
        id=row["id"],
        name=harmless(row.get("name") or row["id"]),
        phase=phase,
        reason="" if row["reason"] in (phase, *_PLAIN) else row["reason"],
        why=_why(row, progress),
        fraction=_fraction(phase, progress),
        time=_time(row, age, now or datetime.now(timezone.utc)),
        left=_left(phase, progress, age),
        usage=tuple(use(row)),
        notes=tuple(_notes(row)),
        final=phase in FINAL,
    )


def saved_look(row: Row, now: datetime | None = None) -> Look:
    """Say what is to be saved of a job: the same, in words that stay true."""
    since = "" if row["phase"] in FINAL else _since(row, now or datetime.now(timezone.utc))
    found = look(row, 0.0)
    return replace(found, time=since or found.time, left="")


def _since(row: Row, now: datetime) -> str:
    started = row["started_at"] if row["phase"] not in ("Pending", "Paused") else None
    at = datetime.fromisoformat((started or row["queued_at"]).replace("Z", "+00:00")).astimezone()
    seen = f"{now.astimezone():%Y-%m-%d %H:%M}"
    return f"{'started' if started else 'queued'} {at:%Y-%m-%d %H:%M}; seen so on {seen}"


_PLAIN = ("Started", "Completed", "Queued", "Error")  # the phase and the message say as much


def _why(row: Row, progress: Row) -> str:
    message = row.get("message") or ""
    if row.get("position") is not None:
        place = f"no. {row['position']} in {row['group']}" if row["group"] else f"no. {row['position']}"
        return harmless(f"{place}; {message}".rstrip("; "))
    said = "" if row["phase"] == "Succeeded" else progress.get("text") or ""
    code = "" if row.get("exit_code") in (None, 0) else f"exit code {row['exit_code']}"
    parts = [said, "" if code and code in message else code, message]
    return harmless("; ".join(part for part in parts if part))


def _fraction(phase: str, progress: Row) -> float | None:
    if phase == "Succeeded":
        return 1.0
    fraction: float | None = progress.get("fraction")
    return fraction if fraction is None else min(1.0, max(0.0, fraction))


def _time(row: Row, age: float, now: datetime) -> str:
    if row["phase"] in ("Pending", "Paused"):
        queued = datetime.fromisoformat(row["queued_at"].replace("Z", "+00:00"))
        return f"queued {seconds(max(0.0, (now - queued).total_seconds()))} ago"
    spent = row.get("duration_seconds")
    if spent is None:
        return ""
    return f"took {seconds(spent)}" if row["phase"] in FINAL else f"{seconds(spent + age)} so far"


def _left(phase: str, progress: Row, age: float) -> str:
    eta = progress.get("eta_seconds")
    if phase != "Running" or eta is None:
        return ""
    if eta - age >= 1:
        return f"about {seconds(eta - age)} left"
    return "nearly done" if progress["fraction"] >= NEARLY else ""  # else it has become slower


def _notes(row: Row) -> list[str]:
    notes = []
    if row["attempt"] > 1:
        notes.append(f"attempt {row['attempt']}")
    if row.get("rerun_of"):
        notes.append(f"rerun of {row['rerun_of']}")
    if row["log_expired"]:
        notes.append("its log is kept no more")
    return notes
