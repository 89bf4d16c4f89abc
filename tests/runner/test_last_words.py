"""What a kernel could not send any more."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import pytest

from jupyter_jobsub.runner import last_words
from jupyter_jobsub.runner.last_words import MOST, LastWords


def unsaid(tell: Callable[[LastWords], None]) -> bytes:
    """What is left to say, after the copies and the messages that are told."""

    async def ask() -> bytes:
        words = LastWords()
        try:
            tell(words)
            return words.unsaid()
        finally:
            words.close()

    return asyncio.run(ask())


def test_what_was_sent_is_not_said_again() -> None:
    def tell(words: LastWords) -> None:
        os.write(words.kernels, b"one\ntwo\nthree\nfo")
        words.said("one\nprinted\ntwo\n")

    assert unsaid(tell) == b"three\nfo"


def test_a_line_of_which_the_beginning_is_missing_repeats_nothing() -> None:
    def tell(words: LastWords) -> None:
        os.write(words.kernels, b"e end of a line\n\x1b]7717;0.5;half\x07two\nthree\n")
        words.said("the end of a line\ntwo\n")

    assert unsaid(tell) == b"three\n"


def test_nothing_written_is_nothing_to_say() -> None:
    assert unsaid(lambda words: words.said("printed\n")) == b""


def test_of_a_flood_the_end_is_kept() -> None:
    def tell(words: LastWords) -> None:
        for number in range(100):
            os.write(words.kernels, b"%04d\n" % number * 800)
            words.unsaid()
        os.write(words.kernels, b"the end\n")

    said = unsaid(tell)
    assert len(said) == MOST
    assert said.endswith(b"0099\nthe end\n")


def test_what_is_old_has_been_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(words: LastWords) -> None:
        os.write(words.kernels, b"old\n")
        words.unsaid()
        now = last_words.time.monotonic() + last_words.LATE + 1
        monkeypatch.setattr(last_words.time, "monotonic", lambda: now)
        os.write(words.kernels, b"new\n")

    assert unsaid(tell) == b"new\n"
