"""The panel's words in other languages."""

from __future__ import annotations

from tools import panel_words

HEAD = {"plural_forms": "nplurals=1; plural=0;"}


def test_everything_that_is_said_is_found() -> None:
    """A text that is put together while the panel runs can't be translated."""
    for file in panel_words.sources():
        calls = panel_words.CALL.findall(file.read_text())
        assert len(panel_words.messages_of(file)) == len(calls), f"{file}: give each trans.…() a plain text"


def test_what_lacks_is_told() -> None:
    words = {"": HEAD, "Open": ["打开"], "%1 left": ["剩余"], "Gone": ["去"], "Two": ["一", "二"]}
    said = {"Open": set[str](), "%1 left": {"%1"}, "New": set[str](), "Two": set[str]()}
    assert list(panel_words.faults(words, said)) == [
        "'%1 left' has other places for values than ['剩余']",
        "'New' is not translated",
        "'Two' is not translated",
        "'Gone' is said no more",
    ]
    assert panel_words.renewed(words, said) == {
        "": HEAD, "Open": ["打开"], "%1 left": ["剩余"], "New": [""], "Two": ["一", "二"]
    }  # fmt: skip
