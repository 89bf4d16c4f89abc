"""Evaluate what was trained before."""

from __future__ import annotations

import argparse
from pathlib import Path


def load(name: str) -> list[float]:
    """Read the weights of a model."""
    file = Path("models", name, "weights.txt")
    if not file.exists():
        raise ValueError(f"there is no model {name!r} in models/: train it first")
    return [float(line) for line in file.read_text().splitlines()]


def main() -> None:
    """Say how large a model is."""
    parser = argparse.ArgumentParser(description="Evaluate what was trained before.")
    parser.add_argument("--model", required=True, help="its name")
    name = parser.parse_args().model
    print(f"loading {name} ...", flush=True)
    print(f"{name} has {len(load(name))} weights")


if __name__ == "__main__":
    main()
