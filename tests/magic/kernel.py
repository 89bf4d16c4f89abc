"""A real kernel, and what its cells do."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

SECONDS = 60


@dataclass
class Outcome:
    """What one cell did."""

    out: str = ""
    err: str = ""
    value: str | None = None
    shown: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    status: str = ""

    @property
    def text(self) -> str:
        """All that a person reads of a command: what it printed and the tables that it showed."""
        return self.out + "".join(data["text/plain"] for data in self.shown)


class Kernel:
    """A kernel of the environment that the tests run in, in a folder of its own."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder = folder
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(folder), env=env)
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=SECONDS)

    def run(
        self, code: str, *, answer: str | None = None, on_output: Callable[[Outcome], object] = lambda _: None
    ) -> Outcome:
        """Run a cell to its end; the answer is for whoever asks."""
        seen = Outcome()

        def hear(message: dict[str, Any]) -> None:
            _note(seen, message["msg_type"], message["content"])
            on_output(seen)

        reply = self.client.execute_interactive(
            code,
            allow_stdin=answer is not None,
            stdin_hook=lambda _: self.client.input(answer or ""),
            output_hook=hear,
            timeout=SECONDS,
        )
        seen.status = reply["content"]["status"]
        return seen

    def do(self, code: str) -> Outcome:
        """Run a cell that has to succeed."""
        seen = self.run(code)
        assert seen.status == "ok", seen
        return seen

    def fail(self, code: str) -> str:
        """Run a cell that has to fail without a traceback, and give what a person reads of it."""
        seen = self.run(code)
        assert seen.status == "error", seen
        assert seen.error
        shown = "\n".join(seen.error["traceback"])
        assert "Traceback" not in shown + seen.err
        return seen.err + shown

    def ask(self, expression: str) -> Any:
        """Give the value of an expression, and leave `_` as it is."""
        reply = self.client.execute("", user_expressions={"it": expression}, reply=True, timeout=SECONDS)
        found = reply["content"]["user_expressions"]["it"]
        assert found["status"] == "ok", found
        return literal_eval(found["data"]["text/plain"])

    def complete(self, line: str) -> list[str]:
        """Give what the Tab key offers at the end of the line, as the line would be then."""
        reply = self.client.complete(line, reply=True, timeout=SECONDS)["content"]
        at = slice(reply["cursor_start"], reply["cursor_end"])
        return [line[: at.start] + text + line[at.stop :] for text in reply["matches"]]

    def kill(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def _note(seen: Outcome, kind: str, content: dict[str, Any]) -> None:
    if kind == "stream" and content["name"] == "stdout":
        seen.out += content["text"]
    elif kind == "stream":
        seen.err += content["text"]
    elif kind == "display_data":
        seen.shown.append(content["data"])
    elif kind == "execute_result":
        seen.value = content["data"]["text/plain"]
    elif kind == "error":
        seen.error = content
