"""Magnetizations by the naive mean field, TAP and belief propagation, against enumeration, as the temperature falls.

Published: belief propagation is exact on trees (Bethe, Pearl); for weak couplings the naive mean field is wrong by the
third power of beta and TAP by the fourth, one order of Plefka's expansion further (Plefka 1982).

    python examples/mean_field_theories.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import networkx as nx
import numpy as np

from neuromorph import Ising, exact
from neuromorph.rng import read_seeds
from neuromorph.sampling import belief_propagation, naive_mean_field, tap

METHODS = {"naive mean field": naive_mean_field, "TAP": tap, "belief propagation": belief_propagation}
BETAS = np.geomspace(0.05, 3.0, 13)
Table = dict[tuple[str, str], np.ndarray]


def instance(kind: str, n: int, seed: np.random.SeedSequence) -> Ising:
    """Gaussian couplings of variance 1 / degree and Gaussian fields of deviation 0.5 on a graph of one kind."""
    rng = np.random.default_rng(seed)
    number = int(rng.integers(2**31))
    graph = {
        "tree": lambda: nx.random_labeled_tree(n, seed=number),
        "random graph of degree 3": lambda: nx.random_regular_graph(3, n, seed=number),
        "Sherrington-Kirkpatrick": lambda: nx.complete_graph(n),
    }[kind]()
    j = np.zeros((n, n))
    for a, b in graph.edges:
        j[a, b] = j[b, a] = rng.normal() / np.sqrt(2.0 * graph.number_of_edges() / n)
    return Ising(j, 0.5 * rng.normal(size=n))


def main(argv: list[str] | None = None) -> Table:
    """Write the figure, print the table and return the rms errors by beta; NaN where most did not converge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=12)
    parser.add_argument("--instances", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("mean_field_theories.png"))
    options = parser.parse_args(argv)

    found: Table = {}
    kinds = ["tree", "random graph of degree 3", "Sherrington-Kirkpatrick"]
    for kind, seeds in zip(kinds, read_seeds(options.seed, len(kinds)), strict=True):
        problems = [instance(kind, options.size, seed) for seed in seeds.spawn(options.instances)]
        squares = {name: np.full((options.instances, BETAS.size), np.nan) for name in METHODS}
        for row, ising in enumerate(problems):
            spins = exact.spins_of(np.arange(1 << ising.size), ising.size).astype(float)
            for column, beta in enumerate(BETAS):
                true = exact.boltzmann(ising, beta) @ spins
                for name, method in METHODS.items():
                    of = method(ising, beta, damping=0.5 if name == "naive mean field" else 0.2, most=2000)
                    if of.status == "ok":
                        squares[name][row, column] = np.mean((of.magnetizations - true) ** 2)
        for name, each in squares.items():
            enough = np.isfinite(each).sum(axis=0) > options.instances / 2
            found[kind, name] = np.sqrt(np.nanmean(np.where(enough, each, 0.0), axis=0))
            found[kind, name][~enough] = np.nan
    print(f"{'rms error of m at beta':45s}" + "".join(f"{beta:>9.2f}" for beta in BETAS[::3]))
    for (kind, name), errors in found.items():
        print(f"{kind + ', ' + name:45s}" + "".join(f"{error:>9.1e}" for error in errors[::3]))
    _draw(found, options.out)
    print(f"wrote {options.out}")
    worst = found["tree", "belief propagation"].max()
    slope = {
        name: np.polyfit(np.log(BETAS[:4]), np.log(found["Sherrington-Kirkpatrick", name][:4]), 1)[0]
        for name in ("naive mean field", "TAP")
    }
    print(f"trees: belief propagation published exact, ours to {worst:.0e}; glass: errors published as beta^3 and "
          f"beta^4, ours beta^{slope['naive mean field']:.2f} and beta^{slope['TAP']:.2f}")  # fmt: skip
    return found


def _draw(found: Table, out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MARKERS, series_color

    figure = Figure(figsize=(10.5, 3.6), layout="constrained")
    axes = figure.subplots(1, 3, sharey=True)
    for ax, kind in zip(axes, dict.fromkeys(kind for kind, _ in found), strict=True):
        for number, name in enumerate(METHODS):
            errors = np.maximum(found[kind, name], 1e-17)
            ax.loglog(BETAS, errors, marker=MARKERS[number], markersize=4, color=series_color(number), label=name)
        ax.set(xlabel="inverse temperature", title=kind)
        ax.grid(color=LINE)
    axes[0].set(ylabel="rms error of the magnetizations")
    axes[1].legend(frameon=False, fontsize=8)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
