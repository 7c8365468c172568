"""One dopant-network unit against five in layers: is a point inside the ring or on it?

Run it: python examples/dopant_ring.py

Controls are trained by gradient through the mean field of the device; then everything is measured on the exact solver,
with the noise of a measurement. Without noise one unit is enough for any ring: it finds picoamperes that tell.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hardware_targets.dopant_network.batched_mean_field import MeanFieldDevice
from hardware_targets.dopant_network.device import random_device
from hardware_targets.dopant_network.layers import Layers, train_layers
from hardware_targets.dopant_network.losses import margin
from hardware_targets.dopant_network.master import stationary
from hardware_targets.dopant_network.records import random_voltages
from hardware_targets.dopant_network.tasks import accuracy, ring, scaled, threshold
from hardware_targets.dopant_network.training import Noisy, Wiring, descend, through

RANGE_V = (-0.75, 0.75)
OUTPUT, UNITS = 7, 5
Device = Callable[[np.ndarray], np.ndarray]  # currents at voltages (rows, electrodes)


def main(argv: list[str] | None = None) -> dict[str, list[float]]:
    """Print and draw the accuracies; return those in mean field, on the device and with noise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", type=int, default=6, help="seed of the device: 8 acceptors, 1 donor, 8 electrodes")
    parser.add_argument("--inputs", type=int, nargs=2, default=(4, 5), help="electrodes that take x and y")
    parser.add_argument("--gap", type=float, default=0.00825, help="between the classes; the disc has radius 1")
    parser.add_argument("--noise", type=float, default=0.02, help="of a measured current, in deviations of the current")
    parser.add_argument("--samples", type=int, default=120, help="points to train on; twice as many to test")
    parser.add_argument("--attempts", type=int, default=8, help="random starts for one unit")
    parser.add_argument("--starts", type=int, default=3, help="random starts for the later layers of five units")
    parser.add_argument("--epochs", type=int, default=70)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("dopant_ring.png"))
    options = parser.parse_args(argv)

    network = random_device(8, 1, 8, rng=options.device).network
    wiring = Wiring(tuple(options.inputs), OUTPUT, 8)
    low = np.full(8, RANGE_V[0])
    low[OUTPUT] = 0.0
    physics = MeanFieldDevice(network)
    sigma = float(physics.currents(random_voltages(300, low, -low, rng=options.seed))[:, OUTPUT].std())
    noise = options.noise * sigma
    noisy = Noisy(physics, noise, options.seed)
    stream = np.random.default_rng(options.seed)
    train, labels = ring(options.samples, options.gap, rng=options.seed)
    test, known = ring(2 * options.samples, options.gap, rng=options.seed + 1)
    train_v, test_v = scaled(train, RANGE_V), scaled(test, RANGE_V)

    def loss(currents: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return margin(currents, high, margin_a=0.1 * sigma)

    def model(v: np.ndarray) -> np.ndarray:
        return physics.currents(v)[:, OUTPUT]

    def device(v: np.ndarray) -> np.ndarray:
        return np.array([stationary(network, row).currents_a[OUTPUT] for row in v])

    def measured(v: np.ndarray) -> np.ndarray:
        return device(v) + noise * stream.standard_normal(len(v))

    count = len(wiring.controls)
    start = np.random.default_rng(options.seed).uniform(*RANGE_V, (max(options.attempts, UNITS), count))
    of = through(noisy, wiring, train_v, labels, loss)
    box = np.full(count, RANGE_V[0]), np.full(count, RANGE_V[1])
    trained = descend(of, start, *box, epochs=options.epochs, learning_rate_v=0.03)
    units = trained.controls_v[np.argsort(trained.loss, kind="stable")[:UNITS]]
    # The first layer starts from the best units alone; what they tell is then amplified to the full range of the next.
    behind = np.random.default_rng(options.seed + 1).uniform(*RANGE_V, (options.starts, 3, count))
    starts = [Layers(wiring, (units[:2], more[:2], more[2:]), (), (), *RANGE_V) for more in behind]
    layers, _ = train_layers(
        noisy, wiring, (2, 2, 1), train_v, labels, loss, input_range_v=RANGE_V, control_range_v=RANGE_V,
        attempts=options.starts, epochs=options.epochs, learning_rate_v=0.03, start=starts, rng=options.seed,
    )  # fmt: skip

    def side_by_side(hardware: Device, data: np.ndarray) -> np.ndarray:
        return np.stack([hardware(wiring.voltages(data, controls)) for controls in units], axis=-1)

    weights = _readout(side_by_side(measured, train_v), labels)
    ways: dict[str, Callable[[Device, np.ndarray], np.ndarray]] = {
        "one unit": lambda hardware, data: hardware(wiring.voltages(data, units[0])),
        "five units, linear read-out": lambda hardware, data: side_by_side(hardware, data) @ weights,
        "2-2-1 units": layers.currents,
    }
    found: dict[str, list[float]] = {}
    drawn = []
    print(f"share of the test points right, gap {options.gap:g}, noise {options.noise:g} deviations of the current")
    for name, way in ways.items():
        shares = []
        for hardware in (model, device, measured):  # the threshold is part of the read-out and set anew
            rule = threshold(way(hardware, train_v), labels)
            shares.append(accuracy(way(hardware, test_v), known, *rule[:2]))
        found[name] = shares
        drawn.append((f"{name}\n{shares[2]:.0%} of the test points", way, rule[0]))
        print(f"{name:>27}: {shares[0]:.1%} in mean field, {shares[1]:.1%} on the device, {shares[2]:.1%} with noise")
    _draw(drawn, model, test, known, options.out)
    print(f"wrote {options.out}")
    return found


def _readout(currents: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights of the currents (m, units) by least squares on the labels, a little ridge against noise."""
    away = currents - currents.mean(axis=0)
    square = away.T @ away
    return np.linalg.solve(square + 1e-3 * np.diag(np.diag(square)), away.T @ np.where(labels, 1.0, -1.0))


def _draw(drawn: list, device: Device, test: np.ndarray, labels: np.ndarray, out: Path) -> None:
    """What is read out over the plane of the two inputs, with the threshold and the points of the test."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.4 * len(drawn), 3.3), layout="constrained")
    line = np.linspace(-1.0, 1.0, 41)
    plane = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    for ax, (name, way, at) in zip(np.atleast_1d(figure.subplots(1, len(drawn))), drawn, strict=True):
        current = way(device, scaled(plane, RANGE_V)).reshape(41, 41)
        current, at = (current - current.mean()) / current.std(), (at - current.mean()) / current.std()
        picture = ax.pcolormesh(line, line, current, cmap="viridis", shading="gouraud", rasterized=True)
        if current.min() < at < current.max():
            ax.contour(line, line, current, [at], colors="black", linewidths=1.5)
        for label, marker, colour in ((False, "o", "white"), (True, "x", "crimson")):
            ax.scatter(*test[labels == label].T, s=10, marker=marker, c=colour, linewidths=0.8)
        ax.set_title(name, fontsize=9)
        ax.set(xlabel="x", ylabel="y", aspect="equal")
        figure.colorbar(picture, ax=ax, label="read-out, standardised", shrink=0.8)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=130)


if __name__ == "__main__":
    main()
