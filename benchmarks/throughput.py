"""F10: what keeping and following a log takes from a job that writes as fast as it can."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from . import product
from .figures import REGISTRY, Bench, Bound, CannotMeasure, Outcome, Term, interleave
from .product import JOBS, Service

PAIRS = 25
PIECE = 4096
PIECES = 60_000  # 246 MB
WRITER = """\
import os, sys, time
piece = (b"0123456789abcdef" * 4)[:-1] + b"\\n"
piece *= {size} // len(piece)
began = time.perf_counter()
for _ in range({count}):
    os.write(1, piece)
elapsed = time.perf_counter() - began
with open(sys.argv[1], "w") as report:
    report.write(str(elapsed))
"""


@REGISTRY.figure("F10")
def fast_writer(bench: Bench) -> Sequence[Outcome]:
    """Time a writer by its own clock, followed as a job, and with its output sent to a file."""
    folder = bench.folder("F10")
    writer = folder / "writer.py"
    writer.write_text(WRITER.format(size=PIECE, count=PIECES))
    with product.running(bench, "F10-service") as service:
        ours, file = interleave(
            PAIRS, lambda: _followed(service, writer, folder), lambda: _to_file(writer, folder)
        )
    return [
        Outcome(
            "F10",
            f"writer of {PIECE * PIECES // 10**6} MB in {PIECE} B pieces, with a follower",
            Term("ours", ours, "ms"),
            Term("> file", file, "ms"),
            Bound("≤ 1.03 ×", 1.03),
        )
    ]


def _followed(service: Service, writer: Path, folder: Path) -> float:
    report = folder / "report"
    command = [sys.executable, "-I", "-S", str(writer), str(report)]
    with service.connect() as connection, service.connect() as follower:
        id = product.submit(connection, {"command": command})["id"]
        follower.open_stream(f"{JOBS}/{id}/log?follow=true")
        follower.discard(b"event: end")
        final = connection.request("GET", f"{JOBS}/{id}").json()
        if final["exit_code"] != 0:
            raise CannotMeasure(f"the writer ended {final['phase']}: {final['message']}")
        connection.request("DELETE", f"{JOBS}/{id}")
    return float(report.read_text()) * 1e3


def _to_file(writer: Path, folder: Path) -> float:
    report, output = folder / "report", folder / "output"
    with output.open("wb") as file:
        subprocess.run([sys.executable, "-I", "-S", writer, report], stdout=file, check=True)
    output.unlink()
    return float(report.read_text()) * 1e3
