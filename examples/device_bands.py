"""A Gaussian process, a network and a linear model in place of a dopant device, from sawtooth and from random settings.

Errors are on uniformly random settings that none of them saw, over the standard deviation of the current; of the
process also how many of them its 95 % bands hold. Sawteeth at incommensurate frequencies fill the box of voltages one
neighborhood at a time: what is learned along them says less of the rest, and the bands along them are too narrow.

How close a process comes depends on how far the voltages go. Eight acceptors, seven free electrodes, 1,200 random
settings: 9.3 % within +-0.5 V (8.9 to 11 % over five devices, metallic ones as well), 6.2 % within +-0.25 V, 2.3 %
within +-0.1 V, 0.8 % within +-0.05 V (--volts), with bands that cover 94 to 97 %; 4.7 %, measured elsewhere, belongs
to about +-0.2 V. It is not the kernel: lengths for each electrode are needed (27 % with one for all), but choosing
them from all settings (9.1 %), a rougher kernel (9.2 %) or standardized voltages (9.3 %) change nothing, the inverse
hyperbolic sine of the current makes it worse (11 to 17 %), and twice the settings give 8.4 %: the current bends
wherever two hops change their order, and at seven voltages 1,200 settings are far apart.

Run it: python examples/device_bands.py
"""

from __future__ import annotations

import argparse

import numpy as np

from hardware_targets.dopant_network import random_device
from hardware_targets.dopant_network.learning.dataset_simulation import (
    random_voltages,
    sawtooth_voltages,
    simulate_dataset,
)
from hardware_targets.dopant_network.learning.gaussian_process import fit_gaussian_process
from hardware_targets.dopant_network.learning.iv_dataset import IvDataset
from hardware_targets.dopant_network.learning.surrogate import fit_surrogate


def main(argv: list[str] | None = None) -> dict[tuple[str, int], tuple[float, float, float, float]]:
    """Print the table; return {(settings, points): errors of process, network, linear model, and the coverage}."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--acceptors", type=int, default=8)
    parser.add_argument("--electrodes", type=int, default=8, help="one of them is the output, at 0 V")
    parser.add_argument("--points", type=int, nargs="+", default=[500, 1200, 2000])
    parser.add_argument("--volts", type=float, default=0.5, help="largest voltage")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)

    network = random_device(options.acceptors, 1, options.electrodes, rng=options.seed).network
    output = options.electrodes - 1
    high = np.r_[np.full(output, options.volts), 0.0]
    tests = random_voltages(1000, -high, high, rng=options.seed + 1)
    truth = simulate_dataset(network, tests, (output,)).currents_a
    found = {}
    print(f"{'settings':>9} {'points':>7} {'process':>8} {'network':>8} {'linear':>8} {'in 95 % bands':>14}")
    for kind in ("random", "sawtooth"):
        for points in options.points:
            plan = random_voltages if kind == "random" else sawtooth_voltages
            v = plan(points, -high, high, rng=options.seed + 2)
            record = simulate_dataset(network, v, (output,))
            mixed = np.random.default_rng(options.seed).permutation(points) if kind == "random" else np.arange(points)
            record = IvDataset(v[mixed], record.currents_a[mixed], (output,))
            mean, sd = fit_gaussian_process(record, rng=options.seed).predict(tests)
            deep = fit_surrogate(record, rng=options.seed).surrogate.currents(tests)
            linear = fit_surrogate(record, hidden=(), rng=options.seed).surrogate.currents(tests)
            errors = [float(np.sqrt(((each - truth) ** 2).mean()) / truth.std()) for each in (mean, deep, linear)]
            inside = float((np.abs(mean - truth) < 1.96 * sd).mean())
            found[kind, points] = (*errors, inside)
            print(f"{kind:>9} {points:7d} " + " ".join(f"{each:8.1%}" for each in errors) + f" {inside:14.1%}")
    best = min(errors[0] for (kind, _), errors in found.items() if kind == "random")
    print(f"no published number for devices drawn as these; ours {best:.1%} of the deviation by the process, at random "
          "settings")  # fmt: skip
    return found


if __name__ == "__main__":
    main()
