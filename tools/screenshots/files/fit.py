"""Fit a curve in epochs: computes, keeps, writes and rests by turns, so that what it uses changes.

python fit.py --epochs 40 --seconds 6
"""

from __future__ import annotations

import argparse
import math
import os
import random
import tempfile
import time
from pathlib import Path

from jupyter_jobsub import progress

POINTS = [(x, math.sin(3 * x) + random.gauss(0, 0.1)) for x in (n / 1000 for n in range(-1000, 1000))]
CHECKPOINT = 48 * 2**20  # bytes
KEPT = 8  # epochs whose batches stay in memory


def fit(weights: list[float], seconds: float) -> float:
    """Go down the gradient for a while; answer the mean squared error."""
    end = time.monotonic() + seconds
    loss = 0.0
    while time.monotonic() < end:
        loss = 0.0
        for x, y in random.sample(POINTS, 400):
            powers = [x**n for n in range(len(weights))]
            error = sum(w * p for w, p in zip(weights, powers, strict=True)) - y
            loss += error * error / 400
            for n, power in enumerate(powers):
                weights[n] -= 0.02 * error * power
    return loss


def save(losses: list[float], weights: list[float]) -> None:
    """Write what is kept: the model, the errors as a table and as a picture."""
    folder = Path(os.environ["JOBSUB_ARTIFACTS"])
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "weights.txt").write_text("".join(f"{weight:+.6f}\n" for weight in weights))
    rows = [f"{epoch},{loss:.6f}\n" for epoch, loss in enumerate(losses, 1)]
    (folder / "loss.csv").write_text("".join(["epoch,loss\n", *rows]))
    (folder / "loss.svg").write_text(curve(losses))


def curve(losses: list[float]) -> str:
    """Draw the errors from epoch to epoch."""
    wide, high = 560 / max(len(losses) - 1, 1), 240 / max(losses)
    points = " ".join(f"{20 + n * wide:.1f},{280 - loss * high:.1f}" for n, loss in enumerate(losses))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 300" width="600" height="300">
<rect width="600" height="300" fill="white"/>
<path d="M20 20V280H580" fill="none" stroke="#888"/>
<polyline points="{points}" fill="none" stroke="#1976d2" stroke-width="2"/>
</svg>
"""


def main() -> None:
    """Read the options, go from epoch to epoch, and tell how far it is."""
    parser = argparse.ArgumentParser(description="Fit a curve in epochs.")
    parser.add_argument("--epochs", type=int, default=40, help="how many (40)")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each takes (6)")
    given = parser.parse_args()
    weights, losses, batches = [0.0] * 6, [], []
    for epoch in range(1, given.epochs + 1):
        share = 0.3 + 0.6 * math.sin(epoch) ** 2  # of the time it computes
        losses.append(fit(weights, given.seconds * share))
        batches = [*batches, os.urandom(24 * 2**20)] if epoch % KEPT else []
        with tempfile.TemporaryFile() as file:
            file.write(os.urandom(CHECKPOINT if epoch % 3 == 0 else 2**20))
            file.flush()
            os.fsync(file.fileno())
        print(f"\033[1mepoch {epoch:2}\033[0m  loss \033[32m{losses[-1]:.4f}\033[0m  checkpoint written")
        progress(epoch / given.epochs, f"epoch {epoch} of {given.epochs}, loss {losses[-1]:.4f}")
        time.sleep(given.seconds * (1 - share))
    save(losses, weights)
    print(f"\033[32mdone\033[0m: loss {losses[-1]:.4f} after {given.epochs} epochs")


if __name__ == "__main__":
    main()
