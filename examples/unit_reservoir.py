"""A unit at room temperature as a reservoir: what it remembers, what it tells apart, and how well it follows NARMA-10.

A unit answers within microseconds and forgets: memory has to come from outside. Here one unit works for all nodes, one
after another: each node has its own random voltages at four electrodes, and at three others the input of some earlier
steps, which a delay line keeps. A Gaussian process of the shipped surface stands for the unit. Beside it: a readout of
the delay line alone, which remembers as much and multiplies nothing.

Run it: python examples/unit_reservoir.py --out reservoir.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from hardware_targets.dopant_network.learning.gaussian_process import GaussianProcess, fit_gaussian_process
from hardware_targets.dopant_network.learning.iv_dataset import IvDataset
from hardware_targets.dopant_network.targets.space_charge_table import OUTPUT
from hardware_targets.dopant_network.targets.space_charge_units import space_charge_table
from neuromorph.analog import memory_capacity, narma_series, prediction_error, rank_inputs, state_rank

DELAYS = 12  # steps that the delay line keeps
SWING_V = 0.4


def unit_states(unit: GaussianProcess, inputs: np.ndarray, nodes: int, seed: int) -> np.ndarray:
    """Currents of the unit (steps, nodes) in units of their spread; inputs (steps,) are -1 .. 1."""
    rng = np.random.default_rng(seed)
    past = delayed(inputs)
    v = np.zeros((len(inputs), nodes, 8))
    for node in range(nodes):
        fed = rng.choice(7, 3, replace=False)
        v[:, node, :7] = rng.uniform(-SWING_V, SWING_V, 7)
        v[:, node, fed] = SWING_V * past[:, rng.choice(DELAYS, 3, replace=False)]
    return unit.currents(v)[..., 0] / unit.scale_a[0]


def delayed(inputs: np.ndarray) -> np.ndarray:
    """(steps, DELAYS) inputs of this step and of earlier ones, 0 before the first."""
    return np.column_stack([np.r_[np.zeros(k), inputs[: len(inputs) - k]] for k in range(DELAYS)])


def main(argv: list[str] | None = None) -> dict[str, dict[str, float]]:
    """Print the table, draw the figure; return {reservoir: {metric: value}}."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--nodes", type=int, default=60)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--settings", type=int, default=512, help="of the surface, that the process is fitted to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="figure, .png or .svg")
    options = parser.parse_args(argv)

    table = space_charge_table()
    record = IvDataset(
        table.settings_v[: options.settings], table.surface_a[: options.settings, [OUTPUT]], (OUTPUT,), "300 K"
    )
    unit = fit_gaussian_process(record, rng=options.seed)
    drive, series = narma_series(options.steps, options.seed)
    inputs = 4.0 * drive - 1.0
    reservoirs = {
        "unit": lambda u: unit_states(unit, u, options.nodes, options.seed),
        "delay line": delayed,
    }
    runs, memories, found = options.nodes, {}, {}
    print(f"{'reservoir':>11} {'nodes':>6} {'memory':>7} {'kernel':>7} {'general.':>8} {'NARMA-10 NRMSE':>15}")
    for name, states in reservoirs.items():
        x = states(inputs)
        memories[name] = memory_capacity(x, inputs, delays=2 * DELAYS)
        ends = [
            np.array([states(u)[-1] for u in rank_inputs(runs, DELAYS + 4, shared, options.seed)])
            for shared in (0, DELAYS // 2)
        ]
        found[name] = {
            "memory": memories[name].total,
            "kernel rank": state_rank(ends[0]),
            "generalization rank": state_rank(ends[1]),
            "NARMA-10": float(np.sqrt(prediction_error(x, series))),
        }
        numbers = found[name]
        print(
            f"{name:>11} {x.shape[1]:6d} {numbers['memory']:7.2f} {numbers['kernel rank']:7.0f} "
            f"{numbers['generalization rank']:8.0f} {numbers['NARMA-10']:15.3f}"
        )
    if options.out is not None:
        draw(memories, found, options.out)
    print(f"NARMA-10, NRMSE: published 0.4 for the best reservoir without nonlinearity (Jaeger 2003), ours "
          f"{found['unit']['NARMA-10']:.2f} with the unit and {found['delay line']['NARMA-10']:.2f} of the delay line "
          f"alone; memory published at most {options.nodes} steps of so many nodes, ours "
          f"{found['unit']['memory']:.1f}")  # fmt: skip
    return found


def draw(memories: dict, found: dict, path: Path) -> None:
    """Memory of each delay, and the error on NARMA-10."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(8.0, 3.2), layout="constrained", width_ratios=(2, 1))
    for name, memory in memories.items():
        left.plot(np.arange(1, len(memory.of_delay) + 1), memory.of_delay, "o-", ms=4, label=name)
    left.set(xlabel="delay (steps)", ylabel="r² of the recalled input", ylim=(0.0, 1.05))
    left.legend(frameon=False)
    right.bar(list(found), [each["NARMA-10"] for each in found.values()], color=["C0", "C1"])
    right.axhline(0.4, color="0.4", lw=1, ls="--")
    right.set(ylabel="NRMSE on NARMA-10", title="dashed: best of linear reservoirs")
    right.title.set_fontsize(9)
    figure.savefig(path, dpi=150)
    plt.close(figure)


if __name__ == "__main__":
    main()
