"""What is next for a task, whatever its Pod says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_jobsub.engines.kubernetes.steps import Step, decide, leaves
from jupyter_jobsub.engines.kubernetes.verdict import Exit, Seen
from jupyter_jobsub.model.job import Micros

WAITS = Seen()
PLACED = Seen(scheduled=True, host="node")
RUNS = replace(PLACED, started_at=Micros(1))
DONE = replace(RUNS, ended=Exit(Micros(2), 0))
AWAY = replace(RUNS, reachable=False)


def halted(seen: Seen) -> Seen:
    return replace(seen, ended_by="halt")


@pytest.mark.parametrize(
    ("seen", "due", "step"),
    [
        (WAITS, "", Step.WAIT),
        (RUNS, "", Step.WAIT),
        (RUNS, "late", Step.STOP),
        (DONE, "late", Step.WAIT),
        (replace(PLACED, hopeless="no such image"), "", Step.GIVE_UP),
        (halted(WAITS), "", Step.DROP),
        (halted(replace(WAITS, deleting=True)), "", Step.END),
        (replace(WAITS, deleting=True), "", Step.END),
        (halted(PLACED), "graced", Step.WAIT),
        (replace(halted(PLACED), stuck=True), "", Step.WAIT),
        (replace(halted(PLACED), stuck=True), "graced", Step.KILL),
        (halted(RUNS), "", Step.WAIT),
        (halted(RUNS), "late", Step.WAIT),
        (halted(RUNS), "graced", Step.KILL),
        (halted(DONE), "graced", Step.WAIT),
        (replace(RUNS, deleting=True), "", Step.WAIT),
        (replace(RUNS, deleting=True), "abandoned", Step.WAIT),
        (AWAY, "late", Step.STOP),
        (halted(AWAY), "", Step.WAIT),
        (halted(AWAY), "graced", Step.ABANDON),
        (replace(halted(AWAY), deleting=True), "graced abandoned", Step.END),
        (replace(AWAY, deleting=True), "abandoned", Step.END),
        (replace(DONE, over=True), "late graced", Step.END),
        (replace(WAITS, void=True), "", Step.END),
    ],
)
def test_what_is_next(seen: Seen, due: str, step: Step) -> None:
    dues = {name: name in due.split() for name in ("late", "graced", "abandoned")}
    assert decide(seen, **dues) is step


@given(
    st.builds(
        Seen,
        scheduled=st.booleans(),
        started_at=st.sampled_from([None, Micros(1)]),
        ended=st.sampled_from([None, DONE.ended]),
        over=st.booleans(),
        reachable=st.booleans(),
        hopeless=st.sampled_from(["", "no such image"]),
        ended_by=st.sampled_from(["", "halt", "deadline"]),
        deleting=st.booleans(),
    ),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_nothing_is_done_to_what_is_over_and_nothing_ends_that_may_run(
    seen: Seen, late: bool, graced: bool, abandoned: bool
) -> None:
    step = decide(seen, late=late, graced=graced, abandoned=abandoned)
    if seen.over:
        assert step is Step.END
    elif step is Step.END:
        assert seen.deleting
        assert not seen.scheduled or (abandoned and not seen.reachable)
    if step in (Step.DROP, Step.KILL, Step.ABANDON):
        assert seen.ended_by


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (RUNS, False),
        (halted(RUNS), True),
        (replace(RUNS, deleting=True), True),
        (replace(DONE, keeping=True), True),
        (replace(DONE, keeping=True, over=True), False),
        (halted(PLACED), False),
    ],
)
def test_when_artifacts_are_fetched(seen: Seen, expected: bool) -> None:
    assert leaves(seen) is expected
