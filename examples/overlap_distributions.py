"""P(q) of the glasses of Sherrington and Kirkpatrick and of Edwards and Anderson: replica symmetry breaking, seen.

Published: the SK glass freezes at T_c = 1, where n^(2/3) [<q^2>] of all sizes crosses; below it [<|q|>] = 1 - T (in
Parisi's solution, whose susceptibility is constant), and P(0) does not vanish with size (Young 1983). In three
dimensions P(0) hardly depends on size below T_c = 0.951 (Katzgraber, Palassini and Young 2001).

    python examples/overlap_distributions.py
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import sparse

from neuromorph import Ising
from neuromorph.rng import read_seeds
from neuromorph.sampling import replica_overlaps

COLD, HOT = 0.4, 1.5  # temperatures that are drawn
TEMPERATURES = np.array([1.6, HOT, 1.4, 1.3, 1.2, 1.1, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, COLD])
NEAR = 0.2  # P(0) is the mean of P(q) over |q| below this


@dataclass(frozen=True)
class Glass:
    """Overlaps (instances, draws, T) of one kind and size."""

    name: str
    spins: int
    overlaps: np.ndarray
    off: np.ndarray  # (instances, T), energy a spin without what the overlaps say of it: 0 in equilibrium, on average

    def mean(self, power: int) -> np.ndarray:
        """[<|q|^power>] at each temperature."""
        return (np.abs(self.overlaps) ** power).mean(axis=(0, 1))

    def scaled(self) -> np.ndarray:
        """n^(2/3) [<q^2>], which does not depend on n at the transition of the SK glass."""
        return self.spins ** (2.0 / 3.0) * self.mean(2)

    def resampled(self, rng: np.random.Generator) -> Glass:
        """The same with instances drawn again, for intervals."""
        rows = rng.integers(0, len(self.overlaps), len(self.overlaps))
        return replace(self, overlaps=self.overlaps[rows], off=self.off[rows])

    def at_zero(self) -> np.ndarray:
        """P(0)."""
        return (np.abs(self.overlaps) < NEAR).mean(axis=(0, 1)) / (2 * NEAR)


def sherrington_kirkpatrick(n: int, rng: np.random.Generator) -> Ising:
    """Gaussian couplings of variance 1 / n between all pairs."""
    j = np.triu(rng.normal(size=(n, n)), 1) / np.sqrt(n)
    return Ising(j + j.T)


def edwards_anderson(side: int, rng: np.random.Generator) -> Ising:
    """Gaussian couplings of variance 1 between neighbors on a cubic torus."""
    site = np.arange(side**3).reshape(side, side, side)
    pairs = [(site.ravel(), np.roll(site, -1, axis).ravel()) for axis in range(3)]
    i, k = (np.concatenate(each) for each in zip(*pairs, strict=True))
    j = sparse.coo_array((rng.normal(size=i.size), (i, k)), shape=(side**3, side**3))
    return Ising(sparse.csr_array(j + j.T))


def sampled(name: str, size: int, count: int, sweeps: int, seed: np.random.SeedSequence) -> Glass:
    """Overlaps of ``count`` instances, after ``sweeps`` sweeps and during as many more."""
    overlaps, off = [], []
    for stream in seed.spawn(count):
        drawn, run = stream.spawn(2)
        make = sherrington_kirkpatrick if name == "SK" else edwards_anderson
        ising = make(size, np.random.default_rng(drawn))
        found = replica_overlaps(ising, 1.0 / TEMPERATURES, sweeps // 5, burn_in=sweeps, thin=5, rng=run)
        overlaps.append(found.overlaps)
        bonds = found.link_overlaps if name == "EA" else found.overlaps**2
        pairs = 3.0 if name == "EA" else 0.5  # sum of the variances of J, a spin
        off.append(found.energies.mean(axis=0) / ising.size + pairs * found.betas * (1.0 - bonds.mean(axis=0)))
    return Glass(name, ising.size, np.array(overlaps), np.array(off))


def crossing(small: Glass, large: Glass) -> float:
    """Temperature at which the scaled [<q^2>] of two sizes cross, by lines between temperatures; NaN without one."""
    apart = large.scaled() - small.scaled()  # below 0 in the hot, above 0 in the cold
    last = np.flatnonzero((apart[:-1] < 0) & (apart[1:] >= 0))
    if not last.size:
        return float("nan")
    k = int(last[np.argmin(np.abs(TEMPERATURES[last] - 1.0))])
    share = apart[k] / (apart[k] - apart[k + 1])
    return float(TEMPERATURES[k] + share * (TEMPERATURES[k + 1] - TEMPERATURES[k]))


def summary(sk: list[Glass]) -> tuple[float, float]:
    """(T_c of the two largest sizes, [<|q|>] at the lowest temperature for n to infinity).

    Energies at finite size are off by n^(-2/3), and so is [<q^2>], which they are tied to.
    """
    x = np.array([glass.spins for glass in sk]) ** (-2.0 / 3.0)
    return crossing(sk[-2], sk[-1]), float(np.polyfit(x, [glass.mean(1)[-1] for glass in sk], 1)[1])


def runs(options: argparse.Namespace) -> Iterator[tuple[str, int, int, int]]:
    """(name, size, instances, sweeps) of each glass."""
    for n in options.sizes:
        yield "SK", n, max(3, round(options.instances * 150)), 400 + 10 * n
    for side in options.sides:
        yield "EA", side, max(3, round(options.instances * (200 if side < 5 else 60))), 40 * side**2 + 600


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Write the figure, print the table and ours beside the published values; return ours."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 64, 128], help="of the SK glass, two or more")
    parser.add_argument("--sides", type=int, nargs="+", default=[4, 6], help="of the cubic EA glass")
    parser.add_argument("--instances", type=float, default=1.0, help="times the usual number of instances")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("overlap_distributions.png"))
    options = parser.parse_args(argv)

    planned = list(runs(options))
    glasses = []
    print(f"glass   spins  [|q|] at T = {COLD:g}  P(0) at {HOT:g}  P(0) at {COLD:g}   energy off equilibrium, sigma")
    for each, seed in zip(planned, read_seeds(options.seed, len(planned)), strict=True):
        glass = sampled(*each, seed)
        glasses.append(glass)
        error = glass.off.std(axis=0, ddof=1) / np.sqrt(len(glass.off))
        sigma = np.abs(glass.off.mean(axis=0) / error).max()
        hot = int(np.flatnonzero(TEMPERATURES == HOT)[0])
        print(f"{glass.name:7s} {glass.spins:>5} {glass.mean(1)[-1]:>16.3f} {glass.at_zero()[hot]:>12.3f} "
              f"{glass.at_zero()[-1]:>12.3f} {sigma:>18.1f}")  # fmt: skip
    sk = [glass for glass in glasses if glass.name == "SK"]
    rng = np.random.default_rng(options.seed)
    again = np.array([summary([each.resampled(rng) for each in sk]) for _ in range(100)])
    values, errors = summary(sk), np.nanstd(again, axis=0, ddof=1)
    ours = {"T_c": values[0], "q": values[1]}
    _draw(glasses, options.out)
    print(f"wrote {options.out}")
    small, large = sk[0].at_zero()[-1], sk[-1].at_zero()[-1]
    print(f"SK: T_c = {ours['T_c']:.3f} +- {errors[0]:.3f} where {sk[-2].spins} and {sk[-1].spins} spins cross, "
          f"published 1; [|q|] at T = {COLD:g}: {ours['q']:.3f} +- {errors[1]:.3f} for n to infinity, published "
          f"{1 - COLD:g}; P(0) there from {small:.2f} to {large:.2f} over the sizes, published: stays")  # fmt: skip
    return ours


def density(q: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(q, P(q)) with as many of the n + 1 values that q can take in every bin, made even in q as symmetry has it."""
    counts = np.bincount(np.rint((q + 1.0) / 2.0 * n).astype(int), minlength=n + 1)
    counts = counts + counts[::-1]
    group = np.arange(n + 1) // max(1, n // 40)
    size = np.bincount(group)
    return (
        np.bincount(group, np.linspace(-1.0, 1.0, n + 1)) / size,
        np.bincount(group, counts) / size * n / 2.0 / counts.sum(),
    )


def _draw(glasses: list[Glass], out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MARKERS, MUTED, series_color

    figure = Figure(figsize=(11.0, 3.7), layout="constrained")
    axes = dict(zip(["SK", "EA", "scaled"], figure.subplots(1, 3), strict=True))
    for number, glass in enumerate(glasses):
        for t, line in ((COLD, "-"), (HOT, ":")):
            q = glass.overlaps[:, :, int(np.flatnonzero(np.isclose(TEMPERATURES, t))[0])]
            x, p = density(q.ravel(), glass.spins)
            label = f"{glass.spins} spins" if t == COLD else None
            axes[glass.name].plot(x, p, line, color=series_color(number), linewidth=1.2, label=label)
        if glass.name == "SK":
            axes["scaled"].plot(TEMPERATURES, glass.scaled(), color=series_color(number), marker=MARKERS[number],
                                markersize=4, linewidth=1.0, label=f"{glass.spins} spins")  # fmt: skip
    axes["scaled"].axvline(1.0, color=MUTED, linewidth=0.8, linestyle="--")
    axes["scaled"].set(xlabel="temperature", ylabel="$n^{2/3}\\, [\\langle q^2 \\rangle]$", title="SK", yscale="log")
    for name, title in (("SK", "Sherrington-Kirkpatrick"), ("EA", "Edwards-Anderson, 3 dimensions")):
        axes[name].set(xlabel=f"overlap q (full: T = {COLD:g}, dotted: T = {HOT:g})", ylabel="P(q)", title=title)
    for name, ax in axes.items():
        ax.grid(color=LINE)
        ax.legend(frameon=False, fontsize=8, loc="upper center" if name == "EA" else "upper right")
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
