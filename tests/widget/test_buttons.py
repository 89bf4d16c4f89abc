from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_jobsub.widget import buttons
from jupyter_jobsub.widget.buttons import DOUBLE_CLICK, PATIENCE, Buttons


class Pressed:
    """A row of buttons, what they did, and the time."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.changes = 0
        self.now = 100.0
        self.row = Buttons(self.did.append, self.changed)
        self.buttons = dict(zip(buttons.FACES, self.row.widget.children, strict=True))

    def changed(self) -> None:
        self.changes += 1

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def pressed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pressed]:
    one = Pressed()
    monkeypatch.setattr(buttons, "time", one)
    return one


def test_what_is_allowed_can_be_pressed(pressed: Pressed) -> None:
    assert pressed.row.draw(["resume", "delete"], busy=False) is None
    seen = [name for name, button in pressed.buttons.items() if button.layout.display != "none"]
    assert seen == ["resume"]
    assert not pressed.buttons["resume"].disabled
    pressed.buttons["resume"].click()
    assert (pressed.did, pressed.changes) == (["resume"], 1)


@pytest.mark.parametrize("action", ["cancel", "pause"])
def test_a_double_click_is_not_an_answer(pressed: Pressed, action: str) -> None:
    for _ in range(3):
        pressed.buttons[action].click()
        pressed.now += DOUBLE_CLICK / 4
    assert pressed.did == []
    pressed.now += DOUBLE_CLICK
    pressed.buttons[action].click()
    assert pressed.did == [action]


def test_cancel_takes_a_second_click_in_time(pressed: Pressed) -> None:
    cancel = pressed.buttons["cancel"]
    cancel.click()
    assert pressed.row.draw(["cancel"], busy=False) == PATIENCE
    assert (cancel.description, cancel.button_style, pressed.did) == ("Really cancel?", "danger", [])
    pressed.now += DOUBLE_CLICK
    cancel.click()
    assert pressed.did == ["cancel"]
    assert pressed.row.draw(["cancel"], busy=True) is None
    assert (cancel.description, cancel.disabled) == ("Cancel", True)


def test_a_late_click_asks_again(pressed: Pressed) -> None:
    cancel = pressed.buttons["cancel"]
    cancel.click()
    pressed.now += PATIENCE
    assert pressed.row.draw(["cancel"], busy=False) is None
    assert (cancel.description, cancel.button_style) == ("Cancel", "")
    cancel.click()
    assert pressed.did == []
    assert pressed.row.draw(["cancel"], busy=False) == PATIENCE


def test_each_says_what_it_does(pressed: Pressed) -> None:
    assert all(button.description and button.tooltip for button in pressed.buttons.values())
