"""How many patterns does a memory hold? Pairs of spins, triples, and the exponential, against the load.

Run it: python examples/dense_memory.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from neuromorph import associative_memory as memory
from neuromorph.estimate import Estimate

MEMORIES = ("classic", "cubic", "exponential")
LABELS = {"classic": "pairs, Hebb's rule", "cubic": "triples, n = 3", "exponential": "exponential"}


def main(argv: list[str] | None = None) -> dict[str, list[Estimate]]:
    """Write the figure and print its table; return the share of recalled cues of each memory and load."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--spins", type=int, default=128)
    parser.add_argument("--cues", type=int, default=60)
    parser.add_argument("--noise", type=float, default=0.1, help="fraction of the spins of a cue that are flipped")
    parser.add_argument("--largest", type=float, default=100.0, help="largest load, patterns a spin")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("dense_memory.png"))
    options = parser.parse_args(argv)

    n = options.spins
    counts = np.unique(np.rint(np.geomspace(0.02, options.largest, 22) * n).astype(int))
    stored = np.random.default_rng(options.seed).choice([-1, 1], (counts[-1], n)).astype(np.int8)
    shares: dict[str, list[Estimate]] = {name: [] for name in MEMORIES}
    print(f"{n} spins, {options.noise:.0%} of a cue flipped; recalled: at most 5 % of the spins wrong at rest")
    print("patterns   load   " + "   ".join(f"{name:>11}" for name in MEMORIES))
    for k in counts:
        x = stored[:k]
        for name in MEMORIES:
            kept = {
                "classic": memory.hebb(x),
                "cubic": memory.DenseMemory(x, 3).recall,
                "exponential": memory.DenseMemory(x, None).recall,
            }[name]
            at = memory.basin_of_attraction(
                kept, x, [1.0 - 2.0 * options.noise], cues=options.cues, tolerance=0.05, rng=options.seed
            )
            shares[name] += at.recalled
        row = "   ".join(f"{shares[name][-1].value:>11.0%}" for name in MEMORIES)
        print(f"{k:>8} {k / n:>6.2f}   {row}")
    _draw(counts / n, shares, options)
    print(f"wrote {options.out}")
    half = {
        name: [k / n for k, share in zip(counts, of, strict=True) if share.value >= 0.5] for name, of in shares.items()
    }
    told = {name: f"{loads[-1]:.2g}{' or more' if len(loads) == len(counts) else ''}" if loads else "none"
            for name, loads in half.items()}  # fmt: skip
    print(f"loads at which half of the cues are recalled: pairs {told['classic']}, published 0.138 without noise; "
          f"triples {told['cubic']}, published of the order of n; exponential {told['exponential']}, published beyond "
          "every power of n")  # fmt: skip
    return shares


def _draw(loads: np.ndarray, shares: dict[str, list[Estimate]], options: argparse.Namespace) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MARKERS, MUTED, series_color

    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    ax = figure.subplots()
    for number, (name, of) in enumerate(shares.items()):
        y = np.array([share.value for share in of])
        error = np.array([[share.value - share.low, share.high - share.value] for share in of]).T
        ax.errorbar(
            loads, y, np.maximum(error, 0.0), color=series_color(number), marker=MARKERS[number], markersize=4,
            capsize=2, linewidth=1.3, label=LABELS[name],
        )  # fmt: skip
    critical, _ = memory.critical_load()
    ax.axvline(critical, color=MUTED, linewidth=1.0, linestyle="--")
    ax.text(critical * 0.93, 0.5, f"pairs,\ntheory: {critical:.3f}", color=MUTED, fontsize=9, va="center", ha="right")
    ax.set(xscale="log", xlabel="load: patterns a spin", ylabel="cues recalled (95 % interval)", ylim=(-0.03, 1.03))
    ax.set_title(f"{options.spins} spins, {options.noise:.0%} of each cue flipped", fontsize=10, color=MUTED)
    ax.legend(frameon=False, fontsize=9)
    ax.grid(color=LINE)
    ax.spines[["top", "right"]].set_visible(False)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(options.out, dpi=150)


if __name__ == "__main__":
    main()
