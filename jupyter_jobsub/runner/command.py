"""The command line, signals and exit codes."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import RunnerError, explain
from .kernel import Kernel
from .log import patient_streams

if TYPE_CHECKING:
    from .execution import Execution

STOP_SECONDS = 10  # for a cell to end after it was interrupted
FAILED = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the notebook and answer the exit code.

    0: all cells ran; 1: a cell failed, the kernel died, or it could not begin; 143: told to end;
    another: the code a cell gave to ``sys.exit``.
    """
    options = _parser().parse_args(argv)
    files = patient_streams()
    try:
        return asyncio.run(_run(options))
    except RunnerError as error:
        explain(str(error))
        return FAILED
    finally:
        for file in files:
            file.settle()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m jupyter_jobsub.runner", description="Run a notebook from start to end."
    )
    parser.add_argument("input", type=Path, help="the notebook")
    parser.add_argument("output", type=Path, help="where the notebook with its outputs goes")
    parser.add_argument(
        "--kernel",
        default="python3",
        help="a kernelspec's name, or an environment's folder (default: python3)",
    )
    parser.add_argument(
        "--environment", metavar="DIR", help="the environment to take if no kernelspec has that name"
    )
    parser.add_argument("--parameters", type=Path, metavar="FILE", help="a JSON object of values to inject")
    parser.add_argument(
        "--cwd",
        type=Path,
        metavar="DIR",
        help="where the cells run, first on the import path (here)",
    )
    return parser


async def _run(options: argparse.Namespace) -> int:
    kernel = Kernel(options.kernel, options.environment)
    try:
        await kernel.start(options.cwd or Path.cwd())
        execution = _prepare(kernel, options)
        return await _watch(execution)
    finally:
        await kernel.end()


def _prepare(kernel: Kernel, options: argparse.Namespace) -> Execution:
    # imported while the kernel starts. jsonschema's optional check of IRIs builds a grammar for
    # most of a second, and notebooks have none.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    from .document import OutputFile, inject, read_notebook, read_parameters
    from .execution import Execution

    notebook = read_notebook(options.input)
    parameters = read_parameters(options.parameters) if options.parameters else {}
    if parameters and kernel.spec.language.lower() != "python":
        raise RunnerError(
            "Parameters can be given to Python notebooks only; "
            f"{kernel.spec.display_name} runs {kernel.spec.language}."
        )
    if parameters:
        inject(notebook, parameters)
    return Execution(kernel, OutputFile(options.output, notebook))


async def _watch(execution: Execution) -> int:
    """Run it until it ends or a signal comes; the notebook is saved either way."""
    told = _signals()
    running = asyncio.create_task(execution.run())
    await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if told.done():
            await _interrupt(execution.kernel, running)
            return 128 + told.result()
        return running.result()
    finally:
        await execution.finish(told)


def _signals() -> asyncio.Future[int]:
    """Tell of the first signal that asks to end."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[int] = loop.create_future()

    def tell(number: int) -> None:
        if not told.done():
            told.set_result(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, tell, number)
    return told


async def _interrupt(kernel: Kernel, running: asyncio.Task[int]) -> None:
    """Let the cell end as on a keyboard interrupt, for a while."""
    await kernel.interrupt()
    dead = asyncio.create_task(kernel.process.wait())
    await asyncio.wait({running, dead}, timeout=STOP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    for task in (running, dead):
        task.cancel()
    await asyncio.gather(running, dead, return_exceptions=True)
