"""Avalanches of integrate-and-fire neurons, and whether their sizes follow a power law.

Run it: python examples/spiking_avalanches.py
No leak, u - 1 at a spike; A is what a neuron passes on. Beside the square with open borders, where groups are local,
stands a network in which each neuron excites all: its exponent is 3/2. Some two minutes on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from neuromorph.spiking import PowerLaw, PulseNetwork, fit_power_law


def main(argv: list[str] | None = None) -> dict[str, PowerLaw]:
    """Print the fits, write the figure; return {network: fit}."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.8, 0.95, 0.99], metavar="A")
    parser.add_argument("--avalanches", type=int, default=50_000)
    parser.add_argument("--warm-up", type=int, default=100_000)
    parser.add_argument("--largest", type=int, default=64, help="upper end of the fit, below the cut-off")
    parser.add_argument("--samples", type=int, default=100, help="for the p-value of a fit")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("spiking_avalanches.png"))
    options = parser.parse_args(argv)

    n = options.side**2
    networks = {
        f"square, A = {strength:g}": (PulseNetwork.lattice(options.side, strength, periodic=False), 0.0)
        for strength in options.strengths
    }
    networks["all to all, A = 0.97"] = PulseNetwork.complete(n, 0.97), 0.0137
    sizes, fits = {}, {}
    print(f"{n} neurons, {options.avalanches} avalanches, sizes to {options.largest}; ruled out if p < 0.1")
    for name, (network, kick) in networks.items():
        run = network.run(options.avalanches, warm_up=options.warm_up, kick=kick, rng=options.seed)
        sizes[name] = run.sizes
        fits[name] = fit = fit_power_law(
            run.sizes, largest=options.largest, least_tail=options.avalanches // 10, samples=options.samples,
            rng=options.seed,
        )  # fmt: skip
        print(
            f"{name:<22} largest {run.sizes.max():>5}, mean {run.sizes.mean():6.2f}, exponent {fit.exponent:.3f} "
            f"+- {fit.error:.3f} from {fit.smallest} on ({fit.tail} avalanches), p = {fit.p_value:.2f}, "
            f"neighbors in synchrony {network.synchrony(run.last):.2f}",
            flush=True,
        )
    _draw(sizes, options.out)
    print(f"wrote {options.out}")
    whole = fits["all to all, A = 0.97"]
    print(f"exponent of the sizes, all to all: published 1.5, ours {whole.exponent:.3f} +- {whole.error:.3f}")
    return fits


def _draw(sizes: dict[str, np.ndarray], out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MARKERS, series_color

    figure = Figure(figsize=(5.0, 3.5), layout="constrained")
    ax = figure.subplots()
    for number, (name, s) in enumerate(sizes.items()):
        edges = np.unique(np.round(2.0 ** np.arange(0.0, np.log2(s.max()) + 0.5, 0.5)).astype(int))
        count, _ = np.histogram(s, np.append(edges, edges[-1] * 2))
        density = count / np.diff(np.append(edges, edges[-1] * 2)) / len(s)
        some = count > 0
        style = {"color": series_color(number), "marker": MARKERS[number % 8], "markersize": 4, "linewidth": 1.0}
        ax.loglog(edges[some], density[some], label=name, **style)
    ax.set(xlabel="size of an avalanche", ylabel="probability")
    ax.grid(color=LINE)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
