"""What a figure's line says, and that it says `missed` for a miss alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import __main__ as runner
from benchmarks.figures import Bench, Bound, CannotMeasure, Outcome, Registry, Term, interleave, significant

AT_MOST = Bound("≤ 1/10", 0.1)
AT_LEAST = Bound("≥ 30 ×", 30, at_least=True)
DIFFERENCE = Bound("≤ +3 ms", 3, of="difference")


def outcome(ours: float, other: float, bound: Bound, id: str = "F0") -> Outcome:
    return Outcome(id, "a thing", Term("ours", [ours], "ms"), Term("peer", [other], "ms"), bound)


@pytest.mark.parametrize(
    ("ours", "other", "bound", "met"),
    [
        (1, 10, AT_MOST, True),
        (1.01, 10, AT_MOST, False),
        (300, 10, AT_LEAST, True),
        (299, 10, AT_LEAST, False),
        (13, 10, DIFFERENCE, True),
        (13.1, 10, DIFFERENCE, False),
        (9, 10, DIFFERENCE, True),
    ],
)
def test_the_verdict(ours: float, other: float, bound: Bound, met: bool) -> None:
    taken = outcome(ours, other, bound)
    assert taken.met is met
    assert ("missed" in str(taken)) is not met
    assert (" met" in str(taken)) is met


def test_the_line_has_both_terms_the_ratio_and_the_target() -> None:
    line = str(outcome(1.5, 30, AT_MOST))
    assert line == "F0   a thing: ours 1.50 ms | peer 30.0 ms | 0.05 × | target ≤ 1/10 | met"
    assert "+4.00 ms" in str(outcome(14, 10, DIFFERENCE))


@pytest.mark.parametrize(("ours", "verdict"), [(49, "met"), (51, "missed")])
def test_a_figure_may_stand_alone(ours: float, verdict: str) -> None:
    alone = Outcome("F0", "a thing", Term("ours", [ours], "ms"), None, Bound("≤ 50 ms", 50))
    assert str(alone) == f"F0   a thing: ours {ours}.0 ms | target ≤ 50 ms | {verdict}"
    assert "other" not in alone.document()


def test_a_term_is_a_median() -> None:
    assert Term("ours", [1, 100, 2], "ms").value == 2


def test_the_ratio_is_that_of_the_pairs_so_that_drift_cancels() -> None:
    ours, other = Term("ours", [1, 20, 300], "ms"), Term("peer", [10, 100, 1000], "ms")
    assert AT_MOST.compare(ours, other) == 0.2
    assert DIFFERENCE.compare(ours, other) == -80


def test_the_sides_take_turns_first() -> None:
    order: list[str] = []

    def take(side: str) -> float:
        order.append(side)
        return len(order)

    ours, other = interleave(4, lambda: take("a"), lambda: take("b"))
    assert "".join(order) == "abbaabba"
    assert (len(ours), len(other)) == (4, 4)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0123, "0.012"), (0.5, "0.500"), (1.234, "1.23"), (-12.34, "-12.3"), (1234.5, "1234")],
)
def test_significant(value: float, text: str) -> None:
    assert significant(value) == text


def test_an_unknown_figure_is_named() -> None:
    with pytest.raises(CannotMeasure, match="no figure F99"):
        Registry().choose(["F99"])


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Registry:
    """Figures of the test's own, and a cache of its own."""
    registry = Registry()
    monkeypatch.setattr(runner, "REGISTRY", registry)
    monkeypatch.setattr(runner, "CACHE", tmp_path)
    return registry


def test_a_run_prints_the_machine_and_a_line_a_figure(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @registry.figure("F0")
    def measure(_: Bench) -> Sequence[Outcome]:
        return [outcome(2, 10, AT_MOST), outcome(1, 10, AT_MOST, "F0m")]

    document = tmp_path / "figures.json"
    assert runner.main(["--json", str(document)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["machine:", "Each", "F0", "F0m"]
    assert "fsync" in lines[0]
    written = json.loads(document.read_text())
    assert [(each["id"], each["met"]) for each in written["figures"]] == [("F0", False), ("F0m", True)]
    assert [path for path in tmp_path.iterdir() if path.name.startswith("bench-")] == []


def test_a_figure_that_cannot_be_taken_says_why_and_the_others_go_on(
    registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    @registry.figure("F1")
    def broken(_: Bench) -> Sequence[Outcome]:
        raise CannotMeasure("the peer could not be installed")

    @registry.figure("F2")
    def fine(_: Bench) -> Sequence[Outcome]:
        return [outcome(1, 10, AT_MOST, "F2")]

    assert runner.main([]) == 1
    first, second = capsys.readouterr().out.splitlines()[2:]
    assert "the peer could not be installed" in first
    assert second.startswith("F2")
    assert "missed" not in first + second


def test_only_the_named_figures_are_taken(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    for id in ("F1", "F2"):
        registry.figure(id)(lambda _, id=id: [outcome(1, 10, AT_MOST, id)])  # type: ignore[misc]
    assert runner.main(["F2"]) == 0
    assert [line[:2] for line in capsys.readouterr().out.splitlines()[2:]] == ["F2"]
