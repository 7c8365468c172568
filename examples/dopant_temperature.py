"""Conductance of dopant networks against temperature at zero bias, beside what is published of Si:B.

Run it: python examples/dopant_temperature.py --out temperature.png

The band is that of sigma_0 exp(-(T*/T)^b), b = 1/3 or 1/2, of Si:B (Dai, Zhang and Sarachik), both T* as far apart as
hopping allows; it is stated before a device is drawn. Below it stands, for comparison, what the simulator had before:
acceptors 24 nm apart, a = 6 nm, 3 donors, attempts to hop that do not depend on temperature. It falls: a metal.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import replace
from pathlib import Path

import numpy as np

from hardware_targets.dopant_network.device.device import Material, random_device, silicon
from hardware_targets.dopant_network.device.geometry import Disc
from hardware_targets.dopant_network.transport.zero_bias_conductance import (
    conduction_regime,
    published_rise,
    zero_bias_conductance,
)
from neuromorph.files.atomic_write import write_file

TEMPERATURES_K = np.array([50.0, 60.0, 77.0, 90.0, 105.0, 125.0, 150.0, 185.0, 230.0, 300.0])


def main(argv: list[str] | None = None) -> np.ndarray:
    """Print the regimes; return G (devices, temperatures), A/V."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--devices", type=int, default=10)
    parser.add_argument("--acceptors", type=int, default=30, help="up to 10 of them are exact, more in mean field")
    parser.add_argument("--first", type=int, default=0, help="seed of the first device")
    parser.add_argument("--out", type=Path, default=None, help="a PNG file")
    options = parser.parse_args(argv)

    low, high = published_rise(300.0)
    print(f"published for Si:B: G(300 K)/G(77 K) = {low:.2f} to {high:.1f}")
    found, inside = [], 0
    for seed in range(options.first, options.first + options.devices):
        network = random_device(options.acceptors, rng=seed).network
        regime = conduction_regime(network)
        print(f"device {seed}: {regime}")
        found.append([zero_bias_conductance(network, temperature_k=kelvin) for kelvin in TEMPERATURES_K])
        inside += low < regime.ratio < high
    conductances = np.array(found)
    rising = (np.diff(conductances[:, TEMPERATURES_K >= 77.0], axis=1) > 0.0).all(axis=1)
    print(f"{inside} of {len(found)} in the published range, {rising.sum()} rise at every step from 77 to 300 K")
    if options.out is not None:
        write_file(options.out, _picture(conductances, _before(options.devices)))
        print(options.out)
    return conductances


def _before(devices: int) -> np.ndarray:
    """Compute G of the regime of before, (devices, temperatures)."""
    material = Material(silicon().relative_permittivity, 6e-9, 1e12)
    networks = [random_device(30, 3, shape=Disc(75e-9), material=material, rng=k).network for k in range(devices)]
    fixed = [replace(network, reference_k=None) for network in networks]
    return np.array([[zero_bias_conductance(one, temperature_k=kelvin) for kelvin in TEMPERATURES_K] for one in fixed])


def _picture(conductances: np.ndarray, before: np.ndarray) -> bytes:
    """A PNG: ln G against 1000 / T, relative to 77 K."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.axes import style_axes
    from neuromorph.plotting.style import INK, MUTED, SERIES_COLORS

    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes, at = figure.subplots(), int(np.flatnonzero(TEMPERATURES_K == 77.0)[0])
    inverse = 1000.0 / TEMPERATURES_K
    band = np.log([published_rise(float(kelvin)) for kelvin in TEMPERATURES_K]).T
    low, high = band.min(axis=0), band.max(axis=0)
    axes.fill_between(inverse, low, high, color=MUTED, alpha=0.25, lw=0, label="Si:B, published form")
    for k, one in enumerate(np.log(conductances / conductances[:, [at]])):
        axes.plot(inverse, one, color=SERIES_COLORS[0], lw=0.9, alpha=0.6, label=None if k else "default devices")
    for logs, color, style, label in (
        (np.log(conductances), SERIES_COLORS[0], "o-", "their geometric mean"),
        (np.log(before), SERIES_COLORS[1], "s--", "24 nm apart, a = 6 nm, 3 donors: metallic"),
    ):
        axes.plot(inverse, (logs - logs[:, [at]]).mean(axis=0), style, color=color, lw=2.2, ms=4, label=label)
    axes.axvline(1000.0 / 77.0, color=INK, lw=0.6)
    axes.axhline(0.0, color=INK, lw=0.6)
    axes.set_xlabel("1000 / T (1/K)")
    axes.set_ylabel("ln G(T) / G(77 K), zero bias")
    axes.legend(frameon=False, fontsize=8)
    top = axes.secondary_xaxis("top", functions=(_inverse, _inverse))
    top.set_xticks([300, 200, 150, 100, 77, 60, 50])
    top.set_xlabel("T (K)")
    style_axes(axes, grid="y")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def _inverse(x: np.ndarray) -> np.ndarray:
    return 1000.0 / np.maximum(np.asarray(x, dtype=float), 1e-9)


if __name__ == "__main__":
    main()
