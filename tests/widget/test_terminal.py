from __future__ import annotations

import random

import pytest

from jupyter_jobsub.widget.terminal import COLUMNS, PIECE, ROWS, Run, Style, Terminal, restyle


def shown(*pieces: bytes, count: int = 10) -> list[str]:
    terminal = Terminal()
    for piece in pieces:
        terminal.feed(piece)
    return ["".join(run.text for run in line) for line in terminal.lines(count)]


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        (b"", []),
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\n\n\n", ["one"]),
        (b"one\n\nthree", ["one", "", "three"]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"10%\r20%\r30%", ["30%"]),
        (b"a long line\rshort", ["shortg line"]),
        (b"a long line\r\x1b[Kshort", ["short"]),
        (b"a long line\x1b[2K\rshort", ["short"]),
        (b"abc\x1b[1D\x1b[1Kd", ["  d"]),
        (b"abc\bd", ["abd"]),
        (b"a\tb", ["a       b"]),
        (b"one\ntwo\x1b[A\x1b[1GONE\n", ["ONE", "two"]),
        (b"one\ntwo\x1b[FONE\x1b[Edone", ["ONE", "done"]),
        (b"one\ntwo\nthree\x1b[2A\r\x1b[J1", ["1"]),
        (b"one\x1b[3Cfour\x1b[4Dt", ["one   tour"]),
        (b"old\n\x1b[H\x1b[2Jnew", ["new"]),
        (b"\x1b[?25lhidden cursor\x1b[?25h", ["hidden cursor"]),
        (b"\x1b]0;a title\x07text \x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\", ["text link"]),
        (b"\x1bPdevice control\x1b\\text\x1b(B\x1b=\x1b7", ["text"]),
        (b"bell\x07 null\x00 vertical\x0b", ["bell null vertical"]),
        ("中文 ✓ é".encode(), ["中文 ✓ é"]),
        (b"not utf-8: \xff\xfe.", ["not utf-8: ��."]),
        (b"\x1b[999999999999999999A\x1b[99999999999Cx", [" " * COLUMNS]),
        (b"a lone escape \x1b", ["a lone escape "]),
    ],
)
def test_a_log_looks_as_on_a_terminal(written: bytes, lines: list[str]) -> None:
    assert shown(written) == lines
    assert shown(*(bytes([byte]) for byte in written)) == lines  # cut anywhere


def test_the_newest_lines_are_given() -> None:
    assert shown(*(b"%d\n" % n for n in range(10_000)), count=3) == ["9997", "9998", "9999"]


def test_bars_below_each_other_are_drawn_in_their_places() -> None:
    # as tqdm does with position=1
    pieces = [b"\router %d%%\n\rinner %d%%\x1b[A" % (n, n * 2) for n in range(50)]
    assert shown(*pieces) == ["outer 49%", "inner 98%"]


def test_colours_become_runs() -> None:
    terminal = Terminal()
    terminal.feed(b"plain \x1b[1;31mred\x1b[39m bold\x1b[0m \x1b[38;5;9mnot kept\x1b[m")
    [line] = terminal.lines(10)
    assert line == [
        Run("plain ", Style()),
        Run("red", Style(1, True)),
        Run(" bold", Style(None, True)),
        Run(" not kept", Style()),
    ]


@pytest.mark.parametrize(
    ("numbers", "style"),
    [
        ([0], Style()),
        ([1], Style(4, True)),
        ([32], Style(2)),
        ([97], Style(15)),
        ([39], Style()),
        ([38, 2, 31, 32, 33], Style(4)),
        ([48, 5, 31], Style(4)),
        ([38], Style(4)),
        ([7, 51, 300], Style(4)),
    ],
)
def test_styles(numbers: list[int], style: Style) -> None:
    assert restyle(Style(4), numbers) == style


def test_of_much_at_once_the_end_is_looked_at() -> None:
    lines = b"".join(b"line %d\n" % n for n in range(PIECE))
    assert shown(lines, count=2) == [f"line {PIECE - 2}", f"line {PIECE - 1}"]
    assert shown(b"\xe4" + b"x" * 10 * PIECE) == []  # no line begins in what is looked at
    assert shown(b"x" * 10 * PIECE + b"\n", b"next") == ["", "next"]


def test_what_is_kept_is_bounded() -> None:
    terminal = Terminal()
    for _ in range(100):
        terminal.feed(b"x" * 1000)
    assert len("".join(run.text for run in terminal.lines(1)[0])) == COLUMNS
    terminal.feed(b"\x1b]" + b"no end " * 10_000)
    terminal.feed(b"\nafter\n" * 1000)
    assert len(terminal.lines(10**6)) <= ROWS
    assert shown(b"\x1b]" + b"no end " * 10_000, b"\nafter")[-1] == "after"


def test_no_bytes_break_it() -> None:
    generator = random.Random(7)
    signs = [bytes([sign]) for sign in b"\x1b\x1b\x1b[[]\r\n\b\t0;?AJKm\xe4x"]
    terminal = Terminal()
    for _ in range(3000):
        terminal.feed(b"".join(generator.choices(signs, k=generator.randrange(12))))
    assert all(run.text.isprintable() or "�" in run.text for line in terminal.lines(ROWS) for run in line)
