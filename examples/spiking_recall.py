"""Recall by spikes: integrate-and-fire neurons, the ODE of their rates and binary neurons, from the same cues.

Run it: python examples/spiking_recall.py
A quarter of every cue is wrong. Five networks at every load take some three minutes on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from neuromorph import associative_memory as memory
from neuromorph.spiking import SpikingHopfield, SpikingRecall

LOADS = [0.02, 0.05, 0.08, 0.10, 0.12]


def main(argv: list[str] | None = None) -> dict[tuple[float, str], np.ndarray]:
    """Print the table, write the figure; return {(load, kind): mean overlap of every network}."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=200, help="units")
    parser.add_argument("--loads", type=float, nargs="+", default=LOADS, metavar="ALPHA")
    parser.add_argument("--swings", type=float, nargs="+", default=[15.0, 30.0], metavar="J", help="mV")
    parser.add_argument("--seeds", type=int, default=5, help="networks at every load")
    parser.add_argument("--trials", type=int, default=10, help="cues for each network")
    parser.add_argument("--wiring", choices=["direct", "push-pull", "dale"], default="direct")
    parser.add_argument("--backend", choices=["numpy", "cython", "cpp_standalone"], default="numpy")
    parser.add_argument("--out", type=Path, default=Path("spiking_recall.png"))
    options = parser.parse_args(argv)

    kinds = ["binary", *(f"{kind} J={swing:g}" for swing in options.swings for kind in ("ODE", "spiking"))]
    found: dict[tuple[float, str], list[float]] = {(load, kind): [] for load in options.loads for kind in kinds}
    shown: tuple[SpikingRecall, np.ndarray] | None = None
    print(f"{options.size} units, {options.seeds} networks, {options.trials} cues each; mean overlap (standard error)")
    print("load  " + "".join(f"{kind:>18}" for kind in kinds))
    for load in options.loads:
        for seed in range(options.seeds):
            patterns, targets, cues = _task(options.size, load, options.trials, seed)
            relaxed = memory.relax(memory.hebb(patterns), cues, rng=seed).spins
            found[load, "binary"].append(float((relaxed * targets).mean()))
            for swing in options.swings:
                network = SpikingHopfield.from_patterns(
                    patterns, swing_v=swing * 1e-3, wiring=options.wiring, backend=options.backend
                )
                recalled = network.recall(cues, rng=seed)
                found[load, f"spiking J={swing:g}"].append(float(recalled.overlaps(targets).mean()))
                found[load, f"ODE J={swing:g}"].append(float((network.integrate(cues)[1] * targets).mean()))
                if shown is None or load <= 0.1:
                    shown = recalled, targets
        cells = [np.array(found[load, kind]) for kind in kinds]
        errors = [x.std(ddof=1) / np.sqrt(x.size) if x.size > 1 else np.nan for x in cells]
        print(
            f"{load:<6}" + "".join(f"{x.mean():>10.3f} ({e:.3f})" for x, e in zip(cells, errors, strict=True)),
            flush=True,
        )
    table = {key: np.array(values) for key, values in found.items()}
    if shown is not None:
        _draw(table, kinds, options.loads, *shown, options.out)
        print(f"wrote {options.out}")
    print("no published number for these neurons: binary neurons and the ODE of rates stand beside, with the same cues")
    return table


def _task(size: int, load: float, trials: int, seed: int) -> tuple[Any, Any, Any]:
    """Patterns, and for each trial the one that is meant and its cue, of which a quarter is wrong."""
    rng = np.random.default_rng([seed, round(1000 * load)])
    patterns = rng.choice([-1, 1], (max(1, round(load * size)), size))
    targets = patterns[np.arange(trials) % len(patterns)]
    wrong = np.argsort(rng.random(targets.shape), axis=1) < size // 4
    return patterns, targets, np.where(wrong, -targets, targets)


def _draw(table: Any, kinds: list[str], loads: list[float], recalled: SpikingRecall, targets: Any, out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MARKERS, series_color

    figure = Figure(figsize=(11.0, 3.5), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for number, kind in enumerate(kinds):
        mean = [table[load, kind].mean() for load in loads]
        left.plot(loads, mean, label=kind, color=series_color(number), marker=MARKERS[number % 8], markersize=4)
    left.set(xlabel="load", ylabel="overlap")
    left.legend(frameon=False, fontsize=8)
    first = recalled.spike_trials == 0
    middle.plot(1e3 * recalled.spike_times_s[first], recalled.spike_neurons[first], ",", color=series_color(0))
    middle.set(xlabel="t (ms)", ylabel="neuron")
    middle_of_bin = 5e2 * (recalled.edges_s[1:] + recalled.edges_s[:-1])
    right.plot(middle_of_bin, recalled.overlap_course(targets).T, color=series_color(0), linewidth=1.0)
    right.set(xlabel="t (ms)", ylabel="overlap", ylim=(-0.05, 1.05))
    for ax in (left, middle, right):
        ax.grid(color=LINE)
        ax.spines[["top", "right"]].set_visible(False)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
