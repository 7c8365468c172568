"""One dopant-network unit against five: is a point inside the ring or on it?

Run it: python examples/dopant_ring.py

Controls are trained by gradient through the mean field of the device, with new noise at every step; what is counted are
other points, measured on the exact solver with the noise of a measurement. Devices are drawn at random and all are
shown. One unit's contours are strips and wedges, and the best straight strip is right at 87 % of the points; a weighted
sum of five in different directions closes the ring, and so do two layers of two before a last unit, on some devices.
Measured in silicon by Ruiz-Euler et al., Neuromorph. Comput. Eng. 1, 024002 (2021): 77 % with one, 94 % with 2-2-1.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hardware_targets.dopant_network.device.device import random_device
from hardware_targets.dopant_network.device.hopping_network import HoppingNetwork
from hardware_targets.dopant_network.learning.benchmark_tasks import accuracy, best_threshold, ring_task, scaled
from hardware_targets.dopant_network.learning.dataset_simulation import random_voltages
from hardware_targets.dopant_network.learning.layered_units import grow_layers, train_layers
from hardware_targets.dopant_network.learning.losses import fisher
from hardware_targets.dopant_network.learning.parallel_units import ParallelUnits, train_parallel_units
from hardware_targets.dopant_network.learning.training import ElectrodeRoles, NoisyDevice
from hardware_targets.dopant_network.transport.batched_mean_field import MeanFieldDevice
from hardware_targets.dopant_network.transport.kinetic_monte_carlo import measure_currents
from hardware_targets.dopant_network.transport.master_equation import stationary_occupations

RANGE_V = (-0.75, 0.75)
OUTPUT, UNITS = 7, 5
Device = Callable[[np.ndarray], np.ndarray]  # currents (...) at voltages (..., electrodes)
Way = Callable[[Device, np.ndarray], np.ndarray]  # what is read out (m,) of a device at inputs (m, 2)


def main(argv: list[str] | None = None) -> dict[str, list[float]]:
    """Print and draw the accuracies; return for each way those of all devices, measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--devices", type=int, default=5, help="random devices of 8 acceptors, 4 donors, 8 electrodes")
    parser.add_argument("--first", type=int, default=0, help="seed of the first of them")
    parser.add_argument("--inputs", type=int, nargs=2, default=(4, 5), help="electrodes that take x and y")
    parser.add_argument("--gap", type=float, default=0.00825, help="between the classes; the disc has radius 1")
    parser.add_argument("--noise", type=float, default=0.02, help="of a measured current, in deviations of the current")
    parser.add_argument("--samples", type=int, default=240, help="points to train on; as many others to test")
    parser.add_argument("--pool", type=int, default=100, help="random units that each start is chosen from")
    parser.add_argument("--attempts", type=int, default=4, help="starts of each way; the best is kept")
    parser.add_argument("--epochs", type=int, default=80)
    parser.add_argument("--hopping", type=int, default=20, help="points measured by hopping, five units, first device")
    parser.add_argument("--seed", type=int, default=1, help="of the points, the noise and the starts")
    parser.add_argument("--out", type=Path, default=Path("dopant_ring.png"))
    options = parser.parse_args(argv)

    print(f"share of {options.samples} test points right, gap {options.gap:g}, noise {options.noise:g} deviations")
    found: dict[str, list[float]] = {}
    for seed in range(options.first, options.first + options.devices):
        network = random_device(8, rng=seed).network
        shares = _one_device(network, options, first=seed == options.first)
        for name, (modelled, measured) in shares.items():
            found.setdefault(name, []).append(measured)
            print(f"  device {seed}, {name}: {modelled:.1%} in mean field, {measured:.1%} on the device")
    for name, shares in found.items():
        error = np.std(shares, ddof=1) / np.sqrt(len(shares)) if len(shares) > 1 else np.nan
        middle = f"{np.mean(shares):.1%} +- {error:.1%}, median {np.median(shares):.1%}"
        print(f"{name}: {middle} (mean, its standard error and median over devices)")
    print(f"wrote {options.out}")
    one, layers = (100.0 * np.mean(found[name]) for name in ("one unit", "2-2-1 units"))
    print(f"points of the ring told apart, published 77 % by one unit and 94 % by 2-2-1 in silicon (Ruiz-Euler et al. "
          f"2021), ours {one:.0f} and {layers:.0f} % over {options.devices} drawn devices")  # fmt: skip
    return found


def _one_device(network: HoppingNetwork, options: argparse.Namespace, first: bool) -> dict[str, list[float]]:
    """For each way its accuracy in mean field and on the exact solver, both with noise, on points not trained on."""
    wiring = ElectrodeRoles(tuple(options.inputs), OUTPUT, 8)
    low = np.full(8, RANGE_V[0])
    low[OUTPUT] = 0.0
    physics = MeanFieldDevice(network)
    noise = options.noise * physics.currents(random_voltages(300, low, -low, rng=options.seed))[:, OUTPUT].std()
    stream = np.random.default_rng(options.seed)
    noisy = NoisyDevice(physics, noise, stream)
    (train, labels), (test, known) = (ring_task(options.samples, options.gap, rng=stream) for _ in range(2))
    train_v, test_v = scaled(train, RANGE_V), scaled(test, RANGE_V)

    def modelled(v: np.ndarray) -> np.ndarray:
        return noisy.currents(v)[..., OUTPUT]

    def exact(v: np.ndarray) -> np.ndarray:
        return np.apply_along_axis(lambda row: stationary_occupations(network, row).currents_a[OUTPUT], -1, v)

    def measured(v: np.ndarray) -> np.ndarray:
        return exact(v) + noise * stream.standard_normal(v.shape[:-1])

    one, five = (
        train_parallel_units(
            noisy, wiring, units, train_v, labels, control_range_v=RANGE_V, pool=options.pool,
            attempts=options.attempts, epochs=options.epochs, rng=stream,
        )[0] for units in (1, UNITS)
    )  # fmt: skip
    ranges = {"input_range_v": RANGE_V, "control_range_v": RANGE_V}
    grown = [
        grow_layers(
            noisy, wiring, (2, 2, 1), train_v, labels, pool=options.pool, attempts=1, epochs=options.epochs // 2 + 1,
            rng=stream, **ranges,
        ) for _ in range(options.attempts)
    ]  # fmt: skip
    layers, _ = train_layers(
        noisy, wiring, (2, 2, 1), train_v, labels, fisher, attempts=options.attempts, epochs=options.epochs,
        learning_rate_v=0.02, start=grown, **ranges,
    )  # fmt: skip
    shares: dict[str, list[float]] = {"one unit": [], "five units, linear read-out": [], "2-2-1 units": []}
    # What stands beside the units (weights, amplifiers between layers, threshold) is set on the device that is used.
    for device in (modelled, measured):
        five = five.calibrated(device, train_v, labels)
        ways = dict(zip(shares, (one.read, five.read, layers.calibrated(device, train_v).currents), strict=True))
        rules = {name: best_threshold(way(device, train_v), labels)[:2] for name, way in ways.items()}
        for name, way in ways.items():
            shares[name].append(accuracy(way(device, test_v), known, *rules[name]))
    if first:
        drawn = [
            (f"{name}\n{shares[name][1]:.0%} of the test points", way, rules[name][0]) for name, way in ways.items()
        ]
        _draw(drawn, lambda v: physics.currents(v)[..., OUTPUT], test, known, options.out)
        some, name = slice(0, options.hopping), "five units, linear read-out"
        _by_hopping(network, five, exact, test_v[some], known[some], noise, rules[name], options.seed)
    return shares


def _by_hopping(
    network: HoppingNetwork, units: ParallelUnits, exact: Device, data_v: np.ndarray, labels: np.ndarray, noise: float,
    rule: tuple[float, bool], seed: int,
) -> None:  # fmt: skip
    """Measure by kinetic Monte Carlo until every current's error is the noise, and print what comes of it."""
    if len(data_v) == 0:
        return
    errors = []

    def hopping(v: np.ndarray) -> np.ndarray:
        flat = [measure_currents(network, row, relative_error=0.0, absolute_a=noise, rng=seed + k)
                for k, row in enumerate(v.reshape(-1, v.shape[-1]))]  # fmt: skip
        errors.append([each.errors_a[OUTPUT] for each in flat])
        return np.reshape([each.currents_a[OUTPUT] for each in flat], v.shape[:-1])

    hopped, solved = units.read(hopping, data_v), units.read(exact, data_v)
    error = np.sqrt(np.reshape(errors, (-1, len(data_v))).T ** 2 @ units.weights**2)
    off = np.sqrt(np.mean(((hopped - solved) / error) ** 2))
    right, known = accuracy(hopped, labels, *rule), accuracy(solved, labels, *rule)
    print(
        f"  five units by hopping: {right:.0%} of {len(labels)} points right, by the exact solver "
        f"{known:.0%} without noise; the read-outs differ by {off:.2f} of their errors (RMS)"
    )


def _draw(drawn: list[tuple[str, Way, float]], device: Device, test: np.ndarray, labels: np.ndarray, out: Path) -> None:
    """What is read out over the plane of the two inputs, with the threshold and the points of the test."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.4 * len(drawn), 3.3), layout="constrained")
    line = np.linspace(-1.0, 1.0, 61)
    plane = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    for ax, (name, way, at) in zip(np.atleast_1d(figure.subplots(1, len(drawn))), drawn, strict=True):
        read = way(device, scaled(plane, RANGE_V)).reshape(line.size, line.size)
        read, at = (read - read.mean()) / read.std(), (at - read.mean()) / read.std()
        picture = ax.pcolormesh(line, line, read, cmap="viridis", shading="gouraud", rasterized=True)
        if read.min() < at < read.max():
            ax.contour(line, line, read, [at], colors="black", linestyles="solid", linewidths=1.5)
        for label, marker, color in ((False, "o", "white"), (True, "x", "crimson")):
            ax.scatter(*test[labels == label].T, s=10, marker=marker, c=color, linewidths=0.8)
        ax.set_title(name, fontsize=9)
        ax.set(xlabel="x", ylabel="y", aspect="equal")
        figure.colorbar(picture, ax=ax, label="read-out, standardized", shrink=0.8)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=130)


if __name__ == "__main__":
    main()
