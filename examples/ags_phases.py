"""The phase diagram of Hebb's memory, temperature against load (Amit, Gutfreund, Sompolinsky 1985), and its simulation.

Published: retrieval ends at a load of 0.138, its states are lowest below 0.051 (both at T = 0); near T = 1 the lines
fall as T_M = 1 - 1.95 sqrt(alpha) and T_c = 1 - 2.6 sqrt(alpha).

    python examples/ags_phases.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from neuromorph import associative_memory as memory
from neuromorph.rng import read_seeds
from neuromorph.sampling import gibbs

Points = dict[float, list[tuple[float, float, float]]]
PUBLISHED = {"alpha_c": 0.138, "alpha_1": 0.051, "T_M": 1.95, "T_c": 2.6}


def simulated_overlap(n: int, load: float, temperature: float, seed: np.random.SeedSequence) -> tuple[float, float]:
    """(mean, standard error) of m from 8 of the patterns, each the start of a chain."""
    drawn, run = seed.spawn(2)
    patterns = 2 * np.random.default_rng(drawn).integers(0, 2, (round(load * n), n)) - 1
    ising = memory.couplings_as_ising(memory.hebb(patterns))
    chains = min(8, len(patterns))
    samples = gibbs(ising, 1.0 / temperature, 50, chains=chains, burn_in=150, initial=patterns[:chains], rng=run)
    m = np.einsum("cdn,cn->cd", samples.spins.astype(float), patterns[:chains]).mean(axis=1) / n
    return float(m.mean()), float(m.std(ddof=1) / np.sqrt(chains))


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Write the figure, print ours beside the published values and return ours."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--loads", type=float, nargs="+", default=[0.02, 0.05, 0.1], metavar="ALPHA")
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("ags_phases.png"))
    options = parser.parse_args(argv)

    seeds = iter(read_seeds(options.seed, len(options.loads) * len(options.temperatures)))
    points: Points = {
        load: [(t, *simulated_overlap(options.size, load, t, next(seeds))) for t in options.temperatures]
        for load in options.loads
    }
    print("load   T      m theory   m simulated, from a pattern")
    apart = []
    for load, found in points.items():
        last = retrieval_temperature(load)
        for t, m, error in found:
            theory = memory.retrieval_solution(load, t).overlap if t < last else 0.0
            if t < 0.8 * last:  # states near the pattern that last
                apart.append(m - theory)
            print(f"{load:<5g} {t:>4g} {theory:>11.3f} {m:>9.3f} +- {error:.3f}")
    near = 0.995
    ours = {
        "alpha_c": memory.retrieval_load(0.0)[0],
        "alpha_1": memory.ground_load(0.0),
        "T_M": (1.0 - near) / memory.retrieval_load(near)[0] ** 0.5,
        "T_c": (1.0 - near) / memory.ground_load(near) ** 0.5,
        "apart": float(np.sqrt(np.mean(np.square(apart)))),
    }
    _draw(points, options.out)
    print(f"wrote {options.out}")
    print("; ".join(f"{name} {ours[name]:.4g}, published {value:g}" for name, value in PUBLISHED.items())
          + f"; simulated m is {ours['apart']:.3f} from theory (rms, T < 0.8 T_M)")  # fmt: skip
    return ours


def retrieval_temperature(load: float) -> float:
    """T_M of a load up to 0.135, below which the line has one temperature."""
    return float(brentq(lambda t: memory.retrieval_load(t)[0] - load, 0.1, 0.995, xtol=1e-6))


def _draw(points: Points, out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MARKERS, MUTED, series_color

    figure = Figure(figsize=(9.6, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    t = np.concatenate([[0.0], np.linspace(0.02, 0.999, 80)])
    kept = [memory.retrieval_load(float(each))[0] for each in t]
    ground = [memory.ground_load(float(each)) for each in t]
    fine = np.linspace(0.0, 0.18, 100)
    left.plot(fine, [memory.glass_temperature(a) for a in fine], color=series_color(2), label="$T_g$, spin glass below")
    left.plot([*kept, 0.0], [*t, 1.0], color=series_color(0), label="$T_M$, patterns retrieved below")
    left.plot([*ground, 0.0], [*t, 1.0], color=series_color(1), label="$T_c$, patterns lowest below")
    for number, (load, found) in enumerate(points.items()):
        x, m, error = np.array(found).T
        style = {"color": series_color(number), "marker": MARKERS[number], "markersize": 5}
        right.errorbar(x, m, 2 * error, linestyle="none", capsize=2, label=rf"$\alpha$ = {load:g}", **style)
        curve = np.linspace(0.02, 0.999 * retrieval_temperature(load), 60)
        theory = [memory.retrieval_solution(load, float(each)).overlap for each in curve]
        right.plot([*curve, curve[-1], 1.0], [*theory, 0.0, 0.0], color=series_color(number), linewidth=1.0)
        left.scatter(
            [load] * len(x), x, 22, c=np.clip(m, 0, 1), cmap="Greys", vmin=-0.2, vmax=1, edgecolors=MUTED, zorder=3
        )
    left.set(xlabel=r"load $\alpha$", ylabel="temperature T", xlim=(0.0, 0.18), ylim=(0.0, 1.5))
    right.set(xlabel="temperature T", ylabel="overlap m", ylim=(-0.1, 1.05))
    for ax in (left, right):
        ax.grid(color=LINE)
    right.legend(frameon=False, fontsize=8)
    left.legend(frameon=False, fontsize=8, loc="center right", bbox_to_anchor=(1.0, 0.68))  # between points and T_g
    left.set_title("points: simulated, the darker the larger m", fontsize=8)
    right.set_title("lines: replica theory; points: heat bath, 2 standard errors", fontsize=8)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
