"""Cost of a precise weight: write-verify, slices, and what wires and converters then leave of it.

Run it: python examples/crossbar_programming.py --out crossbar_programming.png
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from circuits import Crossbar, compare_line_models
from hardware_targets.memristor_crossbar import PhaseChange, write_to_error
from hardware_targets.memristor_crossbar.converters import CONVERTERS
from hardware_targets.memristor_crossbar.differential_pairs import DifferentialPairs
from hardware_targets.memristor_crossbar.tiled_array import TiledArray
from hardware_targets.memristor_crossbar.weight_code import WeightCode

HIGHEST_S = 25e-6  # a phase-change cell that is on
CODES = {  # cells a weight: how it stands in them
    "pair": (WeightCode(), 32),
    "pairs, 2 slices of 16 levels": (WeightCode(2), 16),
    "pairs, 4 slices of 4 levels": (WeightCode(4), 4),
    "offset column": (WeightCode(1, offset=True), 32),
    "offset, 2 slices of 16 levels": (WeightCode(2, offset=True), 16),
}


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Print the tables and draw the figure; return what they show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cells", type=int, default=20_000, help="cells that are written by drawing their pulses")
    parser.add_argument("--size", type=int, default=64, help="rows and columns of the arrays")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("crossbar_programming.png"))
    options = parser.parse_args(argv)
    rng = np.random.default_rng(options.seed)

    writing = []
    print("asked error   left    pulses  drawn: left  pulses   time of a cell   energy of a cell")
    for asked in np.geomspace(0.002, 0.1, 12):
        cost = write_to_error(float(asked))
        left, pulses = _drawn(float(asked), options.cells, rng)
        writing.append((cost, left, pulses))
        print(
            f"{asked:11.2%}  {cost.left:6.2%} {cost.pulses:7.1f}  {left:11.2%} {pulses:7.1f}   "
            f"{cost.seconds.value * 1e6:9.1f} us   {cost.joules.value * 1e12:9.0f} pJ ({cost.bits} bits)"
        )

    codes = {name: _errors(code, levels, options.size, rng) for name, (code, levels) in CODES.items()}
    print(f"\nweights of {options.size} x {options.size}, wires of 0.35 ohm: cells, error without and with their noise")
    for name, (cells, quiet, noisy) in codes.items():
        print(f"{name:>30}: {cells:4.1f} cells a weight, {quiet:6.2%}, {noisy:6.2%}")

    wires = {}
    print(f"\ncurrents of {options.size} columns against the nodal solve, by model of the wires")
    for ohm in (0.35, 1.0, 3.5, 10.0):
        array = Crossbar(HIGHEST_S * rng.random((options.size, options.size)), ohm, ohm)
        wires[ohm] = compare_line_models(array, 0.2 * rng.random((8, options.size)))
        if ohm == 0.35:
            print("      ohm  " + "".join(f"{name:>13}" for name in wires[ohm]))
        print(f"{ohm:9.2f}  " + "".join(f"{error:13.2e}" for error in wires[ohm].values()))

    _draw(writing, codes, wires, options.out)
    print(f"wrote {options.out}")
    cost, left, pulses = writing[0]
    print(f"no published number for these arrays; pulses to write a cell to {left:.2%}: {cost.pulses:.1f} by the law, "
          f"{pulses:.1f} drawn")  # fmt: skip
    return {"writing": writing, "codes": codes, "wires": wires}


def _drawn(asked: float, cells: int, rng: np.random.Generator) -> tuple[float, float]:
    """Write cells by drawing pulse after pulse; return the error that is left and the mean number of pulses."""
    window = max(np.sqrt(3.0) * asked, CONVERTERS["single_pulse_spread"].value * np.sqrt(np.pi / 2.0) / 100.0)
    at, pulses = np.full(cells, np.inf), 0
    while (open_ := np.flatnonzero(np.abs(at) > window)).size:
        at[open_] = CONVERTERS["single_pulse_spread"].value * rng.standard_normal(open_.size)
        pulses += open_.size
    return float(at.std()), pulses / cells


def _errors(code: WeightCode, levels: int, n: int, rng: np.random.Generator) -> tuple[float, float, float]:
    wanted = rng.uniform(-1.0, 1.0, (n, n))
    np.fill_diagonal(wanted, 0.0)
    quiet, noisy = PhaseChange(0.0, 0.0, 0.0, levels), PhaseChange(levels=levels)
    found = [DifferentialPairs.written(wanted, cell, TiledArray(0.35, False, 256), True, rng, code=code) for cell in (quiet, noisy)]  # fmt: skip  # noqa: E501
    size = float(np.linalg.norm(wanted))
    each = [float(np.linalg.norm(pairs.error())) / size for pairs in found]
    return found[0].cells / (n * (n - 1)), each[0], each[1]


def _draw(writing: list[Any], codes: dict[str, Any], wires: dict[float, dict[str, float]], out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14.0, 3.8), layout="constrained")
    pulses, energy, weights, lines = figure.subplots(1, 4)
    left = [100.0 * cost.left for cost, _, _ in writing]
    pulses.plot(left, [cost.pulses for cost, _, _ in writing], "-", label="law")
    pulses.plot([100.0 * each for _, each, _ in writing], [each for *_, each in writing], "o", ms=4, label="drawn")
    pulses.set(title="write and verify", xlabel="error that is left, % of the largest", ylabel="pulses of a cell")
    picojoule = np.array([[d.low, d.value, d.high] for d in (cost.joules for cost, _, _ in writing)]) * 1e12
    energy.fill_between(left, picojoule[:, 0], picojoule[:, 2], alpha=0.2, label="low to high")
    energy.plot(left, picojoule[:, 1], "-", label="energy")
    energy.set(title="its energy", xlabel="error that is left, % of the largest", ylabel="energy of a cell, pJ")
    for ax in (pulses, energy):
        ax.set(xscale="log", yscale="log")
        ax.legend(frameon=False, fontsize=8)
    for name, (cells, quiet, noisy) in codes.items():
        (dots,) = weights.plot([cells], [100.0 * noisy], "o", label=name)
        weights.plot([cells], [100.0 * quiet], "o", mfc="none", color=dots.get_color())
    weights.set(title="codes (open: without noise)", xlabel="cells a weight", ylabel="error of the weights, %")
    weights.set(yscale="log", ylim=(None, 300.0))
    weights.legend(frameon=False, fontsize=7)
    for name in next(iter(wires.values())):
        lines.plot(list(wires), [100.0 * each[name] for each in wires.values()], "o-", ms=3, label=name)
    lines.set(title="models of the wires", xlabel="wire from cell to cell, ohm", ylabel="error of currents, %")
    lines.set(xscale="log", yscale="log")
    lines.legend(frameon=False, fontsize=7)
    for ax in (pulses, energy, weights, lines):
        ax.grid(alpha=0.3)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=110)


if __name__ == "__main__":
    main()
