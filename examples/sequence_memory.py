"""A stored sequence replays: Amari's memory steps at every update, Sompolinsky and Kanter's holds each pattern.

Eight random patterns of 1000 spins in a circle; the start is the first with a fifth of its spins flipped.

    python examples/sequence_memory.py [--out DIR]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neuromorph.associative_memory import SequenceMemory

PATTERNS, SPINS, UPDATES = 8, 1000, 64


def main(arguments: list[str] | None = None) -> dict[str, NDArray[np.float64]]:
    """Print the order of replay, and return the overlaps of both memories with every pattern."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, help="folder for the figure sequence_memory.png")
    out = parser.parse_args(arguments).out
    rng = np.random.default_rng(0)
    patterns = np.where(rng.random((PATTERNS, SPINS)) < 0.5, -1, 1)
    start = patterns[0] * np.where(rng.random(SPINS) < 0.2, -1, 1)
    memories = {
        "Amari 1972: K alone": SequenceMemory(patterns, strength=1.0),
        "Sompolinsky and Kanter 1986: J, and K after 6 updates": SequenceMemory(patterns, strength=2.5, delay=6),
    }
    found = {name: each.overlaps(each.replay(start, UPDATES)) for name, each in memories.items()}
    for name, overlaps in found.items():
        print(f"{name}: {' '.join(str(1 + k) for k in overlaps.argmax(axis=1))}")
    if out is not None:
        from matplotlib.figure import Figure

        out.mkdir(parents=True, exist_ok=True)
        figure = Figure(figsize=(8.0, 4.0), layout="constrained")
        for ax, (name, overlaps) in zip(figure.subplots(2, 1, sharex=True), found.items(), strict=True):
            ax.imshow(overlaps.T, aspect="auto", cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
            ax.set(yticks=range(PATTERNS), yticklabels=range(1, PATTERNS + 1), ylabel="pattern", title=name)
        ax.set_xlabel("update; red: overlap 1")
        figure.savefig(out / "sequence_memory.png", dpi=110)
        print(f"written: {out / 'sequence_memory.png'}")
    steps = np.diff(next(iter(found.values())).argmax(axis=1)) % PATTERNS
    print("published: a pattern an update in the order of storage (Amari 1972); ours: "
          f"{(steps == 1).sum()} of {len(steps)} updates")  # fmt: skip
    return found


if __name__ == "__main__":
    main()
