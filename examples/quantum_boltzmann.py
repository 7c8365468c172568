"""Quantum Boltzmann machine and Born machine beside the classical Boltzmann machine, on mixtures of random modes.

Published (Amin et al., Phys. Rev. X 8, 021050 (2018), all qubits visible, 8 modes, p = 0.9): learnt exactly, the
quantum machine ends at a lower KL divergence than the classical one; along the bound, which cannot learn Gamma, in
between. The abstract and a summary of arXiv 1601.02036 were read: both machines outperform the classical one on
synthetic data of many modes; 10 qubits, 8 modes and the order of the two are unchecked. Here 8 qubits, so that all ends
in a minute, and several data sets. The classical machine is the same with Gamma = 0; the Born machine is a
circuit with about as many parameters.

    python examples/quantum_boltzmann.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from neuromorph.boltzmann import bernoulli_mixture, learn_born_machine, learn_quantum_boltzmann

MACHINES = ("classical", "bound, Gamma = 2", "quantum", "Born machine")


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Write the figure, print the table and ours beside the published; return mean KL divergences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--qubits", type=int, default=8)
    parser.add_argument("--modes", type=int, default=8)
    parser.add_argument("--sets", type=int, default=4, help="random data sets")
    parser.add_argument("--iterations", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("quantum_boltzmann.png"))
    options = parser.parse_args(argv)

    paths: dict[str, list[list[float]]] = {name: [] for name in MACHINES}
    fields = []
    print(f"{options.qubits} qubits, {options.modes} modes\nset   " + "   ".join(f"{name:>17}" for name in MACHINES))
    for k, stream in enumerate(np.random.SeedSequence(options.seed).spawn(options.sets)):
        data = bernoulli_mixture(options.qubits, options.modes, 0.9, np.random.default_rng(stream))
        common = {"iterations": options.iterations, "seed": k}
        paths["classical"].append(learn_quantum_boltzmann(data, **common)[1])
        paths["bound, Gamma = 2"].append(learn_quantum_boltzmann(data, transverse=2.0, method="bound", **common)[1])
        machine, path = learn_quantum_boltzmann(data, transverse=2.0, **common)
        paths["quantum"].append(path)
        fields.append(np.abs(machine.transverse).mean())
        born = learn_born_machine(data, layers=2, iterations=3 * options.iterations, seed=k)[1]
        paths["Born machine"].append(born)
        print(f"{1 + k:>3}   " + "   ".join(f"{paths[name][-1][-1]:>17.3f}" for name in MACHINES), flush=True)
    ends = {name: [path[-1] for path in each] for name, each in paths.items()}
    _draw(paths, ends, options)
    print(f"wrote {options.out}")
    below = sum(q < c for q, c in zip(ends["quantum"], ends["classical"], strict=True))
    between = sum(q <= b for q, b in zip(ends["quantum"], ends["bound, Gamma = 2"], strict=True))
    told = ", ".join(f"{name} {np.mean(each):.3f}" for name, each in ends.items())
    print(f"published: KL of the quantum machine below the classical one, the bound in between; ours, nats, mean over "
          f"{options.sets} sets: {told}; quantum below classical in {below}, at most the bound in {between} of "
          f"{options.sets}; Gamma learnt {np.mean(fields):.2f} from 2")  # fmt: skip
    return {name: float(np.mean(each)) for name, each in ends.items()}


def _draw(paths: dict[str, list[list[float]]], ends: dict[str, list[float]], options: argparse.Namespace) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MARKERS, series_color

    figure = Figure(figsize=(9.6, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for k, (name, each) in enumerate(paths.items()):
        left.plot(each[0], color=series_color(k), label=name)
        right.plot(np.arange(len(each)) + 1, ends[name], MARKERS[k], color=series_color(k), label=name)
    left.set(xlabel="iterations", ylabel="KL(data || machine), nats", title="first data set", ylim=(0, None))
    left.set_xlim(0, 1.5 * options.iterations)
    right.set(xlabel="data set", ylabel="KL at the end, nats", xticks=range(1, options.sets + 1), ylim=(0, None))
    left.legend(fontsize=8, frameon=False)
    for ax in (left, right):
        ax.grid(color=LINE)
        ax.title.set_fontsize(10)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(options.out, dpi=150)


if __name__ == "__main__":
    main()
