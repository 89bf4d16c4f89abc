"""Links to files of jobs, for whoever looks at the notebook that this kernel runs."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import quote

from jupyter_core.paths import jupyter_runtime_dir


@dataclass(frozen=True)
class Server:
    """The Jupyter server that started this kernel, as far as it is known.

    Parameters
    ----------
    root:
        The folder whose files it shows; None where there is no such server.
    base_url:
        The path that its addresses begin with.
    notebook:
        The notebook's own folder, or None.
    """

    root: str | None = None
    base_url: str = "/"
    notebook: str | None = None

    def shown(self, path: str) -> str | None:
        """The path as the server's file browser has it; None if it does not show the file."""
        found = _below(self.root, path)
        return None if found is None or found.startswith(os.pardir + os.sep) else found


def _below(folder: str | None, path: str) -> str | None:
    return folder and os.path.relpath(os.path.realpath(path), os.path.realpath(folder))


@cache
def server() -> Server:
    """Find the server by what it told this process, and by what it wrote about itself."""
    session = os.environ.get("JPY_SESSION_NAME", "")
    notebook = os.path.dirname(session) if os.path.isabs(session) else None
    said = Path(jupyter_runtime_dir(), f"jpserver-{os.environ.get('JPY_PARENT_PID')}.json")
    try:
        info = json.loads(said.read_text())
        return Server(str(info["root_dir"]), str(info["base_url"]), notebook)
    except (OSError, ValueError, KeyError, TypeError):  # started by something else
        return Server()


def live_link(path: str | None, on: Server) -> str:
    """HTML of the output notebook: a click opens it beside this one."""
    shown = on.shown(path) if path else None
    if not path or shown is None:
        return _line(escape(path)) if path else ""
    href = f"{on.base_url.rstrip('/')}/lab/tree/{quote(shown)}"
    command = f'data-commandlinker-command="docmanager:open" data-commandlinker-args="{_arguments(shown)}"'
    return _line(f'<a href="{escape(href)}" target="_blank" {command}>{escape(shown)}</a>')


def _arguments(path: str) -> str:
    return escape(json.dumps({"path": path}))


def saved_link(path: str | None, on: Server) -> str:
    """The same for a saved notebook, from where that lies."""
    shown = on.shown(path) if path else None
    if not path or shown is None:
        return _line(escape(path)) if path else ""
    relative = _below(on.notebook, path)
    return _line(f'<a href="{quote(relative)}">{escape(shown)}</a>' if relative else escape(shown))


def _line(file: str) -> str:
    return f"<div>Output: {file}</div>"
