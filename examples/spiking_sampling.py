"""How fast do spikes sample? Divergence from the exact distribution against time, beside two exact samplers.

Run it: python examples/spiking_sampling.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from neuromorph import exact
from neuromorph.ising import Ising
from neuromorph.spiking import (
    AbstractNeurons,
    BoltzmannSampler,
    LifSamplerNeurons,
    exponential_neuron_divergence,
    relative_entropy,
)

SAMPLERS = {"abstract neurons": AbstractNeurons(), "integrate-and-fire": LifSamplerNeurons()}


def main(argv: list[str] | None = None) -> dict[str, np.ndarray]:
    """Write the figure and print its table; return the median divergence of each sampler at each time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--neurons", type=int, default=5)
    parser.add_argument("--largest", type=float, default=0.6, help="weights and biases are uniform between +-this")
    parser.add_argument("--machines", type=int, default=5)
    parser.add_argument("--chains", type=int, default=500, help="independent networks of each machine")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each chain")
    parser.add_argument("--backend", choices=["numpy", "cython", "cpp_standalone"], default="numpy")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("spiking_sampling.png"))
    options = parser.parse_args(argv)

    n = options.neurons
    decades = 10 ** np.arange(len(str(options.chains)))
    pools = np.multiply.outer(decades, [1, 2, 5]).ravel()  # chains whose time is added up
    pools = pools[pools <= options.chains]
    found: dict[str, list[list[float]]] = {name: [] for name in SAMPLERS}
    floors = []
    for seed in range(options.seed, options.seed + options.machines):
        rng = np.random.default_rng(seed)
        w = np.triu(rng.uniform(-options.largest, options.largest, (n, n)), 1)
        b = rng.uniform(-options.largest, options.largest, n)
        machine = Ising.from_binary(w + w.T, b)
        p = exact.boltzmann(machine, 1.0)
        floors.append(exponential_neuron_divergence(b, w + w.T, AbstractNeurons().tau_s))
        for name, neurons in SAMPLERS.items():
            sampler = BoltzmannSampler(machine, neurons=neurons, backend=options.backend)
            shares = sampler.run(options.seconds, chains=options.chains, rng=seed).occupancies()
            found[name].append([_pooled(shares, k, p) for k in pools])
    times = pools * options.seconds
    medians = {name: np.median(rows, axis=0) for name, rows in found.items()}
    floor = float(np.median(floors)) / times
    reads = (2**n - 1) / (2.0 * times / AbstractNeurons().tau_s)
    seeds = f"seeds {options.seed} .. {options.seed + options.machines - 1}"
    print(f"divergence, nats: medians over {options.machines} machines of {n} neurons, {seeds}")
    print(" time, ms   " + "   ".join(f"{name:>18}" for name in SAMPLERS) + "   exact, memoryless   exact reads")
    for k, time in enumerate(times):
        row = "   ".join(f"{medians[name][k]:>18.2e}" for name in SAMPLERS)
        print(f"{1e3 * time:>9.0f}   {row}   {floor[k]:>17.2e}   {reads[k]:>11.2e}")
    _draw(times, medians, floor, reads, options)
    print(f"wrote {options.out}")
    print(f"no published number for these machines; exact ones without memory would be at {floor[-1]:.1e} nats by now")
    return medians


def _pooled(shares: np.ndarray, chains: int, p: np.ndarray) -> float:
    """Median divergence of the shares of time of so many chains together, over all such groups of them."""
    groups = len(shares) // chains
    pooled = shares[: groups * chains].reshape(groups, chains, -1).mean(axis=1)
    return float(np.median(relative_entropy(pooled, p)))


def _draw(
    times: np.ndarray, medians: dict[str, np.ndarray], floor: np.ndarray, reads: np.ndarray, options: argparse.Namespace
) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MARKERS, MUTED, series_color

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    ax = figure.subplots()
    for number, (name, y) in enumerate(medians.items()):
        ax.plot(1e3 * times, y, color=series_color(number), marker=MARKERS[number], markersize=4, label=name)
    ax.plot(1e3 * times, reads, color=MUTED, linewidth=1.0, linestyle=":", label="exact: one independent read each tau")
    ax.plot(1e3 * times, floor, color=MUTED, linewidth=1.0, linestyle="--", label="exact: neurons without memory")
    ax.set(xscale="log", yscale="log", xlabel="time of all chains, ms", ylabel="D(p || exact), nats")
    ax.set_title(f"{options.neurons} neurons, |W| ≤ {options.largest:g}", fontsize=10, color=MUTED)
    ax.legend(frameon=False, fontsize=9)
    ax.grid(color=LINE)
    ax.spines[["top", "right"]].set_visible(False)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(options.out, dpi=150)


if __name__ == "__main__":
    main()
