"""Quantum annealing in real time beside simulated annealing and the path integral (Kadowaki and Nishimori 1998).

Eight spins, the same schedule for transverse field and temperature, 3 / sqrt(t): the Schroedinger equation, the master
equation of heat-bath flips, and path-integral Monte Carlo with one sweep a unit of time, on a ferromagnet in a weak
field, a frustrated model and a Sherrington-Kirkpatrick glass in that field. Published: quantum annealing reaches the
ground state with much larger probability than simulated annealing under the same schedule, in each.

    python examples/real_time_annealing.py
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from neuromorph import Ising, exact
from neuromorph.sampling import (
    AnnealedDistribution,
    master_equation_annealing,
    quantum_annealing,
    quantum_ground_probability,
    schrodinger_annealing,
)

Schedule = Callable[[float], float]
Curves = dict[str, tuple[AnnealedDistribution, AnnealedDistribution, list[tuple[int, float]]]]


def models(n: int, rng: np.random.Generator) -> dict[str, Ising]:
    """The three kinds of problem; the weak field leaves one ground state."""
    field = np.full(n, 0.1)
    ferromagnet = (np.ones((n, n)) - np.eye(n)) / n
    # Neighbors on a ring agree, next neighbors do not: no state satisfies both.
    frustrated = np.zeros((n, n))
    for i in range(n):
        for step, j in ((1, 1.0), (2, -0.4)):
            frustrated[i, (i + step) % n] = frustrated[(i + step) % n, i] = j
    glass = np.triu(rng.normal(size=(n, n)), 1) / np.sqrt(n)
    return {
        "ferromagnet": Ising(ferromagnet, field),
        "frustrated ring": Ising(frustrated, field),
        "Sherrington-Kirkpatrick glass": Ising(glass + glass.T, field),
    }


def sampled(ising: Ising, schedule: np.ndarray, reads: int, seed: int) -> float:
    """Share of path-integral anneals whose first slice ends in the ground state."""
    ground = exact.ground_states(ising)[1]
    found = quantum_annealing(ising, schedule, reads, beta=5.0, slices=64, descend=False, rng=seed)
    return float((found.flat()[:, None] == ground).all(axis=2).any(axis=1).mean())


def main(argv: list[str] | None = None) -> dict[str, tuple[float, float]]:
    """Write the figure, print the table; return the success of quantum and simulated annealing at the end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--spins", type=int, default=8)
    parser.add_argument("--strength", type=float, default=3.0, help="c of the schedule c / sqrt(t)")
    parser.add_argument("--end", type=float, default=300.0, help="time")
    parser.add_argument("--reads", type=int, default=500, help="of the path integral")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("real_time_annealing.png"))
    options = parser.parse_args(argv)

    def schedule(t: float) -> float:
        return options.strength / t**0.5

    times = np.geomspace(0.1, options.end, 60)
    found: Curves = {}
    ours = {}
    print(f"c / sqrt(t), c = {options.strength:g}, t = {options.end:g}     Schroedinger  slowest limit  simulated  "
          "slowest limit  path integral")  # fmt: skip
    for name, ising in models(options.spins, np.random.default_rng(options.seed)).items():
        quantum = schrodinger_annealing(ising, schedule, times, step=0.02)
        thermal = master_equation_annealing(ising, schedule, times, step=0.05)
        lengths = [int(t) for t in np.geomspace(3, options.end, 5)]
        slices = [(t, sampled(ising, schedule(np.arange(1.0, t + 1)), options.reads, options.seed)) for t in lengths]
        found[name] = quantum, thermal, slices
        last = schedule(options.end)
        best = exact.all_energies(ising).argmin()
        ours[name] = float(quantum.ground[-1]), float(thermal.ground[-1])
        print(f"{name:30s}{ours[name][0]:>13.3f}{quantum_ground_probability(ising, last):>14.3f}{ours[name][1]:>13.3f}"
              f"{exact.boltzmann(ising, 1 / last)[best]:>14.3f}{slices[-1][1]:>14.3f}")  # fmt: skip
    _draw(found, schedule, models(options.spins, np.random.default_rng(options.seed)), options.out)
    print(f"wrote {options.out}")
    above = sum(q > s for q, s in ours.values())
    print(f"published: quantum above simulated annealing in every model; ours: in {above} of {len(ours)}, "
          + ", ".join(f"{q:.3f} against {s:.3f}" for q, s in ours.values()))  # fmt: skip
    return ours


def _draw(found: Curves, schedule: Schedule, problems: dict[str, Ising], out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MUTED, series_color

    figure = Figure(figsize=(10.5, 3.6), layout="constrained")
    for ax, (name, (quantum, thermal, slices)) in zip(figure.subplots(1, 3, sharey=True), found.items(), strict=True):
        ising = problems[name]
        best = exact.all_energies(ising).argmin()
        few = quantum.times[::4]
        ax.semilogx(quantum.times, quantum.ground, color=series_color(0), label="quantum, Schroedinger")
        ax.semilogx(few, [quantum_ground_probability(ising, schedule(t)) for t in few], "--", color=series_color(0),
                    linewidth=0.8, label="infinitely slow")  # fmt: skip
        ax.semilogx(thermal.times, thermal.ground, color=series_color(1), label="simulated, master equation")
        ax.semilogx(few, [exact.boltzmann(ising, 1 / schedule(t))[best] for t in few], "--", color=series_color(1),
                    linewidth=0.8, label="infinitely slow")  # fmt: skip
        ax.semilogx(*zip(*slices, strict=True), "o", color=MUTED, markersize=4, label="path integral, sweeps")
        ax.set(xlabel="time", title=name, ylim=(0.0, 1.02))
        ax.grid(color=LINE)
    figure.axes[0].set(ylabel="probability of the ground state")
    figure.axes[0].legend(frameon=False, fontsize=7)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
