"""The ground-state energy of the Sherrington-Kirkpatrick glass: tempering at finite sizes, and Parisi's number.

e_N = e + a N^(-2/3), e = -0.7631667 (Parisi, J. Phys. A 13, 1101 (1980); digits of Schmidt, dissertation, Wuerzburg
2008; the exponent of Boettcher, Eur. Phys. J. B 46, 501 (2005)).

Run it: python examples/sk_ground.py
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neuromorph import Ising
from neuromorph.rng import read_seeds
from neuromorph.sampling import tempering

PARISI = -0.7631667
BETAS = 1.0 / np.geomspace(1.5, 0.15, 16)  # from above the transition, at 1, to where the lowest states are met
CHAINS = 4  # ladders an instance: they must agree on the lowest energy
SWEEPS = {32: 200, 48: 300, 64: 400, 96: 600, 128: 1000, 192: 1500, 256: 2500}
INSTANCES = {32: 1600, 48: 1000, 64: 800, 96: 400, 128: 300, 192: 120, 256: 100}


@dataclass(frozen=True)
class Size:
    """Mean lowest energy a spin over instances of one size."""

    n: int
    instances: int
    energy: float
    error: float  # standard error over instances
    agreed: float  # share of the instances in which all ladders met the same lowest energy


@dataclass(frozen=True)
class Extrapolation:
    """e + a N^(-2/3) by weighted least squares."""

    energy: float
    error: float
    slope: float
    chi_square: float
    sizes: tuple[Size, ...]


def glass(n: int, rng: np.random.Generator) -> Ising:
    """Couplings of mean 0 and variance 1 / n between all pairs."""
    j = np.triu(rng.normal(size=(n, n)), 1) / np.sqrt(n)
    return Ising(j + j.T)


def lowest(n: int, sweeps: int, seed: np.random.SeedSequence) -> tuple[float, bool]:
    """(lowest energy a spin, whether all ladders met it) of one instance."""
    instance, run = seed.spawn(2)
    ising = glass(n, np.random.default_rng(instance))
    # "sparse" does not use BLAS, whose threads would stand in each other's way in several processes.
    samples = tempering(ising, BETAS, 1, chains=CHAINS, burn_in=sweeps, kernel="sparse", rng=run)
    found = samples.diagnostics["lowest"] / n
    return float(found.min()), bool(np.ptp(found) < 1e-9)


def _task(task: tuple[int, int, np.random.SeedSequence]) -> tuple[float, bool]:
    return lowest(*task)


def main(argv: list[str] | None = None) -> Extrapolation:
    """Write the figure and print the table; return the extrapolation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[48, 64, 96, 128, 192, 256], choices=SWEEPS)
    parser.add_argument("--instances", type=float, default=1.0, help="times the usual number of instances")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("sk_ground.png"))
    options = parser.parse_args(argv)

    sizes = []
    print(f"{'N':>5} {'instances':>10} {'energy':>10} {'error':>8} {'ladders agree':>14}")
    for n, stream in zip(options.sizes, read_seeds(options.seed, len(options.sizes)), strict=True):
        count = max(8, round(INSTANCES[n] * options.instances))
        tasks = [(n, SWEEPS[n], seed) for seed in stream.spawn(count)]
        if options.workers > 1:
            with ProcessPoolExecutor(options.workers) as pool:
                found = list(pool.map(_task, tasks, chunksize=4))
        else:
            found = [_task(task) for task in tasks]
        energies = np.array([energy for energy, _ in found])
        agreed = float(np.mean([same for _, same in found]))
        sizes.append(Size(n, count, float(energies.mean()), float(energies.std(ddof=1) / np.sqrt(count)), agreed))
        print(f"{n:>5} {count:>10} {sizes[-1].energy:>10.5f} {sizes[-1].error:>8.5f} {agreed:>14.1%}", flush=True)
    result = extrapolate(sizes)
    off = abs(result.energy - PARISI) / result.error
    print(f"slope {result.slope:.3f}, chi^2 {result.chi_square:.1f} for {len(sizes) - 2} degrees of freedom")
    print(f"N -> infinity: {result.energy:.4f} +- {result.error:.4f}, Parisi {PARISI:.4f}, {off:.1f} sigma away")
    _draw(result, options.out)
    print(f"wrote {options.out}")
    return result


def extrapolate(sizes: list[Size]) -> Extrapolation:
    """Weighted least squares in N^(-2/3)."""
    x = np.array([size.n for size in sizes], dtype=float) ** (-2.0 / 3.0)
    y, error = (np.array([getattr(size, name) for size in sizes]) for name in ("energy", "error"))
    design = np.column_stack([np.ones_like(x), x]) / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    energy, slope = covariance @ design.T @ (y / error)
    chi_square = float((((y - energy - slope * x) / error) ** 2).sum())
    return Extrapolation(float(energy), float(np.sqrt(covariance[0, 0])), float(slope), chi_square, tuple(sizes))


def _draw(result: Extrapolation, out: Path) -> None:
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
