"""A real kernel before a real service, with what a frontend would know of its widgets and outputs."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.live import Live, live

PATIENCE = 60.0
SETUP = """
from jupyter_jobsub import JobsubClient
from jupyter_jobsub.widget import buttons, register, view
buttons.PATIENCE = 600  # for a second click, on a machine that has much to do
buttons.DOUBLE_CLICK = 0.0  # a test has read the question when it clicks again
register(get_ipython())
client = JobsubClient()
"""
CLOSE = """
from jupyter_jobsub.widget import unregister
unregister(get_ipython())
"""
LEFT = """
import threading
left = [thread for thread in threading.enumerate() if thread.name.startswith("jobsub")]
for thread in left: thread.join(30)
print([thread for thread in left if thread.is_alive()], end="")
"""


class Frontend:
    """Runs cells in a kernel; keeps the state of widgets and the outputs by their display ids."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client
        self.widgets: dict[str, dict[str, Any]] = {}
        self.closed: set[str] = set()
        self.outputs: dict[str, dict[str, str]] = {}
        self.displayed: list[str] = []
        self.printed = ""
        self._done: set[str] = set()

    # cells

    def run(self, code: str, cell: str | None = None, **header: Any) -> str:
        """Run a cell to its end; give what it printed."""
        before = len(self.printed)
        self.wait_for(self.begin(code, cell, **header))
        return self.printed[before:]

    def begin(self, code: str, cell: str | None = None, **header: Any) -> str:
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        message = self.client.session.msg("execute_request", content)
        message["header"] |= header
        if cell:
            message["metadata"]["cellId"] = cell
        return self._send(message)

    def wait_for(self, request: str) -> None:
        self.until(lambda: request in self._done)

    def done(self, request: str) -> bool:
        return request in self._done

    # widgets

    def find(self, **state: Any) -> str:
        """The id of the open widget whose state has these values."""
        [found] = (id for id, has in self.widgets.items() if state.items() <= has.items())
        return found

    @property
    def html(self) -> str:
        """What is seen in all widgets."""
        return "\n".join(str(state.get("value", "")) for state in self.widgets.values())

    @property
    def labels(self) -> set[str]:
        """The buttons that are there."""
        layouts = {
            id: state for id, state in self.widgets.items() if state.get("_model_name") == "LayoutModel"
        }
        return {
            state["description"]
            for state in self.widgets.values()
            if state.get("_model_name") == "ButtonModel"
            and layouts[state["layout"].removeprefix("IPY_MODEL_")]["display"] != "none"
        }

    def click(self, label: str, **header: Any) -> None:
        content = {
            "comm_id": self.find(description=label),
            "data": {"method": "custom", "content": {"event": "click"}},
        }
        message = self.client.session.msg("comm_msg", content)
        message["header"] |= header
        self._send(message)

    def close(self, widget: str) -> None:
        """Close a widget as a frontend does."""
        self._send(self.client.session.msg("comm_close", {"comm_id": widget, "data": {}}))

    def restart(self) -> None:
        """Kill the kernel, and start another in its place."""
        self.manager.restart_kernel(now=True)
        self.client.wait_for_ready(timeout=PATIENCE)
        self.widgets.clear()

    def subshell(self) -> str:
        """Make a subshell, as JupyterLab does for widgets."""
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        reply = self.client.control_channel.get_msg(timeout=PATIENCE)
        found: str = reply["content"]["subshell_id"]
        return found

    # what the kernel says

    def until(self, true: Callable[[], Any]) -> None:
        """Read what comes until something is true."""
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, (self.html, self.outputs, self.printed)
            with suppress(Empty):
                self._take(self.client.iopub_channel.get_msg(timeout=1))

    def _send(self, message: dict[str, Any]) -> str:
        self.client.shell_channel.send(message)
        id: str = message["header"]["msg_id"]
        return id

    def _take(self, message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind == "status" and content["execution_state"] == "idle":
            self._done.add(message["parent_header"].get("msg_id", ""))
        elif kind == "comm_open":
            self.widgets[content["comm_id"]] = content["data"]["state"]
        elif kind == "comm_msg" and content["data"].get("method") == "update":
            assert content["comm_id"] in self.widgets, "a widget that is closed is drawn"
            self.widgets[content["comm_id"]] |= content["data"]["state"]
        elif kind == "comm_close":
            del self.widgets[content["comm_id"]]
            self.closed.add(content["comm_id"])
        elif kind in ("display_data", "update_display_data"):
            if display_id := content["transient"].get("display_id"):
                self.outputs[display_id] = content["data"]
            else:
                self.displayed.append(content["data"]["text/plain"])
        elif kind == "stream":
            self.printed += content["text"]
        elif kind == "error":
            self.printed += "\n".join(content["traceback"])


@pytest.fixture(scope="session")
def service() -> Iterator[Live]:
    with live() as one:
        yield one


@contextmanager
def started(service: Live) -> Iterator[Frontend]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=service.env, stderr=subprocess.DEVNULL)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        yield Frontend(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture(scope="session")
def a_kernel(service: Live) -> Iterator[Frontend]:
    with started(service) as frontend:
        yield frontend


@pytest.fixture
def kernel(a_kernel: Frontend) -> Iterator[Frontend]:
    """A kernel in which nothing is left of the test before."""
    assert a_kernel.run(SETUP) == ""
    yield a_kernel
    assert a_kernel.run(CLOSE + LEFT) == "[]"
    assert not a_kernel.widgets
    a_kernel.outputs.clear()
    a_kernel.displayed.clear()


class Gate:
    """Holds a command, or a cell, until it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)

    def open(self) -> None:
        with self.path.open("w"):  # waits for who reads
            pass

    @property
    def wait(self) -> str:
        """In a shell."""
        return f"cat {self.path}"

    @property
    def code(self) -> str:
        """In a cell."""
        return f"open({str(self.path)!r}).read()"


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")
