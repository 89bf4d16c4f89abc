"""What a figure is, how it is judged and how its line reads."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal


class CannotMeasure(Exception):
    """The figure can't be taken here; the text says why."""


@dataclass(frozen=True)
class Term:
    """One side of a figure: its samples, in the order of the other side's, and their median."""

    name: str
    samples: Sequence[float]
    unit: str

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.samples)

    def __str__(self) -> str:
        return f"{self.name} {significant(self.value)} {self.unit}"


@dataclass(frozen=True)
class Bound:
    """What must hold of the ratio, or the difference, of ours and the other side, or of ours alone."""

    text: str
    limit: float
    of: Literal["ratio", "difference"] = "ratio"
    at_least: bool = False

    def compare(self, ours: Term, other: Term | None) -> float:
        """Take the median of the pairs' ratios, or differences: what drifted in both cancels."""
        if other is None:
            return ours.value
        pairs = zip(ours.samples, other.samples, strict=True)
        return statistics.median(a / b if self.of == "ratio" else a - b for a, b in pairs)

    def holds(self, value: float) -> bool:
        """Say whether the promise is kept."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Outcome:
    """A measured figure.

    Parameters
    ----------
    note:
        What else a reader must know to trust it, such as how busy the client was.
    """

    id: str
    what: str
    ours: Term
    other: Term | None
    bound: Bound
    note: str = ""

    @property
    def value(self) -> float:
        """The ratio or the difference; ours where nothing is beside it."""
        return self.bound.compare(self.ours, self.other)

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.bound.holds(self.value)

    def __str__(self) -> str:
        unit = "×" if self.bound.of == "ratio" else self.ours.unit
        sign = "+" if self.bound.of == "difference" and self.value >= 0 else ""
        value = f"{sign}{significant(self.value)} {unit}"
        verdict = "met" if self.met else "missed"
        note = f" ({self.note})" if self.note else ""
        sides = [str(self.ours), *([str(self.other), value] if self.other else [])]
        terms = " | ".join(sides)
        return f"{self.id:<5}{self.what}: {terms} | target {self.bound.text} | {verdict}{note}"

    def document(self) -> dict[str, Any]:
        """Everything, for ``--json``."""
        sides = {"ours": self.ours, **({"other": self.other} if self.other else {})}
        terms = {name: asdict(term) for name, term in sides.items()}
        medians = {f"{name}_median": term.value for name, term in sides.items()}
        verdict = {"value": self.value, "target": self.bound.text, "met": self.met, "note": self.note}
        return {"id": self.id, "what": self.what, **medians, **verdict, **terms}


@dataclass(frozen=True)
class Bench:
    """What every figure is given: a scratch folder on the measured file system, and the cache."""

    scratch: Path
    cache: Path

    def folder(self, name: str) -> Path:
        """Make a new folder in the scratch folder."""
        path = self.scratch / name
        path.mkdir(parents=True)
        return path


Measure = Callable[[Bench], Sequence[Outcome]]


@dataclass
class Registry:
    """The figures by id, in the order in which they are taken."""

    measures: dict[str, Measure] = field(default_factory=dict)

    def figure(self, id: str) -> Callable[[Measure], Measure]:
        """Register a function as a figure."""

        def register(measure: Measure) -> Measure:
            self.measures[id] = measure
            return measure

        return register

    def choose(self, ids: Sequence[str]) -> Mapping[str, Measure]:
        """The named figures, or all.

        Raises
        ------
        CannotMeasure
            If there is no figure of that name.
        """
        if unknown := [id for id in ids if id not in self.measures]:
            raise CannotMeasure(f"no figure {', '.join(unknown)}; there are {', '.join(self.measures)}")
        return {id: self.measures[id] for id in ids or self.measures}


REGISTRY = Registry()
KUBERNETES = Registry()
"""Figures of jobs on a cluster, which another engine's runs don't have."""


def interleave(
    rounds: int, ours: Callable[[], float], other: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Take both sides in turn, in an order that alternates, so that drift cancels."""
    mine: list[float] = []
    others: list[float] = []
    for round in range(rounds):
        if round % 2:
            others.append(other())
            mine.append(ours())
        else:
            mine.append(ours())
            others.append(other())
    return mine, others


def significant(value: float) -> str:
    """Three significant digits, without exponents."""
    if not value:
        return "0"
    magnitude = abs(value)
    decimals = 0 if magnitude >= 100 else 1 if magnitude >= 10 else 2 if magnitude >= 1 else 3
    return f"{value:.{decimals}f}" if magnitude >= 0.1 else f"{value:.2g}"
