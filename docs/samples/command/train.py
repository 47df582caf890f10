"""Fit a line by gradient descent; a program like any other, which knows nothing of persopt."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path


def main() -> None:
    """Train, print what happens, save the line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    points = [(x, 3 * x - 1 + chance.gauss(0, 0.1)) for x in (chance.uniform(-1, 1) for _ in range(100))]
    slope = intercept = 0.0
    for epoch in range(1, given.epochs + 1):
        for x, y in points[:80]:
            error = slope * x + intercept - y
            slope, intercept = slope - given.lr * error * x, intercept - given.lr * error
        loss = sum((slope * x + intercept - y) ** 2 for x, y in points[80:]) / 20
        print(f"Epoch {epoch}/{given.epochs} - val_loss: {loss:.6f}", flush=True)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "line.json").write_text(json.dumps({"slope": slope, "intercept": intercept}))


if __name__ == "__main__":
    main()
