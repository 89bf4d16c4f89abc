"""The panel's words in other languages."""

from __future__ import annotations

import pytest

from tools import panel_words
from tools.panel_words import Said

HEAD = {"plural_forms": "nplurals=1; plural=0;"}


def test_everything_that_is_said_is_found() -> None:
    """A text that is put together while the panel runs can't be translated."""
    for file in panel_words.sources():
        calls = panel_words.CALL.findall(file.read_text())
        assert len(panel_words.messages_of(file)) == len(calls), f"{file}: give each trans.…() a plain text"


def test_nothing_is_said_both_with_a_number_and_without() -> None:
    """JupyterLab would find it translated in one of the two alone."""
    said = [entry for file in panel_words.sources() for entry in panel_words.messages_of(file)]
    several = {message for message, how in said if how.several}
    assert not several & {message for message, how in said if not how.several}


def test_what_lacks_is_told() -> None:
    words = {"": HEAD, "Open": ["打开"], "%1 left": ["剩余"], "Gone": ["去"], "%1 job": ["%1 个"]}
    one, left, jobs = Said(), Said(frozenset({"%1"})), Said(frozenset({"%1"}), several=True)
    said = {"Open": one, "%1 left": left, "New": one, "%1 job": jobs}
    assert list(panel_words.faults(words, said)) == [
        "'%1 left' has other places for values than ['剩余']",
        "'New' is not translated in each of its forms",
        "'%1 job' is not translated in each of its forms",
        "'Gone' is said no more",
    ]
    anew = panel_words.renewed(words, said | {"%1 task": jobs})
    assert anew == {
        "": HEAD,
        "Open": ["打开"],
        "%1 left": ["剩余"],
        "New": [""],
        "%1 job": ["%1 个"],
        "%1 task": ["", ""],
    }
    assert not list(panel_words.faults({"": HEAD, "%1 job": ["%1 个", "%1 个"]}, {"%1 job": jobs}))


@pytest.mark.parametrize("language", ["zh_CN", "zh_TW"])
def test_every_language_has_every_word(language: str) -> None:
    found = panel_words.read(language)
    assert found[""]["language"] == language.replace("_", "-")
    assert list(panel_words.faults(found, panel_words.messages())) == [], "run tools/panel_words.py"
