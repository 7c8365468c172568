"""How good must the parts be? Recall of an analog Hopfield memory against resistor tolerance and amplifier offset.

Run it: python examples/yield_curve.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from circuits import Boards, EngineError, Tolerances, Yield, spot_check, yield_of
from neuromorph import Recall

RESISTORS = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95)
OFFSETS_V = (0.0, 0.01, 0.03, 0.1, 0.2, 0.4)
STRONG_V = 1.0  # a cue loaded to the rail; a weak one is what brings outputs to 0.9 of their swing, 29 mV


def main(argv: list[str] | None = None) -> dict[str, list[Yield]]:
    """Write the figure and print its table; return the yields of each curve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--neurons", type=int, default=64)
    parser.add_argument("--patterns", type=int, default=6)
    parser.add_argument("--boards", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("yield_curve.png"))
    parser.add_argument("--keep", type=Path, help="folder for finished boards, so that a run that was stopped goes on")
    options = parser.parse_args(argv)

    stored = np.random.default_rng(options.seed).choice([-1, 1], (options.patterns, options.neurons))
    problem = Recall("memory", stored, noise=0.15)
    offsets = [Tolerances(resistor=0.01, offset_v=v) for v in OFFSETS_V]
    studies = {
        "resistors": [Boards(problem, Tolerances(resistor=r)) for r in RESISTORS],
        "weak cue": [Boards(problem, tolerances) for tolerances in offsets],
        "strong cue": [Boards(problem, tolerances, cue_v=STRONG_V) for tolerances in offsets],
    }
    print(f"{options.patterns} patterns in {options.neurons} neurons, 15 % of the cue flipped, {options.boards} boards")
    curves: dict[str, list[Yield]] = {}
    for name, points in studies.items():
        curves[name] = []
        for k, boards in enumerate(points):
            path = options.keep and options.keep / f"{name.replace(' ', '-')}-{k}.json"
            curves[name].append(yield_of(boards, options.boards, rng=options.seed, workers=options.workers, path=path))
            made, share = boards.tolerances, curves[name][-1].boards
            at = f"resistors +-{made.resistor:.0%}, offset {1e3 * made.offset_v:g} mV"
            print(
                f"{name:>10}, {at:>33}: {share.value:6.1%} of the boards recall ({share.low:.1%} .. {share.high:.1%})"
            )
        try:
            check = spot_check(points[-1], options.seed)
            print(f"            the first of these in {check.engine}: off by {check.final_error:.1e} of full scale")
        except EngineError as reason:
            print(f"            no check in SPICE: {reason}")
    _draw(curves, options.out)
    print(f"wrote {options.out}")
    return curves


def _draw(curves: dict[str, list[Yield]], out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for ax, name, x in (
        (left, "resistors", 100.0 * np.array(RESISTORS)),
        (right, "weak cue", 1e3 * np.array(OFFSETS_V)),
        (right, "strong cue", 1e3 * np.array(OFFSETS_V)),
    ):
        shares = [each.boards for each in curves[name]]
        y = np.array([share.value for share in shares])
        error = np.array([[share.value - share.low, share.high - share.value] for share in shares]).T
        ax.errorbar(x, y, np.maximum(error, 0.0), marker="o", markersize=4, capsize=3, linewidth=1.2, label=name)
    left.set(xlabel="resistor tolerance, +- %", ylabel="boards that recall (95 % interval)", ylim=(-0.03, 1.03))
    right.set(xlabel="offset of the amplifiers, mV (standard deviation)")
    right.legend(frameon=False)
    for ax in (left, right):
        ax.grid(alpha=0.3)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
