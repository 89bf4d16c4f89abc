from __future__ import annotations

import pytest

from jupyter_jobsub.cli.reports import hidden_in

LOG = b"one\x1b]7717;0.25;epoch 5\x07 two\n\x1b[1mbold\x1b]0;title\x07\x1b]7717;1;\x07\x1b]77"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_reports_are_left_out_wherever_they_are_cut(size: int) -> None:
    pieces = [LOG[at : at + size] for at in range(0, len(LOG), size)]
    assert b"".join(hidden_in(pieces)) == b"one two\n\x1b[1mbold\x1b]0;title\x07\x1b]77"


def test_what_never_becomes_a_report_is_not_held() -> None:
    shown = hidden_in([b"\x1b]7717;0.5", b";half\nmore", b"\x07"])
    assert [next(shown), next(shown)] == [b"", b"\x1b]7717;0.5;half\nmore"]
