"""Let many walkers go at random for a while: tells how far it is, and keeps what it finds.

jupyter jobsub submit simulate.py --follow -- --seconds 30
jupyter jobsub top
jupyter jobsub artifacts download ID
"""

from __future__ import annotations

import argparse
import os
import random
import time
from pathlib import Path

try:
    from jupyter_jobsub import progress
except ImportError:  # a container image may lack it, and needs no more than this

    def progress(fraction: float, text: str = "") -> None:
        """Tell how far it is (README.md, "Progress")."""
        print(f"\033]7717;{fraction};{text}\a", end="", flush=True)


WALKERS = 50_000


def simulate(seconds: float) -> list[float]:
    """Give how far the walkers are from where they began, on average, after each step."""
    walkers, spread = [0.0] * WALKERS, [0.0]
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < seconds:
        walkers = [place + random.choice((-1, 1)) for place in walkers]
        spread.append(sum(map(abs, walkers)) / WALKERS)
        progress(passed / seconds, f"step {len(spread) - 1}: {spread[-1]:.2f} away")
    return spread


def main() -> None:
    """Read the options, and write a table into the folder of what is kept."""
    parser = argparse.ArgumentParser(description="Let walkers go at random for a while.")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to go on (30)")
    spread = simulate(parser.parse_args().seconds)
    rows = [f"{step},{away:.4f}\n" for step, away in enumerate(spread)]
    Path(os.environ["JOBSUB_ARTIFACTS"], "walk.csv").write_text("".join(["step,distance\n", *rows]))
    print(f"{WALKERS} walkers are {spread[-1]:.2f} away after {len(rows) - 1} steps")


if __name__ == "__main__":
    main()
