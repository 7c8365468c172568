"""The capacity of Hebb's rule: replica theory, and descent from stored patterns in networks of growing size.

Run it: python examples/capacity.py --keep capacity
With --keep a run that was stopped goes on where it was. The sizes given by default take two
minutes on one core; add 8000 neurons (--sizes 1000 2000 4000 8000, 20 realizations, 10 s each) for a tighter interval.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from neuromorph import associative_memory as memory
from neuromorph.validate.memory_checks import transition_loads

SIZES = {1000: 100, 2000: 80, 4000: 25}  # neurons: realizations


def main(argv: list[str] | None = None) -> memory.CapacityFit:
    """Write the figure, print theory and simulation; return the fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="N")
    parser.add_argument(
        "--realizations", type=int, help="of every size; default: 100 at 1000 neurons to 25 at 4000, else 20"
    )
    parser.add_argument("--starts", type=int, default=60, help="patterns of each realization that are tried")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=1, help="threads; each holds 2 N^2 bytes")
    parser.add_argument("--keep", type=Path, help="folder for finished realizations, so that a run goes on")
    parser.add_argument("--out", type=Path, default=Path("capacity.png"))
    options = parser.parse_args(argv)

    critical, overlap = memory.critical_load()
    print(f"theory, replica symmetric: alpha_c = {critical:.5f}, overlap there {overlap:.5f}")
    measured = []
    for n in options.sizes:
        path = options.keep and options.keep / f"{n}.json"
        measured.append(
            memory.sample_final_overlaps(
                n, transition_loads(n), realizations=options.realizations or SIZES.get(n, 20), starts=options.starts,
                rng=options.seed, workers=options.workers, path=path,
            )
        )  # fmt: skip
        half_load = memory.half_loads(measured[-1:])[0]
        print(
            f"{n:>6} neurons, {len(measured[-1].overlaps)} realizations: half of the patterns kept at {half_load:.4f}"
        )
    found = memory.finite_size_scaling(measured)
    for name, value in (("alpha_c", found.load), ("overlap at the end", found.overlap), ("width", found.width)):
        print(f"descent, all sizes: {name} = {value.value:.4f} (95 %: {value.low:.4f} .. {value.high:.4f})")
    print(f"chi-square a degree of freedom: {found.fits:.2f}")
    _draw(measured, found, options.out)
    print(f"wrote {options.out}")
    print(f"capacity published 0.138 in the replica-symmetric theory (Amit, Gutfreund and Sompolinsky 1985), ours by "
          f"descent {found.load.value:.4f} ({found.load.low:.4f} to {found.load.high:.4f})")  # fmt: skip
    return found


def _draw(measured: list[memory.OverlapSamples], found: memory.CapacityFit, out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from scipy.special import ndtr

    from neuromorph.plotting.style import LINE, MARKERS, MUTED, series_color

    figure = Figure(figsize=(11.0, 3.5), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    critical, overlap = memory.critical_load()
    alpha_c, width, shift = found.load.value, found.width.value, found.shift.value
    for number, each in enumerate(measured):
        p, style = each.shares(), {"color": series_color(number), "marker": MARKERS[number % 8], "markersize": 4}
        error = 2.0 * p.std(axis=0, ddof=1) / np.sqrt(len(p))
        left.errorbar(each.loads, p.mean(axis=0), error, label=f"N = {each.size}", capsize=2, linestyle="none", **style)
        fine = np.linspace(each.loads[0], each.loads[-1], 200)
        law = ndtr(np.sqrt(each.size) * (alpha_c - fine) / width + shift)
        left.plot(fine, law, color=series_color(number), linewidth=1.0)
        middle.errorbar(
            np.sqrt(each.size) * (each.loads - alpha_c), p.mean(axis=0), error, capsize=2, linestyle="none", **style
        )
        right.plot(each.loads, each.mean_overlaps(), linewidth=1.0, **style)
    curve = np.linspace(0.11, critical, 200)
    right.plot(curve, [memory.retrieval_solution(a).overlap for a in curve], color=MUTED, linewidth=2.0, label="theory")
    right.plot([critical], [overlap], color=MUTED, marker="o")
    left.axvline(alpha_c, color=MUTED, linewidth=1.0, linestyle="--")
    left.set(xlabel="load", ylabel="patterns kept")
    middle.set(xlabel=r"$\sqrt{N}\,(\alpha - \alpha_c)$")
    right.set(xlabel="load", ylabel="overlap of patterns kept", ylim=(0.94, 1.0))
    left.legend(frameon=False, fontsize=8)
    right.legend(frameon=False, fontsize=8)
    for ax in (left, middle, right):
        ax.grid(color=LINE)
        ax.spines[["top", "right"]].set_visible(False)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
