from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tqdm import tqdm

from jupyter_jobsub.model.progress import Progress, parse_progress, remaining
from jupyter_jobsub.reports import MAX_TEXT


def report(fraction: object, text: str = "") -> bytes:
    return f"\x1b]7717;{fraction};{text}\x07".encode()


BAR = b"\r 45%|\xe2\x96\x88\xe2\x96\x88  | 9/20 [00:01<00:02,  5.20it/s]"


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (b"", None),
        (b"100% done | 3/4\n", None),
        (report(0.25, "epoch 5"), Progress(0.25, "epoch 5")),
        (report(0.25) + b"text", Progress(0.25)),
        (report(0.25) + report(0.5, "x"), Progress(0.5, "x")),
        (report(0.25) + b"\x1b]7717;0.5;not whole", Progress(0.25)),
        (report(0.25) + b"\x1b]7717;0.5;not whole\x1b", Progress(0.25)),
        (report(0.25) + b"\x1b]7717;0.5;not whole\nb\x07", Progress(0.25)),
        (b"\x1b]7717;0.25;other end\x1b\\", Progress(0.25, "other end")),
        (report(0.25) + report(1.5) + report("nan") + report("x"), Progress(0.25)),
        (BAR, Progress(0.45, "9/20 [00:01<00:02, 5.20it/s]")),
        (BAR + b"loss 0.1/0.2", Progress(0.45, "9/20 [00:01<00:02, 5.20it/s]")),
        (b"epoch 1: 45%|## | 9/20 [00:01<?]\n", Progress(0.45, "epoch 1: 9/20 [00:01<?]")),
        (BAR + b"\r 50%|\xe2\x96", Progress(0.45, "9/20 [00:01<00:02, 5.20it/s]")),
        (BAR + b"\n 999%|# | 9/20", Progress(0.45, "9/20 [00:01<00:02, 5.20it/s]")),
        (b"\x96\x88 | 3/4\n" + BAR + b"\nloss 0.1\n", Progress(0.45, "9/20 [00:01<00:02, 5.20it/s]")),
    ],
)
def test_it_finds_the_newest(tail: bytes, expected: Progress | None) -> None:
    assert parse_progress(tail) == expected


def test_the_jobs_own_report_comes_before_tqdms_line() -> None:
    assert parse_progress(report(0.1, "step 1") + BAR) == Progress(0.1, "step 1")


def test_tqdms_line_after_a_cell_is_inside_the_next() -> None:
    found = parse_progress(report(0.5, "cell 2/4") + BAR)
    assert found is not None
    assert found.fraction == pytest.approx(2.45 / 4)
    assert found.text == "cell 3/4: 9/20 [00:01<00:02, 5.20it/s]"


def test_the_same_report_again_leaves_tqdms_line_inside_the_cell() -> None:
    again = report(0.5, "cell 2/4")
    inside = parse_progress(again + BAR)
    assert parse_progress(report(0.25, "cell 1/4") + again + BAR + again + b"text") == inside
    assert parse_progress(BAR + again + again) == Progress(0.5, "cell 2/4")


def test_tqdms_line_of_a_cell_that_has_ended_counts_no_more() -> None:
    assert parse_progress(BAR + report(0.75, "cell 3/4")) == Progress(0.75, "cell 3/4")


def test_what_tqdm_writes_is_understood() -> None:
    log = io.StringIO()
    with tqdm(total=8, desc="train", file=log, ascii=False, mininterval=0) as bar:
        bar.update(2)
        found = parse_progress(log.getvalue().encode())
    assert found is not None
    assert found.fraction == 0.25
    assert found.text.startswith("train: 2/8 [")


PIECES = st.sampled_from([b"\x1b]7717;", b";", b"\x07", b"%|", b"|", b"45", b"cell 1/2", b"/", b"\r", b"\n"])


@given(st.lists(PIECES | st.binary(max_size=4)).map(b"".join))
@example(b"%|" * 30_000)
@example(b"\x1b]7717;" * 9_000)
@example(b"1%|" + b"|/ " * 20_000)
@example(b"\x1b]7717;0;cell 1/0\x071%|#| 1/2")
def test_no_log_is_too_strange(tail: bytes) -> None:
    found = parse_progress(tail)
    if found:
        assert 0 <= found.fraction <= 1
        assert len(found.text) <= MAX_TEXT
        assert found.text.isprintable() or not found.text.isascii()


@pytest.mark.parametrize(
    ("fraction", "reached", "ran", "left"),
    [
        (0.5, 60, 60, 60),
        (0.25, 10, 10, 30),  # the first of four cells took 10 s
        (0.25, 10, 25, 15),  # and the second one has been running for 15 s
        (0.25, 10, 40, 0),
        (0.25, 10, 41, None),  # by now all four should have been done: nobody knows
        (0.01, 1, 1, 99),
        (0.0099, 1, 1, None),
        (0, 0, 5, None),
        (1, 60, 60, 0),
        (1, 60, 600, 0),
        (0.3, 0, 0, 0),
    ],
)
def test_what_is_left(fraction: float, reached: float, ran: float, left: int | None) -> None:
    assert remaining(fraction, reached, ran) == left


@given(st.floats(0, 1), st.floats(0, 1e7), st.floats(0, 1e7))
def test_what_is_left_is_never_negative(fraction: float, reached: float, more: float) -> None:
    left = remaining(fraction, reached, reached + more)
    assert left is None or left >= 0
