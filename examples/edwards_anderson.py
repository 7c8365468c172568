"""The transition of the Edwards-Anderson glass in three dimensions, couplings +-1: where the curves of sizes cross.

Published: T_c = 1.1019 +- 0.0029 (Baity-Jesi et al., Phys. Rev. B 88, 224416 (2013), up to 40^3 spins, on a computer
made for it). Here 4^3 to 8^3 spins on one core. xi / L, the correlation length of the overlap over the side, and
Binder's g = (3 - [q^4] / [q^2]^2) / 2 do not depend on the size at T_c, up to corrections that are large at these
sizes: the crossings are those of finite sizes, with the error of the instances alone.

    python examples/edwards_anderson.py
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy import sparse

from neuromorph import Ising
from neuromorph.rng import read_seeds
from neuromorph.sampling import overlap_fields

PUBLISHED, PUBLISHED_ERROR = 1.1019, 0.0029
TEMPERATURES = np.array([2.0, 1.8, 1.6, 1.5, 1.4, 1.3, 1.2, 1.1, 1.0, 0.9])
PLAN = {4: (300, 500), 6: (100, 1500), 8: (60, 5000)}  # side: instances, sweeps of burn-in and as many to measure
DRAWS = 60


def glass(side: int, rng: np.random.Generator) -> Ising:
    """Couplings of -1 and +1 between neighbors on a cubic torus."""
    site = np.arange(side**3).reshape(side, side, side)
    pairs = [(site.ravel(), np.roll(site, -1, axis).ravel()) for axis in range(3)]
    i, k = (np.concatenate(each) for each in zip(*pairs, strict=True))
    j = sparse.coo_array((rng.choice([-1.0, 1.0], i.size), (i, k)), shape=(side**3, side**3))
    return Ising(sparse.csr_array(j + j.T))


def moments(side: int, sweeps: int, seed: np.random.SeedSequence) -> np.ndarray:
    """Means over one instance (4, T): q^2, q^4, |q(k)|^2, and q^2 of the first half of the draws."""
    drawn, run = seed.spawn(2)
    fields = overlap_fields(glass(side, np.random.default_rng(drawn)), 1.0 / TEMPERATURES, DRAWS, burn_in=sweeps,
                            thin=max(1, sweeps // DRAWS), rng=run)  # fmt: skip
    q = fields.mean(axis=2)
    wave = np.exp(2j * np.pi * np.arange(side) / side)
    cube = fields.reshape(DRAWS, TEMPERATURES.size, side, side, side)
    along = [np.abs(cube.mean(axis=other) @ wave / side) ** 2 for other in ((3, 4), (2, 4), (2, 3))]
    return np.array([(q**2).mean(0), (q**4).mean(0), np.mean(along, axis=(0, 1)), (q[: DRAWS // 2] ** 2).mean(0)])


def curves(of: np.ndarray, side: int) -> np.ndarray:
    """(2, T): xi / L and g, from moments (instances, 4, T)."""
    square, fourth, wave, _ = of.mean(axis=0)
    xi = np.sqrt(np.maximum(square / wave - 1.0, 0.0)) / (2.0 * np.sin(np.pi / side))
    return np.array([xi / side, 0.5 * (3.0 - fourth / square**2)])


def crossing(small: np.ndarray, large: np.ndarray) -> float:
    """Highest temperature at which the larger size comes to lie above, by lines; NaN without one."""
    apart = large - small  # T falls along the axis
    below = np.flatnonzero((apart[:-1] < 0) & (apart[1:] >= 0))
    if not below.size:
        return float("nan")
    k = int(below[0])
    share = apart[k] / (apart[k] - apart[k + 1])
    return float(TEMPERATURES[k] + share * (TEMPERATURES[k + 1] - TEMPERATURES[k]))


def pairs_of(sides: list[int]) -> list[tuple[int, int]]:
    """Sizes that follow each other, and last the smallest with the largest, whose curves part most."""
    return list(dict.fromkeys([*pairwise(sides), (sides[0], sides[-1])]))


def crossings(of: dict[int, np.ndarray]) -> np.ndarray:
    """(pairs, 2): where xi / L and where g cross, of each two sizes."""
    each = {side: curves(moments_of, side) for side, moments_of in of.items()}
    return np.array([[crossing(*both) for both in zip(each[a], each[b], strict=True)] for a, b in pairs_of([*each])])


def told(value: float, error: float) -> str:
    """Words of a crossing."""
    return f"{value:.3f} +- {error:.3f}" if np.isfinite(value) else "none of the temperatures"


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Write the figure, print the table and ours beside the published; return the crossing temperatures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sides", type=int, nargs="+", default=[4, 6, 8], choices=PLAN, help="two or more")
    parser.add_argument("--instances", type=float, default=1.0, help="times the usual number of instances")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("edwards_anderson.png"))
    options = parser.parse_args(argv)

    found = {}
    print("side  instances   [q^2] at T = 1.1, first half and all of the draws")
    for side, seed in zip(options.sides, read_seeds(options.seed, len(options.sides)), strict=True):
        count, sweeps = PLAN[side]
        count = max(4, round(options.instances * count))
        found[side] = np.array([moments(side, sweeps, stream) for stream in seed.spawn(count)])
        at = int(np.flatnonzero(np.isclose(TEMPERATURES, 1.1))[0])
        means = found[side][:, :, at].mean(axis=0)
        print(f"{side:>4} {count:>10} {means[3]:>12.4f} {means[0]:>10.4f}", flush=True)
    rng = np.random.default_rng(options.seed)
    values = crossings(found)
    again = [crossings({side: of[rng.integers(0, len(of), len(of))] for side, of in found.items()}) for _ in range(300)]
    errors = np.nanstd(again, axis=0)
    pairs = pairs_of(options.sides)
    for (a, b), value, error in zip(pairs, values, errors, strict=True):
        print(f"{a}^3 and {b}^3 cross: xi / L at {told(value[0], error[0])}, g at {told(value[1], error[1])}")
    (small, large), values, errors = pairs[-1], values[-1], errors[-1]
    _draw(found, values, options.out)
    print(f"wrote {options.out}")
    print(f"T_c published {PUBLISHED} +- {PUBLISHED_ERROR}, from sizes to 40^3; ours, {small}^3 and {large}^3: xi / L "
          f"cross at {told(values[0], errors[0])}, Binder's g at {told(values[1], errors[1])}, without "
          "corrections for finite size")  # fmt: skip
    return {"xi": float(values[0]), "g": float(values[1]), "xi error": float(errors[0]), "g error": float(errors[1])}


def _draw(found: dict[int, np.ndarray], values: np.ndarray, out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MARKERS, MUTED, series_color

    figure = Figure(figsize=(9.6, 3.5), layout="constrained")
    axes = figure.subplots(1, 2)
    rng = np.random.default_rng(0)
    for number, (side, of) in enumerate(found.items()):
        again = np.array([curves(of[rng.integers(0, len(of), len(of))], side) for _ in range(100)])
        for ax, y, error in zip(axes, curves(of, side), again.std(axis=0), strict=True):
            ax.errorbar(TEMPERATURES, y, error, color=series_color(number), marker=MARKERS[number], ms=4, lw=1,
                        capsize=2, label=f"{side}³ spins")  # fmt: skip
    for ax, name, value in zip(axes, ("ξ / L", "Binder's g"), values, strict=True):
        ax.axvline(PUBLISHED, color=MUTED, ls="--", lw=1, label="published T_c")
        if np.isfinite(value):
            ax.axvline(value, color=MUTED, ls=":", lw=1, label="crossing of the smallest and the largest")
        ax.set(xlabel="temperature", ylabel=name)
        ax.grid(color=LINE)
        ax.legend(fontsize=8, frameon=False)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
