"""``python -m benchmarks [F3 F4 …] [--json FILE]``: one line a figure, both terms in it."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import (
    admission,
    cluster,
    idle,
    lag,
    latency,
    machine,
    memory,
    pages,
    panel,
    submits,
    surfaces,
    throughput,
)
from .figures import KUBERNETES, REGISTRY, Bench, CannotMeasure, Outcome
from .http import Closed

__all__ = [
    "admission",
    "cluster",
    "idle",
    "lag",
    "latency",
    "memory",
    "pages",
    "panel",
    "submits",
    "surfaces",
    "throughput",
]  # importing them registers their figures

CACHE = Path(__file__).parent.parent / ".cache"
UNMEASURABLE = (CannotMeasure, Closed, OSError, TimeoutError, subprocess.SubprocessError, KeyError)


def main(arguments: list[str] | None = None) -> int:
    """Take the figures; 0 if all could be measured, whatever they came to."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    CACHE.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="bench-", dir=CACHE))
    try:
        return _run(options, Bench(scratch, CACHE))
    except CannotMeasure as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run(options: argparse.Namespace, bench: Bench) -> int:
    measures = (KUBERNETES if options.engine == "kubernetes" else REGISTRY).choose(options.figures)
    found = machine.facts(bench.scratch)
    print(machine.line(found))
    print("Each side's median; ratio and difference are the median of the pairs'.", flush=True)
    outcomes: list[Outcome] = []
    failures: dict[str, str] = {}
    for id, measure in measures.items():
        began = time.monotonic()
        try:
            outcomes += _print(measure(bench))
        except UNMEASURABLE as error:
            failures[id] = str(error) or type(error).__name__
            print(f"{id:<5}could not be measured: {failures[id]}", flush=True)
        print(f"{id} took {time.monotonic() - began:.0f} s", file=sys.stderr)
    if options.json:
        _write(options.json, found, outcomes, failures)
    return 1 if failures else 0


def _print(outcomes: Any) -> list[Outcome]:
    for outcome in outcomes:
        print(outcome, flush=True)
    return list(outcomes)


def _write(path: Path, found: dict[str, Any], outcomes: list[Outcome], failures: dict[str, str]) -> None:
    figures = [outcome.document() for outcome in outcomes]
    path.write_text(json.dumps({"machine": found, "figures": figures, "failures": failures}, indent=1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the promised figures.")
    parser.add_argument("figures", nargs="*", metavar="F3", help="figures to take; all if none is named")
    parser.add_argument(
        "--engine", choices=("local", "kubernetes"), default="local", help="whose figures (local)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every sample here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
