"""How many points of the plane one dopant-network unit labels in every way: its Vapnik-Chervonenkis dimension.

Run it: python examples/dopant_capacity.py

Every labeling of 4 to 7 points is trained by gradient through the mean field, five attempts each; one is found if a
threshold on the current, measured with noise, tells all points apart. Devices are drawn at random and all are shown.
"""

from __future__ import annotations

import argparse

import numpy as np

from hardware_targets.dopant_network.device.device import random_device
from hardware_targets.dopant_network.learning.benchmark_tasks import labeling_capacity
from hardware_targets.dopant_network.learning.dataset_simulation import random_voltages
from hardware_targets.dopant_network.learning.losses import corrsig
from hardware_targets.dopant_network.learning.training import ElectrodeRoles, NoisyDevice
from hardware_targets.dopant_network.transport.batched_mean_field import MeanFieldDevice

RANGE_V = (-0.75, 0.75)
OUTPUT = 7


def main(argv: list[str] | None = None) -> dict[int, list[float]]:
    """Print and return the share of labelings found, for each number of points those of all devices."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--devices", type=int, default=5, help="random devices of 8 acceptors, 4 donors, 8 electrodes")
    parser.add_argument("--inputs", type=int, nargs=2, default=(4, 5), help="electrodes that take x and y")
    parser.add_argument("--points", type=int, nargs="+", default=(4, 5, 6, 7))
    parser.add_argument("--noise", type=float, default=0.02, help="of a measured current, in deviations of the current")
    parser.add_argument("--attempts", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="of the noise and the starts")
    options = parser.parse_args(argv)

    wiring = ElectrodeRoles(tuple(options.inputs), OUTPUT, 8)
    low = np.full(8, RANGE_V[0])
    low[OUTPUT] = 0.0
    found: dict[int, list[float]] = {points: [] for points in options.points}
    for seed in range(options.devices):
        physics = MeanFieldDevice(random_device(8, rng=seed).network)
        sigma = float(physics.currents(random_voltages(300, low, -low, rng=options.seed))[:, OUTPUT].std())
        stream = np.random.default_rng(options.seed)
        noisy = NoisyDevice(physics, options.noise * sigma, stream)
        for points, shares in found.items():
            of = labeling_capacity(
                noisy, wiring, points, lambda i, y, s=sigma: corrsig(i, y, center_a=0.2 * s, scale_a=0.1 * s),
                input_range_v=RANGE_V, control_range_v=RANGE_V, attempts=options.attempts, epochs=options.epochs,
                learning_rate_v=0.03, rng=stream,
            )  # fmt: skip
            shares.append(of.share)
        told = ", ".join(f"{points}: {shares[-1]:.0%}" for points, shares in found.items())
        print(f"device {seed}, labelings found by number of points: {told}")
    for points, shares in found.items():
        whole = sum(share == 1.0 for share in shares)
        print(
            f"{points} points: {np.mean(shares):.0%} of {2**points - 2} labelings, from {min(shares):.0%} to "
            f"{max(shares):.0%}; all of them in {whole} of {len(shares)} devices"
        )
    whole = max((points for points, shares in found.items() if 1.0 in shares), default=0)
    print(f"points labeled in every way: no published number for devices drawn as these; ours {whole}, a threshold on "
          "a plane 3")  # fmt: skip
    return found


if __name__ == "__main__":
    main()
