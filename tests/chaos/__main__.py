"""``python -m tests.chaos [--rounds 200] [--seed N]``: kill −9 at random points, and count what breaks."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from .play import Rounds

CACHE = Path(__file__).parent.parent.parent / ".cache"


def main(arguments: list[str] | None = None) -> int:
    """Play the rounds; 1 if any of them broke something."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    CACHE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=CACHE))
    faults = _play(options, folder)
    if faults:
        print(f"the store, the logs and the run folders are kept in {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _play(options: argparse.Namespace, folder: Path) -> Counter[str]:
    faults: Counter[str] = Counter()
    began, kills = time.monotonic(), Counter[str]()
    numbers = [options.round] if options.round is not None else range(options.rounds)
    with Rounds(folder, options.seed) as rounds:
        for number in numbers:
            played = rounds.play(number)
            kills += played.kills
            faults += Counter(fault.kind for fault in played.faults)
            for fault in played.faults:
                print(f"round {number}: {fault.kind}: {fault.text}", flush=True)
            if played.faults:
                print(f"replay: make chaos ARGS='--seed {options.seed} --round {number}'", flush=True)
            if options.verbose:
                print(f"round {number}: {played}", flush=True)
    killed = ", ".join(f"{count} × {victim}" for victim, count in sorted(kills.items()))
    print(f"seed {options.seed}, {time.monotonic() - began:.0f} s; killed: {killed or 'nothing'}")
    rest = f", {faults['wrong']} wrong" if faults["wrong"] else ""
    print(f"{len(numbers)} rounds, {faults['lost']} lost, {faults['twice']} twice{rest}")
    return faults


def _parser() -> argparse.ArgumentParser:
    number = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    rounds = int(os.environ.get("ROUNDS") or 200)
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=rounds, help="how many (200, or $ROUNDS)")
    parser.add_argument(
        "--seed", type=int, default=number, help="what they are chosen from (random, or $SEED)"
    )
    parser.add_argument("--round", type=int, help="this round alone, to replay it")
    parser.add_argument("--verbose", "-v", action="store_true", help="print a line a round")
    return parser


if __name__ == "__main__":
    sys.exit(main())
