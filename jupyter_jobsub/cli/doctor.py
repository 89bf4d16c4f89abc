"""``doctor``: what may be wrong on this machine, and what to do about it."""

from __future__ import annotations

import argparse
import os
import sys

from .errors import ERROR, OK
from .output import clean, json_line
from .parser import Parser, examples
from .terminal import terminal

COLOURS = {"ok": "\x1b[32m", "warn": "\x1b[33m", "fail": "\x1b[31m"}


def declare_doctor(parser: Parser) -> None:
    """Declare ``doctor``."""
    parser.description = (
        "Check this machine, and say what to do about what is wrong. Starts nothing.\n"
        "The exit code is 1 if something has failed; warnings don't count."
    )
    examples(parser, "doctor", "doctor --json | jq 'select(.level != \"ok\")'")
    parser.set_defaults(run=doctor)


def doctor(args: argparse.Namespace) -> int:
    """Carry ``doctor`` out."""
    from .checks import run_checks

    failed = False
    for finding in run_checks(os.environ):
        failed = failed or finding.level == "fail"
        if args.json:
            json_line(finding._asdict())
        else:
            _tell(finding.level, finding.check, finding.text, finding.remedy)
    return ERROR if failed else OK


def _tell(level: str, check: str, text: str, remedy: str) -> None:
    word = f"{level:<5}"
    if terminal().for_people() and "NO_COLOR" not in os.environ:
        word = f"{COLOURS[level]}{word}\x1b[0m"
    print(f"{word} {check}: {clean(text)}")
    if remedy:
        print(f"      {clean(remedy)}")
    sys.stdout.flush()
