"""Runs the cells, passes on what they write, keeps the file up to date."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from queue import Empty
from typing import Any

import zmq.asyncio
from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

from ..reports import Hidden
from .document import OutputFile, extend_stream
from .errors import RunnerError
from .kernel import Kernel
from .log import NO_ROOM

SAVE_SECONDS = 2.0  # at most this often while a cell writes, and less often if saving is slow
SAVE_SHARE = 0.05  # of the time may be spent on saving
REPORT_SECONDS = 1.0
REPEAT_CHARACTERS = 1500  # of output, so that a reader of the log's end always finds the progress
QUOTED_LINES = 10
QUOTED_TEXT = 500
PROGRESS_MODELS = ("FloatProgressModel", "IntProgressModel")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Execution(NotebookClient):
    """One run of one notebook in a kernel that has been started."""

    def __init__(self, kernel: Kernel, output: OutputFile) -> None:
        # no limit on waiting for a cell's last output: a slow disk must not lose any
        super().__init__(output.notebook, km=kernel.manager, timeout=None, iopub_timeout=10**6)
        self.kernel = kernel
        self.shell_timeout_interval = 1
        self.file = output
        self.total = sum(map(self._runs, self.nb.cells))
        self.saved_at = self.reported_at = 0.0
        self.marker, self.unreported = "", 0
        self.own = False  # the marker is a report that a cell has made
        self.hidden = {"stdout": Hidden(), "stderr": Hidden()}

    async def run(self) -> int:
        """Run all cells and answer the exit code.

        Raises
        ------
        RunnerError
            If a cell fails, the kernel dies or the result can't be saved.
        """
        keep_saved = asyncio.create_task(self._keep_saved())
        try:
            await self._connect()
            return await self._run_cells()
        except DeadKernelError as error:
            _write("stderr", self.kernel.last_words.unsaid().decode("utf-8", "replace"))
            raise RunnerError(self._death()) from error
        finally:
            keep_saved.cancel()

    async def finish(self, told: asyncio.Future[int]) -> None:
        """Save for the last time; where there is no room, wait for it until told to end.

        Raises
        ------
        RunnerError
            If that can't be done.
        """
        self.set_widgets_metadata()
        while True:
            try:
                return self.file.save()
            except OSError as error:
                if error.errno not in NO_ROOM or told.done():
                    raise RunnerError(f"{self.file.path} can't be saved: {error.strerror}.") from error
            await asyncio.wait({told}, timeout=SAVE_SECONDS)

    async def _connect(self) -> None:
        """Wait until the kernel answers, and until its outputs reach us."""
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.RCVHWM, 0)  # by default the kernel drops what we are slow to read
        self.kc = self.kernel.manager.client(context=context)
        self.kc.start_channels()
        self.kc.allow_stdin = False
        info = None
        while info is None or not await self._hears():
            info = await self.async_wait_for_reply(self.kc.kernel_info())
        self.nb.metadata.language_info = info["content"]["language_info"]
        self._save()
        self._report()

    async def _hears(self) -> bool:
        assert self.kc is not None
        try:
            await ensure_async(self.kc.iopub_channel.get_msg(timeout=0.2))
        except Empty:
            return False
        return True

    async def _run_cells(self) -> int:
        for index, cell in enumerate(self.nb.cells):
            if not self._runs(cell):
                continue
            try:
                await self.async_execute_cell(cell, index, execution_count=self.code_cells_executed + 1)
            except CellExecutionError as error:
                if error.ename == "SystemExit":
                    return self._exit_code(error)
                raise RunnerError(self._failure(error, cell)) from error
            self._report()
            if time.monotonic() >= self.saved_at + self.file.cost / SAVE_SHARE:
                self._save()
        return 0

    def _runs(self, cell: NotebookNode) -> bool:
        tags = cell.metadata.get("tags", [])
        return bool(cell.cell_type == "code" and cell.source.strip() and self.skip_cells_with_tag not in tags)

    # what the kernel sends

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Show it in the log, then note it in the document."""
        if msg["msg_type"] == "stream":
            self.kernel.last_words.said(msg["content"]["text"])
        if msg["msg_type"] == "stream" and not self._without_reports(msg["content"]):
            return None
        if self.unreported > REPEAT_CHARACTERS:
            self._mark()
        self.unreported += _echo(msg)
        self.file.changed = True
        return super().process_message(msg, cell, cell_index)

    def _without_reports(self, content: dict[str, Any]) -> str:
        """Take the job's own reports out of a stream's text: they count from then on, and cells no more."""
        hidden, text = self.hidden[content["name"]], content["text"]
        if "\x1b" in text or hidden.held:
            content["text"] = text = hidden.of(text.encode("utf-8", "replace")).decode()
        if hidden.newest:
            self.marker, self.own, hidden.newest = hidden.newest.decode("utf-8", "replace"), True, None
            self._mark()
        return str(text)

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Note an output; text of a stream goes on where that stream was."""
        if msg["msg_type"] != "stream":
            return super().output(outs, msg, display_id, cell_index)
        hooked = self.output_hook_stack[msg["parent_header"].get("msg_id")]
        fresh = hooked or self.clear_before_next_output
        stream = None if fresh else _open_stream(outs, msg["content"]["name"])
        if stream is None:
            return super().output(outs, msg, display_id, cell_index)
        stream.text = extend_stream(stream.text, msg["content"]["text"])
        return stream

    def handle_comm_msg(self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int) -> None:
        """Follow widgets; a progress bar among them moves the job's progress inside its cell."""
        super().handle_comm_msg(outs, msg, cell_index)
        state = self.widget_state.get(msg["content"]["comm_id"], {})
        if state.get("_model_name") not in PROGRESS_MODELS or not state.get("max"):
            return
        if time.monotonic() >= self.reported_at + REPORT_SECONDS:
            self._report(inside=min(max(state.get("value", 0) / state["max"], 0.0), 1.0))

    # what people read

    def _report(self, inside: float | None = None) -> None:
        if self.own:
            return
        done = self.code_cells_executed - (inside is not None)
        fraction = (done + (inside or 0.0)) / self.total if self.total else 1.0
        self.marker = f"\x1b]7717;{fraction:.4f};cell {done}/{self.total}\x07"
        self.reported_at = time.monotonic()
        self._mark()

    def _mark(self) -> None:
        self.unreported = 0
        sys.stdout.write(self.marker)
        sys.stdout.flush()

    def _failure(self, error: CellExecutionError, cell: NotebookNode) -> str:
        what = f"{error.ename}: {_ANSI.sub('', error.evalue)[:QUOTED_TEXT]}"
        return f"Cell {self.code_cells_executed} failed: {what}\n\n{_quote(cell)}"

    def _death(self) -> str:
        code = self.kernel.returncode or 0
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        why = " (out of memory?)" if code == -signal.SIGKILL else ""
        if not self.code_cells_executed:
            return f"The kernel {how}{why} before the first cell; the log has its last words."
        cell = [c for c in self.nb.cells if self._runs(c)][self.code_cells_executed - 1]
        return f"The kernel {how}{why} in cell {self.code_cells_executed}.\n\n{_quote(cell)}"

    @staticmethod
    def _exit_code(error: CellExecutionError) -> int:
        """Answer as ``sys.exit`` in a script does."""
        if error.evalue in ("", "None", "0", "False"):
            return 0
        return int(error.evalue) & 255 if error.evalue.lstrip("-").isdecimal() else 1

    # the file

    async def _keep_saved(self) -> None:
        while True:
            await asyncio.sleep(max(SAVE_SECONDS, self.file.cost / SAVE_SHARE))
            if self.file.changed:
                self._save()

    def _save(self) -> None:
        """Save; what prevents it now need not end hours of work: the last save will tell."""
        try:
            self.file.save()
        except OSError as error:
            print(f"{self.file.path} can't be saved now: {error.strerror}", file=sys.stderr)
        self.saved_at = time.monotonic()


def _echo(msg: dict[str, Any]) -> int:
    """Write what a person would see of a message, as it is; answer its length."""
    kind, content = msg["msg_type"], msg["content"]
    if kind == "stream":
        return _write(content["name"], content["text"])
    if kind == "error":
        return _write("stderr", "\n".join(content["traceback"]) + "\n")
    if kind in ("execute_result", "display_data"):
        data = content["data"]
        if "text/plain" in data and "application/vnd.jupyter.widget-view+json" not in data:
            return _write("stdout", data["text/plain"] + "\n")
    return 0


def _write(stream: str, text: str) -> int:
    file = sys.stderr if stream == "stderr" else sys.stdout
    file.buffer.write(text.encode("utf-8", "replace"))
    file.flush()
    return len(text)


def _open_stream(outs: list[NotebookNode], name: str) -> NotebookNode | None:
    """Find the stream of that name behind the last output of another kind."""
    for out in reversed(outs):
        if out.output_type != "stream":
            return None
        if out.name == name:
            return out
    return None


def _quote(cell: NotebookNode) -> str:
    lines = cell.source.splitlines()
    shown = [line[:QUOTED_TEXT] for line in lines[:QUOTED_LINES]]
    return "\n".join(shown + ["…"] * (len(lines) > QUOTED_LINES))
