"""What one round does, all of it chosen beforehand from a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Victim = Literal["service", "supervisor", "jupyter"]

JOBS = 30
ARTIFACTS = 2  # that are kept of an attempt
AGAIN = ".again."  # in the name of a mark that a second run of an attempt leaves
RAN_TWICE = 99

# One folder an attempt, made atomically: a second run of it can't but be seen.
# A line that the disk has no room for is said again.
_SCRIPT = """\
trap '' XFSZ
mark="$MARKS/$JOBSUB_JOB_ID.$JOBSUB_ATTEMPT"
if ! mkdir "$mark"; then mkdir "$mark{again}$$"; exit {ran_twice}; fi
keep() {{ echo "{name} $JOBSUB_ATTEMPT kept $1" 2>/dev/null >"$JOBSUB_ARTIFACTS/$1"; }}
for file in 1 2 3; do until keep $file; do sleep 0.1; done; done
say() {{ i=$1; while [ $i -lt $2 ]; do line $i; i=$((i+1)); done; }}
line() {{ until echo "{name} $JOBSUB_ATTEMPT line $1" 2>/dev/null; do sleep 0.1; done; }}
say 0 {half}
sleep {seconds}
say {half} {lines}
case $JOBSUB_ATTEMPT in {cases} esac
"""


@dataclass(frozen=True)
class PlannedJob:
    """A job whose every attempt's exit code and log are known before it is submitted.

    Parameters
    ----------
    surface:
        The client that submits it: "cli", or one of the round's.
    codes:
        Exit code by attempt; attempts beyond them have the last one.
    cancelled:
        It sleeps far longer than a round takes, and is cancelled after ``cancel_after`` seconds.
    more:
        Fields of its specification.
    """

    name: str
    surface: str
    codes: tuple[int, ...] = (0,)
    retries: int = 0
    seconds: float = 0.1
    lines: int = 20
    cancelled: bool = False
    cancel_after: float = 0.0
    more: Mapping[str, Any] = field(default_factory=dict)

    def code(self, attempt: int) -> int:
        """The exit code of an attempt that nobody disturbs."""
        return self.codes[min(attempt, len(self.codes)) - 1]

    def log(self, attempt: int) -> bytes:
        """The whole log of an attempt."""
        lines = (f"{self.name} {attempt} line {number}\n" for number in range(self.lines))
        return "".join(lines).encode()

    def kept(self, attempt: int) -> dict[str, bytes]:
        """The artifacts of an attempt: one more was written than is to be kept."""
        return {f"{n}": f"{self.name} {attempt} kept {n}\n".encode() for n in range(1, ARTIFACTS + 1)}

    def command(self) -> str:
        """What the shell is given."""
        cases = [f"{attempt}) exit {code};;" for attempt, code in enumerate(self.codes[:-1], 1)]
        return _SCRIPT.format(
            again=AGAIN,
            ran_twice=RAN_TWICE,
            name=self.name,
            half=self.lines // 2,
            lines=self.lines,
            seconds=self.seconds,
            cases=" ".join([*cases, f"*) exit {self.codes[-1]};;"]),
        )


@dataclass(frozen=True)
class Kill:
    """Kill −9 so many seconds after the round's begin."""

    at: float
    victim: Victim
    choice: float  # which of several supervisors, as a share of their number


@dataclass(frozen=True)
class Round:
    """The jobs in the order of their submits, and the kills in the order of their times."""

    number: int
    jobs: tuple[PlannedJob, ...]
    kills: tuple[Kill, ...]


def plan(seed: int, number: int) -> Round:
    """Choose a round; the same seed and number choose the same."""
    dice = random.Random(f"{seed}.{number}")
    jobs = some_jobs(dice, f"x1-{seed}-{number}", JOBS)
    for index in dice.sample(range(JOBS), 2):
        jobs[index] = replace(jobs[index], surface="cli")
    return Round(number, tuple(jobs), tuple(sorted(_kills(dice), key=lambda kill: kill.at)))


def some_jobs(dice: random.Random, name: str, count: int) -> list[PlannedJob]:
    """Choose jobs of all kinds, named after their round."""
    return [_job(dice, f"{name}-{index}") for index in range(count)]


def _job(dice: random.Random, name: str) -> PlannedJob:
    common = PlannedJob(
        name=name,
        surface=dice.choice(["socket", "jupyter"]),
        seconds=round(dice.uniform(0.05, 1.2), 2),
        lines=dice.choice([2, 20, 20, 1000]),
    )
    kind = dice.choices(["plain", "retried", "cancelled"], weights=[6, 3, 1])[0]
    if kind == "cancelled":
        return replace(common, cancelled=True, seconds=900, cancel_after=dice.uniform(0, 2))
    if kind == "retried":
        failures = tuple(dice.randint(1, 20) for _ in range(dice.randint(1, 2)))
        last = dice.choice([0, 0, dice.randint(1, 20)])
        return replace(common, codes=(*failures, last), retries=len(failures))
    return replace(common, codes=(dice.choice([0, 0, dice.randint(1, 120)]),))


def _kills(dice: random.Random) -> list[Kill]:
    services = [_kill(dice, "service") for _ in range(dice.randint(1, 3))]
    supervisors = [_kill(dice, "supervisor") for _ in range(dice.randint(1, 4))]
    jupyter = [_kill(dice, "jupyter")] if dice.random() < 0.2 else []
    return services + supervisors + jupyter


def _kill(dice: random.Random, victim: Victim) -> Kill:
    return Kill(dice.uniform(0.05, 4.0), victim, dice.random())
