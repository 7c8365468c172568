"""How good must the parts be? Recall and tours of analog circuits against resistor tolerance and amplifier offset.

Run it: python examples/yield_curve.py

Memories (above): boards that recall every cue. Tours of 6 cities (below): resistors that are off spoil the sums of rows
and columns, so that from 10 % on some boards end without a tour, and at 50 % most. Offsets never do that, for
the servos take them out, but they pull the choice of the tour, which gets longer.
"""

from __future__ import annotations

import argparse
from itertools import permutations
from pathlib import Path

import numpy as np

from circuits import BoardEnsemble, EngineError, Tolerances, estimate_yield
from circuits.tolerances.monte_carlo import YieldEstimate, spot_check
from neuromorph import Recall, Tsp

RESISTORS = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95)
OFFSETS_V = (0.0, 0.01, 0.03, 0.1, 0.2, 0.4)
STRONG_V = 1.0  # a cue loaded to the rail; a weak one is what brings outputs to 0.9 of their swing, 29 mV
TOUR_RESISTORS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
TOUR_OFFSETS_V = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3)
CITIES = 6


def main(argv: list[str] | None = None) -> dict[str, list[YieldEstimate]]:
    """Write the figure and print its table; return the yields of each curve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--neurons", type=int, default=64)
    parser.add_argument("--patterns", type=int, default=6)
    parser.add_argument("--boards", type=int, default=200, help="of each memory")
    parser.add_argument("--tour-boards", type=int, default=40, help="of each circuit for tours, which take longer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("yield_curve.png"))
    parser.add_argument("--keep", type=Path, help="folder for finished boards, so that a run that was stopped goes on")
    options = parser.parse_args(argv)

    rng = np.random.default_rng(options.seed)
    problem = Recall("memory", rng.choice([-1, 1], (options.patterns, options.neurons)), noise=0.15)
    cities = Tsp.from_coordinates(rng.random((CITIES, 2)))
    shortest = min(cities.length([0, *rest]) for rest in permutations(range(1, CITIES)))
    offsets = [Tolerances(resistor=0.01, offset_v=v) for v in OFFSETS_V]
    studies = {
        "resistors": [BoardEnsemble(problem, Tolerances(resistor=r)) for r in RESISTORS],
        "weak cue": [BoardEnsemble(problem, tolerances) for tolerances in offsets],
        "strong cue": [BoardEnsemble(problem, tolerances, cue_v=STRONG_V) for tolerances in offsets],
        "tour resistors": [BoardEnsemble(cities, Tolerances(resistor=r), target=shortest) for r in TOUR_RESISTORS],
        "tour offsets": [BoardEnsemble(cities, Tolerances(offset_v=v), target=shortest) for v in TOUR_OFFSETS_V],
    }
    print(f"{options.patterns} patterns in {options.neurons} neurons, 15 % of the cue flipped, {options.boards} boards")
    print(f"{CITIES} cities, {options.tour_boards} boards")
    curves: dict[str, list[YieldEstimate]] = {}
    for name, points in studies.items():
        curves[name] = []
        is_tour = name.startswith("tour")
        samples = options.tour_boards if is_tour else options.boards
        for k, boards in enumerate(points):
            path = options.keep and options.keep / f"{name.replace(' ', '-')}-{k}.json"
            curves[name].append(estimate_yield(boards, samples, rng=options.seed, workers=options.workers, path=path))
            made, found = boards.tolerances, curves[name][-1]
            share = found.boards
            at = f"resistors +-{made.resistor:.0%}, offset {1e3 * made.offset_v:g} mV"
            said = f"{share.value:6.1%} of the boards recall ({share.low:.1%} .. {share.high:.1%})"
            if is_tour:
                gap, _ = gap_of(found, shortest)
                said = f"{found.feasible.value:6.1%} end with a tour, {share.value:.1%} with the shortest; "
                said += f"{max(gap, 0.0):.1%} longer in the mean"
            print(f"{name:>14}, {at:>33}: {said}")
        try:
            check = spot_check(points[1 if is_tour else -1], options.seed)
            print(f"                the first in {check.engine}: off by {check.final_error:.1e} of full scale")
        except EngineError as reason:
            print(f"                no check in SPICE: {reason}")
    _draw(curves, shortest, options.out)
    print(f"wrote {options.out}")
    print("no published number for these boards; circuits are checked against their equations and SPICE")
    return curves


def gap_of(found: YieldEstimate, shortest: float) -> tuple[float, float]:
    """How much longer than the shortest tour those found are, and its standard error; NaN where there are none."""
    gaps = found.scores[np.isfinite(found.scores)] / shortest - 1.0
    if gaps.size == 0:
        return np.nan, np.nan
    return float(gaps.mean()), float(gaps.std() / np.sqrt(gaps.size))


def _draw(curves: dict[str, list[YieldEstimate]], shortest: float, out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 6.4), layout="constrained")
    (left, right), (tours, lengths) = figure.subplots(2, 2)
    memories = {name: [each.boards for each in curves[name]] for name in ("resistors", "weak cue", "strong cue")}
    feasible, best = ([getattr(each, name) for each in curves["tour resistors"]] for name in ("feasible", "boards"))
    for ax, label, shares, x in (
        (left, "recall", memories["resistors"], 100.0 * np.array(RESISTORS)),
        (right, "weak cue (29 mV)", memories["weak cue"], 1e3 * np.array(OFFSETS_V)),
        (right, "strong cue (1 V)", memories["strong cue"], 1e3 * np.array(OFFSETS_V)),
        (tours, "end with a tour", feasible, 100.0 * np.array(TOUR_RESISTORS)),
        (tours, "end with the shortest", best, 100.0 * np.array(TOUR_RESISTORS)),
    ):
        y = np.array([share.value for share in shares])
        error = np.array([[share.value - share.low, share.high - share.value] for share in shares]).T
        ax.errorbar(x, y, np.maximum(error, 0.0), marker="o", markersize=4, capsize=3, linewidth=1.2, label=label)
        ax.set(ylim=(-0.03, 1.03))
    gaps = 100.0 * np.array([gap_of(each, shortest) for each in curves["tour offsets"]])
    least = min(each.feasible.value or 0.0 for each in curves["tour offsets"])
    x = 1e3 * np.array(TOUR_OFFSETS_V)
    label = (
        f"tours ({least:.0%} of the boards or more end with one)"
        if least < 1.0
        else "tours (every board ends with one)"
    )
    lengths.errorbar(x, gaps[:, 0], 1.96 * gaps[:, 1], marker="o", markersize=4, capsize=3, linewidth=1.2, label=label)
    lengths.set_xscale("symlog", linthresh=3.0)
    lengths.set(xlabel="offset of the amplifiers, mV (standard deviation)", ylabel="longer than the shortest tour, %")
    left.set(xlabel="resistor tolerance, +- %", ylabel="boards that recall (95 % interval)", title="memories")
    right.set(xlabel="offset of the amplifiers, mV (standard deviation)", title="memories")
    tours.set(xlabel="resistor tolerance, +- %", ylabel="boards (95 % interval)", title=f"tours of {CITIES} cities")
    lengths.set(title=f"tours of {CITIES} cities", xlim=(-0.3, None))
    for ax in (left, right, tours, lengths):
        ax.grid(alpha=0.3)
    for ax in (right, tours, lengths):
        ax.legend(frameon=False, fontsize="small")
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
