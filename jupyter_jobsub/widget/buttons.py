"""Buttons for what may be done to jobs; what loses work is asked for twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ipywidgets import Button, HBox

PATIENCE = 5.0  # seconds in which the second click must come
DOUBLE_CLICK = 0.6  # seconds in which it belongs to the first


@dataclass(frozen=True)
class Face:
    """How a button looks."""

    label: str
    tooltip: str
    sure: str = ""  # its label while it waits for a second click; "" if one is enough


FACES = {
    "cancel": Face("Cancel", "End it for good; its log stays", "Really cancel?"),
    "pause": Face(
        "Pause",
        "Stop it; resumed, it starts from scratch in its old place in the queue",
        "Really stop it? It will start over",
    ),
    "resume": Face("Resume", "Put it back into its old place in the queue"),
    "rerun": Face("Rerun", "Submit it again; this view goes on with the new job"),
}


class Buttons:
    """A row of buttons, of which those are there that may be pressed.

    Parameters
    ----------
    press:
        Does an action; called in the thread that the click came in, so it must not wait.
    changed:
        Called when the buttons look different.
    """

    def __init__(
        self, press: Callable[[str], None], changed: Callable[[], None], faces: dict[str, Face] = FACES
    ) -> None:
        self._press = press
        self._changed = changed
        self._faces = faces
        self._asked: dict[str, float] = {}  # until when a second click counts
        self._buttons = {action: self._button(action, face) for action, face in faces.items()}
        self.widget = HBox(list(self._buttons.values()))
        self.widget.layout.flex_flow = "row wrap"

    def _button(self, action: str, face: Face) -> Button:
        button = Button(description=face.label, tooltip=face.tooltip)
        button.layout.width = "auto"
        button.on_click(lambda _: self.click(action))
        # ipykernel 7 gives a click to the shell that wrote to the button last: the main one, which runs
        # cells. It has to go where the frontend sends it, which is a subshell.
        button.comm._reply_subshell_for = lambda _, sent_to: sent_to
        return button

    def click(self, action: str) -> None:
        """Do it, or ask whether that is meant."""
        now = time.monotonic()
        until = self._asked.get(action, 0.0)
        if self._faces[action].sure and until <= now:
            self._asked[action] = now + PATIENCE
        elif until - PATIENCE + DOUBLE_CLICK <= now:
            self._asked.pop(action, None)
            self._press(action)
        self._changed()

    def draw(self, allowed: Collection[str], *, busy: bool) -> float | None:
        """Show those that are allowed; give the seconds until one is no longer asked about."""
        now = time.monotonic()
        for action, button in self._buttons.items():
            sure = self._asked.get(action, 0.0) > now and action in allowed
            face = self._faces[action]
            button.description = face.sure if sure else face.label
            button.button_style = "danger" if sure else ""
            button.disabled = busy
            button.layout.display = None if action in allowed else "none"
        return min((at - now for at in self._asked.values() if at > now), default=None)
