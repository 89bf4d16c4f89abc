"""Text without anything that a terminal acts upon."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_jobsub.model.plain import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("epoch 1\n\tloss 0.1 €", "epoch 1\n\tloss 0.1 €"),
        ("\x1b[1;31mred\x1b[0m and \x1b[2K\x1b[?25lno cursor", "red and no cursor"),
        ("a\x1b]7717;0.5;half\x07b\x1b]0;title\x1b\\c", "abc"),
        ("a\x1b]7717;0.5;cut off\nb\x1b]7717;0.", "a\nb"),
        ("a\x1b]7717;0.5;\x1b[1mbold", "abold"),
        ("45%\r50%\x00\x7f\x85\x9b", "45% 50%"),
        ("", ""),
    ],
)
def test_what_is_left(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text(st.sampled_from("\x1b[]7;m\x07\\\n\r\t\0a ") | st.characters()))
def test_nothing_else_is_lost_and_twice_is_once(text: str) -> None:
    shown = plain(text)
    assert all(
        character.isprintable() or not character < "\xa0" or character in "\n\t" for character in shown
    )
    assert plain(shown) == shown
    if text.isprintable():
        assert shown == text.strip()
