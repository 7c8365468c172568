"""What do the wires of a memristor crossbar cost? Voltage over its cells, and recall against the resistance of a wire.

Run it: python examples/crossbar_wires.py
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from circuits import Crossbar
from hardware_targets.memristor_crossbar import MemristorCrossbar
from neuromorph import Recall, price
from neuromorph.problems import score_run

HIGHEST_S = 25e-6  # a phase-change cell that is on
OHM = (1.0, 10.0, 100.0, 300.0, 1000.0)
WAYS = {  # how the target deals with its wires
    "as they are": {"compensate": False},
    "driven at both ends": {"compensate": False, "both_ends": True},
    "targets compensated": {"compensate": True},
    "both": {"compensate": True, "both_ends": True},
}


def main(argv: list[str] | None = None) -> dict[str, list[dict[str, float]]]:
    """Write the figure and print its table; return for each way the points of its curve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=128, help="rows and columns of the array that is drawn")
    parser.add_argument("--neurons", type=int, default=60)
    parser.add_argument("--patterns", type=int, default=6)
    parser.add_argument("--reads", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("crossbar_wires.png"))
    options = parser.parse_args(argv)

    crossbar = Crossbar(np.full((options.size, options.size), HIGHEST_S))
    row, column = crossbar.potentials(np.full(options.size, 0.2))
    over = (row - column) / 0.2
    print(f"{options.size} x {options.size} cells of {HIGHEST_S * 1e6:g} uS, all on, wires of 1 ohm from cell to cell:")
    print(f"  the farthest cell sees {over.min():.1%} of the voltage, the columns {over.mean():.1%} of the current")

    stored = np.random.default_rng(options.seed).choice([-1, 1], (options.patterns, options.neurons))
    problem = Recall("memory", stored, noise=0.15)
    print(f"{options.patterns} patterns in {options.neurons} neurons, 15 % of the cue flipped, {options.reads} reads")
    curves = {name: [_point(problem, ohm, way, options) for ohm in OHM] for name, way in WAYS.items()}
    for name, points in curves.items():
        for point in points:
            print(
                f"{name:>20}, {point['ohm']:4g} ohm: couplings off by {point['error']:6.1%}, "
                f"{point['recalled']:4.0%} recalled, array {point['joules'] * 1e9:4.1f} nJ a read"
            )
    _draw(over, curves, options.out)
    print(f"wrote {options.out}")
    print(f"no published number for this array; by the nodal solve, the farthest cell of {options.size} x "
          f"{options.size} sees {over.min():.1%} of the voltage with wires of 1 ohm")  # fmt: skip
    return curves


def _point(problem: Recall, ohm: float, way: dict[str, bool], options: argparse.Namespace) -> dict[str, float]:
    device = MemristorCrossbar(wire_ohm=ohm, **way)
    program = device.program(problem, options.seed)
    run = device.run(program, problem.task(options.reads, options.seed), options.reads, options.seed)
    recalled = np.mean(score_run(problem, run).scores == 1.0)
    ledger = price(run, device.costs())
    array = sum(e.total.value or 0.0 for e in ledger.entries if e.what in ("cells and wires", "drivers of the rows"))
    return {
        "ohm": ohm,
        "error": program.mapping_error,
        "recalled": float(recalled),
        "joules": array / options.reads,
    }


def _draw(over: Any, curves: dict[str, list[dict[str, float]]], out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 3.4), layout="constrained")
    array, error, recall = figure.subplots(1, 3)
    image = array.imshow(100.0 * over, cmap="viridis", origin="upper")
    figure.colorbar(image, ax=array, label="voltage over the cell, % of the driver's")
    array.set(title="all cells on, wires of 1 ohm", xlabel="column (rows are driven at the left)")
    array.set_ylabel("row (columns are read at the bottom)")
    for name, points in curves.items():
        ohm = [point["ohm"] for point in points]
        error.plot(ohm, [100.0 * point["error"] for point in points], "o-", markersize=4, linewidth=1.2, label=name)
        recall.plot(ohm, [100.0 * point["recalled"] for point in points], "o-", markersize=4, linewidth=1.2)
    error.set(xlabel="wire from cell to cell, ohm", ylabel="error of the couplings held, %", yscale="log")
    recall.set(xlabel="wire from cell to cell, ohm", ylabel="patterns recalled, %", ylim=(-3, 103))
    error.legend(frameon=False, fontsize=8)
    for ax in (error, recall):
        ax.set_xscale("log")
        ax.grid(alpha=0.3)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
