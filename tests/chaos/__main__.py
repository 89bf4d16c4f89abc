"""``python -m tests.chaos [--fault X1] [--rounds N]``: real faults at random points, and what they broke."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .campaign import CAMPAIGNS, Campaign, Played, Tally

CACHE = Path(__file__).parent.parent.parent / ".cache"
PROGRESS = 10  # rounds from one line of progress to the next


def main(arguments: list[str] | None = None) -> int:
    """Play the rounds; 1 if any of them broke something."""
    options = _parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    CACHE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=CACHE))
    broken = False
    try:
        of_engine = [name for name, each in CAMPAIGNS.items() if each.engine == options.engine]
        for name in options.fault or of_engine:
            broken = bool(_play(options, name, folder / name.lower()).faults) or broken
    finally:
        if broken:
            print(f"the stores, the logs and the run folders are kept in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return int(broken)


def _end(number: int, _: object) -> None:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # what was started is ended in peace
    print("ending what was started", file=sys.stderr, flush=True)
    sys.exit(128 + number)


def _play(options: argparse.Namespace, name: str, folder: Path) -> Tally:
    campaign: Campaign = CAMPAIGNS[name]
    numbers: Sequence[int] = range(options.rounds or campaign.rounds)
    numbers = numbers if options.round is None else [options.round]
    tally, began = Tally(), time.monotonic()
    folder.mkdir()
    with campaign.open(folder, options.seed) as player:
        for number in numbers:
            played = player.play(number)
            tally.add(played)
            _tell(options, name, number, played)
            if tally.rounds % PROGRESS == 0 and tally.rounds < len(numbers):
                print(f"{name}: {tally} of {len(numbers)}", file=sys.stderr, flush=True)
    seconds = time.monotonic() - began
    print(f"{name}: {tally}; {campaign.about}; seed {options.seed}, {seconds:.0f} s", flush=True)
    return tally


def _tell(options: argparse.Namespace, name: str, number: int, played: Played) -> None:
    for fault in played.faults:
        print(f"{name} round {number}: {fault.kind}: {fault.text}", flush=True)
    if played.faults:
        replay = f"--fault {name} --seed {options.seed} --round {number}"
        print(f"replay: make chaos ARGS='{replay}'", flush=True)
    if options.verbose:
        print(f"{name} round {number}: {played}", flush=True)


def _parser() -> argparse.ArgumentParser:
    number = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    rounds = int(os.environ.get("ROUNDS") or 0)
    own = ", ".join(f"{name}: {campaign.rounds}" for name, campaign in CAMPAIGNS.items())
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--fault", action="append", choices=CAMPAIGNS, help="this one; may be repeated (all)")
    engines = sorted({campaign.engine for campaign in CAMPAIGNS.values()})
    parser.add_argument("--engine", choices=engines, default="local", help="all of this one's (local)")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"of each fault, or $ROUNDS ({own})")
    parser.add_argument(
        "--seed", type=int, default=number, help="what they are chosen from (random, or $SEED)"
    )
    parser.add_argument("--round", type=int, help="this round alone, to replay it")
    parser.add_argument("--verbose", "-v", action="store_true", help="print a line a round")
    return parser


if __name__ == "__main__":
    sys.exit(main())
