"""Says what went wrong in a round, from what can be seen from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .plan import AGAIN, PlannedJob

FINAL = ("Succeeded", "Failed", "Cancelled")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Fault:
    """One thing that must not be."""

    kind: Literal["lost", "twice", "wrong"]
    text: str


@dataclass
class Evidence:
    """What a round left behind.

    Parameters
    ----------
    accepted:
        Job id by planned name, for each submit that was answered.
    rows:
        Every job of the round that the list shows, submitted or not.
    marks:
        Names of the folders that the commands have made.
    logs:
        Whole downloaded logs by job id and attempt.
    artifacts:
        What was kept, by path, by job id and attempt.
    timelines:
        Phases by job id, oldest first.
    killed:
        Job ids and attempts whose supervisor was killed.
    deleted:
        Those whose Pod was deleted: they may end in any way, and what they wrote may be cut off.
    requeued:
        Those that did not start in time, and counted for nothing.
    held:
        What the usage says is still held or running, as text; "" if nothing.
    left:
        Command lines of processes of the round's jobs that are still there.
    """

    accepted: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)
    logs: dict[tuple[str, int], bytes] = field(default_factory=dict)
    artifacts: dict[tuple[str, int], dict[str, bytes]] = field(default_factory=dict)
    timelines: dict[str, list[str]] = field(default_factory=dict)
    killed: set[tuple[str, int]] = field(default_factory=set)
    deleted: set[tuple[str, int]] = field(default_factory=set)
    requeued: set[tuple[str, int]] = field(default_factory=set)
    held: str = ""
    left: list[str] = field(default_factory=list)


def judge(jobs: tuple[PlannedJob, ...], seen: Evidence) -> list[Fault]:
    """Find everything that is wrong with a round."""
    return list(_faults(jobs, seen))


def _faults(jobs: tuple[PlannedJob, ...], seen: Evidence) -> Iterator[Fault]:
    for mark in sorted(seen.marks):
        if AGAIN in mark:
            yield Fault("twice", f"{mark.split(AGAIN)[0]} was run again")
    if seen.held:
        yield Fault("wrong", f"still held: {seen.held}")
    for line in seen.left:
        yield Fault("wrong", f"a process was left over: {line}")
    for planned in jobs:
        yield from _of_job(planned, seen)


def _of_job(planned: PlannedJob, seen: Evidence) -> Iterator[Fault]:
    rows = [row for row in seen.rows if row["name"] == planned.name]
    accepted = seen.accepted.get(planned.name)
    if len(rows) > 1:
        yield Fault("twice", f"{planned.name} was stored {len(rows)} times")
    row = next((row for row in rows if row["id"] == accepted), None)
    if row is None:
        yield Fault("lost", f"{planned.name} ({accepted or 'never accepted'}) is not in the list")
    elif row["phase"] not in FINAL:
        yield Fault("lost", f"{_name(planned, row)} is still {row['phase']} ({row['reason']})")
    else:
        yield from _of_end(planned, row, seen)
        yield from _of_attempts(planned, row, seen)
        yield from _of_timeline(planned, row, seen)


def _of_end(planned: PlannedJob, row: Row, seen: Evidence) -> Iterator[Fault]:
    if planned.cancelled:
        # whose Pod was deleted had ended before somebody could cancel it
        if row["phase"] != "Cancelled" and (row["id"], row["attempt"]) not in seen.deleted:
            yield _wrong(planned, row, f"was cancelled and is {row['phase']} ({row['reason']})")
        return
    attempt, code = row["attempt"], row["exit_code"]
    if row["phase"] == "Cancelled":
        yield _wrong(planned, row, "is Cancelled and nobody asked for it")
    elif (row["id"], attempt) in seen.deleted:
        pass
    elif row["reason"] == "ExitUnknown":
        if (row["id"], attempt) not in seen.killed:
            yield _wrong(planned, row, "has an unknown exit code, and its supervisor was not killed")
    elif code != planned.code(attempt):
        yield _wrong(planned, row, f"has exit code {code}, not {planned.code(attempt)} ({row['reason']})")
    if (row["phase"] == "Succeeded") != (code == 0):
        yield _wrong(planned, row, f"is {row['phase']} with exit code {code}")
    counted = attempt - sum(id == row["id"] for id, _ in seen.requeued)
    if row["phase"] == "Failed" and counted != planned.retries + 1:
        yield _wrong(planned, row, f"Failed in attempt {attempt} with {planned.retries} retries")


def _of_attempts(planned: PlannedJob, row: Row, seen: Evidence) -> Iterator[Fault]:
    id, last = row["id"], row["attempt"]
    for attempt in range(1, last + 1):
        ran = f"{id}.{attempt}" in seen.marks
        # it may have been ended at any point, or before it ran
        undone = (id, attempt) in seen.deleted | seen.requeued
        cut = (planned.cancelled and attempt == last) or undone
        # killed between noting the start and letting the command go, a supervisor leaves it unknown
        unknown = attempt < last or row["reason"] == "ExitUnknown"
        unbegun = not ran and unknown and (id, attempt) in seen.killed
        if unbegun and seen.logs.get((id, attempt)):
            yield _wrong(planned, row, f"attempt {attempt} has a log and never ran")
        if not ran and not cut and not unbegun:
            yield Fault("lost", f"{_name(planned, row)}: attempt {attempt} has an end and never ran")
        spared = undone or (id, attempt) in seen.killed
        if attempt < last and planned.code(attempt) == 0 and not spared:
            yield _wrong(planned, row, f"was tried again after attempt {attempt} had succeeded")
        if ran or ((id, attempt) in seen.logs and not unbegun):
            yield from _of_log(planned, row, attempt, cut, seen)
        if ran:
            yield from _of_artifacts(planned, row, attempt, cut, seen)
    for mark in sorted(seen.marks):
        owner, _, attempt_text = mark.partition(".")
        if owner == id and AGAIN not in mark and int(attempt_text) > last:
            yield Fault(
                "twice", f"{_name(planned, row)}: attempt {attempt_text} ran, beyond the last, {last}"
            )


def _of_log(planned: PlannedJob, row: Row, attempt: int, cut: bool, seen: Evidence) -> Iterator[Fault]:
    found, whole = seen.logs.get((row["id"], attempt), b""), planned.log(attempt)
    if not (whole.startswith(found) if cut else found == whole):
        yield _wrong(planned, row, f"the log of attempt {attempt} has {len(found)} of {len(whole)} bytes")


def _of_artifacts(planned: PlannedJob, row: Row, attempt: int, cut: bool, seen: Evidence) -> Iterator[Fault]:
    found, whole = seen.artifacts.get((row["id"], attempt), {}), planned.kept(attempt)
    # what was being written when the job was cancelled may be there in part
    right = all(whole.get(path, b"").startswith(data) for path, data in found.items())
    if not right or (found != whole and not cut):
        yield _wrong(planned, row, f"of attempt {attempt} is kept {found}")


def _of_timeline(planned: PlannedJob, row: Row, seen: Evidence) -> Iterator[Fault]:
    phases = seen.timelines.get(row["id"], [])
    finals = [phase for phase in phases if phase in FINAL]
    if finals != [row["phase"]] or phases[-1] != row["phase"]:
        yield _wrong(planned, row, f"its timeline reads {' → '.join(phases)}")


def _wrong(planned: PlannedJob, row: Row, text: str) -> Fault:
    return Fault("wrong", f"{_name(planned, row)} {text}")


def _name(planned: PlannedJob, row: Row) -> str:
    return f"{planned.name} ({row['id']})"
