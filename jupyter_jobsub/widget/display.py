"""Where views are in a notebook, and what ends them."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any, Protocol

from IPython.core.getipython import get_ipython
from IPython.display import display, update_display

from .markup import seen_either

if TYPE_CHECKING:
    from ipywidgets import Widget

VIEW_TYPE = "application/vnd.jupyter.widget-view+json"


class Shown(Protocol):
    """A view that has been displayed."""

    def leave(self, cell: str) -> None:
        """Its output in this cell is gone."""

    def paint(self) -> object:
        """Draw and save what is known now."""

    def close(self) -> None:
        """End it."""


_shown: dict[Shown, None] = {}


class Place:
    """A view's two outputs in a cell, of which one is seen.

    The first is HTML: it is what a saved notebook keeps, and what is read where there are no widgets. The
    second is the widget. They are apart because JupyterLab shows nothing but an error for a widget that is
    gone, whatever else its output holds, and because replacing an output takes the keyboard's focus away.
    """

    def __init__(self, key: str, widget: Widget) -> None:
        self.cell = current_cell()
        self._key = key
        self._id = token_hex(8)
        self._widget = widget
        self._saved = ("", "")

    def show(self, text: str, saved: str) -> None:
        """Display both."""
        self._saved = text, saved
        display(self._bundle(text, saved), raw=True, display_id=f"{self._id}-saved")
        live = {"text/plain": "", VIEW_TYPE: self._widget._repr_mimebundle_()[VIEW_TYPE]}
        display(live, raw=True, display_id=f"{self._id}-live")

    def save(self, text: str, saved: str) -> None:
        """Replace the first, if that changes anything."""
        if self.differs(text, saved):
            self._saved = text, saved
            update_display(self._bundle(text, saved), raw=True, display_id=f"{self._id}-saved")

    def differs(self, text: str, saved: str) -> bool:
        """Say whether the first is an older one."""
        return self._saved != (text, saved)

    def settle(self) -> None:
        """Let the first be all that is there."""
        update_display({"text/plain": "", "text/html": ""}, raw=True, display_id=f"{self._id}-live")

    def _bundle(self, text: str, saved: str) -> dict[str, str]:
        return {"text/plain": text, "text/html": seen_either(self._key, saved)}


def has_widgets() -> bool:
    """Say whether this process is a kernel; a terminal shows text."""
    return getattr(get_ipython(), "kernel", None) is not None


def current_cell() -> str | None:
    """The id of the cell that runs, where the frontend tells it."""
    shell: Any = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell: str | None = parent.get("metadata", {}).get("cellId")
    return cell


def remember(view: Shown) -> None:
    """Have a view closed when its cell is run again."""
    shell = get_ipython()
    if shell is not None:
        watch_cells(shell)
    _shown[view] = None


def forget(view: Shown) -> None:
    """It is closed."""
    _shown.pop(view, None)


def close_views(cell_id: str) -> None:
    """Close the views that a cell shows; their jobs run on.

    Parameters
    ----------
    cell_id:
        The id that the frontend gave the cell.
    """
    for view in list(_shown):
        view.leave(cell_id)


def _close_before_run(info: Any) -> None:
    if getattr(info, "cell_id", None):
        close_views(info.cell_id)


def _draw_after_run(_: Any) -> None:
    """Save what the cell has learnt, while whoever runs a notebook without a browser listens."""
    for view in list(_shown):
        view.paint()


_HOOKS = {"pre_run_cell": _close_before_run, "post_run_cell": _draw_after_run}


def watch_cells(shell: Any) -> None:
    """Have views closed when their cell is run again, and saved when any has run."""
    for event, hook in _HOOKS.items():
        if hook not in shell.events.callbacks[event]:
            shell.events.register(event, hook)


def unwatch_cells(shell: Any) -> None:
    """Undo what `watch_cells` did, and close all views."""
    for event, hook in _HOOKS.items():
        if hook in shell.events.callbacks[event]:
            shell.events.unregister(event, hook)
    for view in list(_shown):
        view.close()
