"""A spiking network as a reservoir: memory, ranks and NARMA-10 against the strength of its recurrent coupling.

Published: the memory of n nodes is at most n steps (Jaeger 2001); no reservoir without nonlinearity follows NARMA-10
better than to an NRMSE of 0.4 (Jaeger 2003); and what a spiking network computes is best foretold by kernel rank less
generalization rank, which is largest at intermediate coupling (Legenstein and Maass 2007). Beside the network: the same
neurons without coupling, whose memory is that of their currents and traces alone.

    python examples/spiking_reservoir.py
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neuromorph.analog import memory_capacity, narma_series, prediction_error, rank_inputs, state_rank
from neuromorph.spiking import SpikingReservoir

LINEAR_LIMIT = 0.4  # NRMSE on NARMA-10


@dataclass(frozen=True)
class Quality:
    """Metrics of one reservoir."""

    memory: np.ndarray
    kernel: int
    general: int
    error: float
    rate_hz: float


def measured(reservoir: SpikingReservoir, steps: int, runs: int, seed: int) -> Quality:
    """Memory and NARMA-10 on one long series, ranks on ``runs`` short ones of 16 steps, 8 of them shared."""
    drive, series = narma_series(steps, seed)
    inputs = 4.0 * drive - 1.0
    states, rates = reservoir.run(inputs, rng=seed)
    ranks = [
        state_rank(reservoir.run(rank_inputs(runs, 16, shared, seed), rng=seed)[0][:, -1], threshold=0.005)
        for shared in (0, 8)
    ]
    return Quality(
        memory_capacity(states, inputs, delays=20).of_delay,
        ranks[0],
        ranks[1],
        float(np.sqrt(prediction_error(states, series))),
        float(rates.mean()),
    )


def main(argv: list[str] | None = None) -> dict[float, Quality]:
    """Write the figure, print the table and ours beside the published; return the metrics by coupling."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--couplings", type=float, nargs="+", default=[0.0, 0.5, 1.0, 2.0, 3.0, 4.0])
    parser.add_argument("--neurons", type=int, default=200)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("spiking_reservoir.png"))
    options = parser.parse_args(argv)

    found = {}
    print(f"{options.neurons} neurons\ncoupling  rate, Hz   memory   kernel   general.   NARMA-10 NRMSE")
    for coupling in options.couplings:
        reservoir = SpikingReservoir(options.neurons, coupling=coupling)
        q = found[coupling] = measured(reservoir, options.steps, options.neurons // 2, options.seed)
        print(f"{coupling:>8g} {q.rate_hz:>9.1f} {q.memory.sum():>8.2f} {q.kernel:>8} {q.general:>10} {q.error:>16.3f}",
              flush=True)  # fmt: skip
    _draw(found, options)
    print(f"wrote {options.out}")
    best = max(found, key=lambda c: found[c].memory.sum())
    follows = min(found, key=lambda c: found[c].error)
    apart = max(found, key=lambda c: found[c].kernel - found[c].general)
    difference = found[apart].kernel - found[apart].general
    print(f"memory published at most {options.neurons} steps, ours {found[best].memory.sum():.2f} at coupling "
          f"{best:g}; NARMA-10 published {LINEAR_LIMIT} for the best without nonlinearity, ours "
          f"{found[follows].error:.2f} at coupling {follows:g}; kernel less generalization rank published largest in "
          f"between, ours {difference} at {apart:g}, among {min(found):g} to {max(found):g}")  # fmt: skip
    return found


def _draw(found: dict[float, Quality], options: argparse.Namespace) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MARKERS, MUTED, series_color

    figure = Figure(figsize=(10.4, 3.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for k, coupling in enumerate(found):
        memory = found[coupling].memory
        left.plot(np.arange(1, len(memory) + 1), memory, marker=MARKERS[k % len(MARKERS)], ms=4, lw=1,
                  color=series_color(k), label=f"coupling {coupling:g}")  # fmt: skip
    left.set(xlabel="delay, steps of 10 ms", ylabel="r² of the recalled input", xlim=(0.5, 12.5))
    left.legend(fontsize=8, frameon=False)
    x = list(found)
    middle.plot(x, [q.kernel for q in found.values()], "o-", color=series_color(0), label="kernel")
    middle.plot(x, [q.general for q in found.values()], "s-", color=series_color(1), label="generalization")
    middle.plot(x, [q.kernel - q.general for q in found.values()], "D--", color=series_color(2), label="difference")
    middle.set(xlabel="coupling", ylabel="rank")
    middle.legend(fontsize=8, frameon=False)
    right.plot(x, [q.error for q in found.values()], "o-", color=series_color(0))
    right.axhline(LINEAR_LIMIT, color=MUTED, ls="--", lw=1)
    right.text(x[0], LINEAR_LIMIT + 0.01, "best without nonlinearity", color=MUTED, fontsize=8)
    right.set(xlabel="coupling", ylabel="NRMSE on NARMA-10", ylim=(0.3, None))
    for ax in (left, middle, right):
        ax.grid(color=LINE)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(options.out, dpi=150)


if __name__ == "__main__":
    main()
