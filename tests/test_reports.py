"""A text without its reports is the same however it is cut."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_jobsub.reports import LONGEST, Hidden, without_reports

REPORT = b"\x1b]7717;0.5;half of \xe2\x82\xac\x07"
pieces = st.lists(
    st.sampled_from(
        [
            REPORT,
            b"\x1b]7717;",
            b"\x1b]77",
            b"17;1;x\x07",
            b"x\x1b\\",
            b"\\",
            b"\x1b",
            b"\x07",
            b"\n",
            b"\x1b[1m",
            b"a",
            b";0.2;",
        ]
    )
    | st.binary(max_size=3)
)
texts = pieces.map(b"".join)


def simply(text: bytes) -> bytes:
    """What the rule says, without regard to pieces."""
    shown = re.sub(rb"\x1b\]7717;[^\x07\x1b\n]{0,1700}(\x07|\x1b\\|(?=\n))", b"", text)
    cut = text.rfind(b"\x1b]7717;")
    unfinished = text[cut:] if cut >= 0 else b""
    body = unfinished[1:].removesuffix(b"\x1b")
    if unfinished and not re.search(rb"[\x07\x1b\n]", body) and len(body) <= 6 + 1700:
        return shown[: len(shown) - len(unfinished)]
    return shown


def cut(text: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(bounds)]


@given(texts, st.lists(st.integers(0, 10_000)))
@example(b"\x1b]77" + REPORT + b"17;0.5;x\x07", [4])
@example(b"a" + b"\x1b]7717;" + b"x" * 1701 + b"\x07b", [20, 1709, 1710])
@example(b"a" + b"\x1b]7717;" + b"x" * 1700 + b"\x07b", [20, 1708, 1709])
@example(b"a" + b"\x1b]7717;" + b"x" * 1700 + b"\x1b\\b", [20, 1708, 1709, 1710])
@example(b"a" + b"\x1b]7717;" + b"x" * 1701 + b"\x1b\\b", [20, 1708, 1709, 1710])
@example(b"a\x1b]7717;0.5;x\x1b[1mbold\x07", [14, 15, 16])
def test_any_cut_shows_the_same(text: bytes, places: list[int]) -> None:
    hidden = Hidden()
    shown = b""
    for piece in cut(text, places):
        shown += hidden.of(piece)
        assert 0 <= hidden.held < LONGEST
    assert shown + hidden.rest() == simply(text) == without_reports(text)


@given(texts, st.lists(st.integers(0, 10_000)), st.integers(0, 10_000))
def test_one_who_comes_back_misses_nothing_and_gets_nothing_twice(
    text: bytes, places: list[int], place: int
) -> None:
    first, *more = cut(text, [place])
    hidden = Hidden()
    shown = hidden.of(first)
    end = len(first) - hidden.held
    again = Hidden(text[max(0, end - LONGEST) : end])
    rest = b"".join(again.of(piece) for piece in cut(text[end:], places))
    assert shown + rest + again.rest() == simply(text)
    assert more


@given(texts, st.integers(0, 10_000))
def test_one_who_begins_inside_a_report_sees_none_of_it(text: bytes, place: int) -> None:
    start = place % (len(text) + 1)
    hidden = Hidden(text[:start])
    shown = hidden.of(text[start:]) + hidden.rest()
    before = Hidden()
    of_before = before.of(text[:start])
    if before.held == 0:
        assert of_before + shown == simply(text)
    else:
        assert simply(text).endswith(shown)


def test_the_newest_is_remembered() -> None:
    hidden = Hidden()
    assert hidden.of(b"plain") == b"plain"
    assert hidden.newest is None
    hidden.of(b"x" + REPORT + b"\x1b]7717;1;\x07\x1b]7717;0.1;cut off\n")
    assert hidden.newest == b"\x1b]7717;1;\x07"


def test_it_may_have_either_end() -> None:
    hidden = Hidden()
    assert hidden.of(b"a\x1b]7717;0.5;half\x1b\\b") == b"ab"
    assert hidden.newest == b"\x1b]7717;0.5;half\x1b\\"
    assert hidden.of(b"\x1b]7717;1;\x1b") == b""
    assert hidden.of(b"\\c") == b"c"


@pytest.mark.parametrize("text", [b"\x1b[31mred\x1b[0m", b"\x1b]0;title\x07", b"\x1b]7717 no\x07"])
def test_other_sequences_stay(text: bytes) -> None:
    assert without_reports(text) == text


def test_what_is_left_of_a_report_is_no_text_for_a_terminal() -> None:
    hidden = Hidden()
    marker = b"\n[jobsub: 4 KiB dropped here, the log had reached its limit]\n"
    assert hidden.of(b"a\x1b]7717;0.5;ha") + hidden.of(marker + b"b") == b"a" + marker + b"b"
