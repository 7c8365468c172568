"""The ground-state energy of the Sherrington-Kirkpatrick glass: tempering at finite sizes, and Parisi's number.

e_N = e + a N^(-2/3), e = -0.7631667 (Parisi, J. Phys. A 13, 1101 (1980); digits of Schmidt, dissertation, Wuerzburg
2008; the exponent of Boettcher, Eur. Phys. J. B 46, 501 (2005)).

Run it: python examples/sk_ground.py
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np

from neuromorph.rng import read_seeds
from neuromorph.validate.glass_checks import GLASS_SWEEPS, INSTANCES, PARISI, GlassFit, fit_glasses, measure_glass


def main(argv: list[str] | None = None) -> GlassFit:
    """Write the figure and print the table; return the extrapolation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[48, 64, 96, 128, 192, 256], choices=GLASS_SWEEPS)
    parser.add_argument("--instances", type=float, default=1.0, help="times the usual number of instances")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("sk_ground.png"))
    options = parser.parse_args(argv)

    sizes = []
    print(f"{'N':>5} {'instances':>10} {'energy':>10} {'error':>8} {'ladders agree':>14}")
    with ProcessPoolExecutor(options.workers) if options.workers > 1 else nullcontext() as pool:
        each = partial(pool.map, chunksize=4) if pool else map
        for n, stream in zip(options.sizes, read_seeds(options.seed, len(options.sizes)), strict=True):
            size = measure_glass(n, max(8, round(INSTANCES[n] * options.instances)), stream, each)
            sizes.append(size)
            print(
                f"{n:>5} {size.instances:>10} {size.energy:>10.5f} {size.error:>8.5f} {size.agreed:>14.1%}", flush=True
            )
    result = fit_glasses(sizes)
    off = abs(result.energy - PARISI) / result.error
    print(f"slope {result.slope:.3f}, chi^2 {result.chi_square:.1f} for {len(sizes) - 2} degrees of freedom")
    print(f"N -> infinity: {result.energy:.4f} +- {result.error:.4f}, Parisi {PARISI:.4f}, {off:.1f} sigma away")
    _draw(result, options.out)
    print(f"wrote {options.out}")
    print(f"energy a spin: published {PARISI:.4f} (Parisi 1980), ours {result.energy:.4f} +- {result.error:.4f}")
    return result


def _draw(result: GlassFit, out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.4, 3.6), layout="constrained")
    ax = figure.add_subplot()
    x = np.array([size.n for size in result.sizes], dtype=float) ** (-2.0 / 3.0)
    y, error = (np.array([getattr(size, name) for size in result.sizes]) for name in ("energy", "error"))
    line = np.array([0.0, 1.05 * x.max()])
    fit = f"{result.energy:.4f} +- {result.error:.4f}"
    ax.errorbar(x, y, error, fmt="o", markersize=4, capsize=3, color="#2f74b8", label="tempering")
    ax.plot(line, result.energy + result.slope * line, color="#2f74b8", linewidth=1.0, label=f"N to infinity: {fit}")
    ax.plot(0.0, PARISI, "D", color="#d0602f", markersize=6, label=f"Parisi: {PARISI:.4f}", clip_on=False, zorder=5)
    for size, at in zip(result.sizes, x, strict=True):
        ax.annotate(f"{size.n}", (at, size.energy), (0, -14), textcoords="offset points", ha="center", fontsize=8)
    ax.set(xlabel=r"$N^{-2/3}$", ylabel="ground-state energy a spin", xlim=(0.0, line[1]))
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
