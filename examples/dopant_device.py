"""A dopant network in four pictures: the device and its current paths, its I-V, a gate, and room temperature.

Run it: python examples/dopant_device.py
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np

from hardware_targets.dopant_network.device.device import random_device
from hardware_targets.dopant_network.device.geometry import Disc, evenly_spaced_electrodes
from hardware_targets.dopant_network.device.mesh import device_mesh
from hardware_targets.dopant_network.drawing import draw_curve, draw_device, draw_truth_table
from hardware_targets.dopant_network.learning.logic_gates import Terminals, find_gate
from hardware_targets.dopant_network.targets.dopant_classifier import truth_table
from hardware_targets.dopant_network.targets.transfer_curves import transfer_curve
from hardware_targets.dopant_network.transport.drift_diffusion import HoleFlow, silicon_layer
from hardware_targets.dopant_network.transport.zero_bias_conductance import conduction_regime
from neuromorph.files.atomic_write import write_file

ROOM_RADIUS_M = 150e-9  # of the room-temperature unit: electrodes some 300 nm apart


def main(argv: list[str] | None = None) -> float:
    """Write the figure; return the quality of the gate that was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--acceptors", type=int, default=7)
    parser.add_argument("--gate", default="AND", help="AND, OR, NAND, NOR, XOR or XNOR")
    parser.add_argument("--generations", type=int, default=15, help="of the search for control voltages")
    parser.add_argument("--collect", type=float, default=1e-6, help="time over which currents are collected, s")
    parser.add_argument("--points", type=int, default=17, help="of the curves at room temperature")
    parser.add_argument("--seed", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("dopant_device.png"))
    options = parser.parse_args(argv)

    from matplotlib.figure import Figure

    device = random_device(options.acceptors, electrodes=6, rng=options.seed)
    regime = conduction_regime(device.network)
    print(f"conduction at zero bias: {regime}")
    terminals = Terminals((0, 1), 3)
    found = find_gate(
        device.network, terminals, options.gate, generations=options.generations, population=20, rng=options.seed
    )
    gate = truth_table(device.network, terminals, found.controls_v, options.gate, collect_s=options.collect)
    shown = terminals.voltages(found.controls_v)[int(np.abs(gate.currents_a).argmax())]
    print(f"{options.gate}: Q = {gate.quality:.2f}, {found.settings} settings tried")

    figure = Figure(figsize=(11.0, 9.0), layout="constrained")
    axes = figure.subplots(2, 2)
    draw_device(axes[0, 0], device, shown)
    name, energy = "activated" if regime.activated else "metallic", 1e3 * regime.activations_v[0]
    axes[0, 0].set_title(f"77 K: potential, acceptors (white), donors, paths; {name}, {energy:.1f} meV", fontsize=10)

    curve = transfer_curve(device.network, (0, terminals.output), np.linspace(-1.0, 1.0, 41), shown)
    draw_curve(axes[0, 1], curve, seconds=options.collect)
    axes[0, 1].set_title(f"77 K: input 0 to output {terminals.output}, noise of {options.collect:g} s", fontsize=10)
    draw_truth_table(axes[1, 0], gate)

    # room temperature, where space charge makes the curve: as many electrodes around the disc of a usual unit
    layer, shape = silicon_layer(), Disc(ROOM_RADIUS_M)
    electrodes = evenly_spaced_electrodes(shape, len(device.electrodes), width_m=0.05 * shape.perimeter_m)
    mesh = device_mesh(shape, electrodes, spacing_m=shape.extent_m / 30, skin_m=layer.skin_m)
    flow = HoleFlow(mesh, layer)
    inputs, state, currents = np.linspace(-1.0, 1.0, options.points), None, []
    for volts in inputs:
        state = flow.solve(np.r_[volts, shown[1:]], state)
        currents.append(1e6 * state.currents_a)
    for electrode, row in enumerate(np.array(currents).T):
        axes[1, 1].plot(inputs, row, label=f"electrode {electrode}", lw=2.4 if electrode == terminals.output else 1.0)
    for ax in (axes[0, 1], axes[1, 1]):
        ax.set_xticks(np.linspace(-1.0, 1.0, 5))
    axes[1, 1].set_xlabel("voltage of electrode 0 (V)")
    axes[1, 1].set_ylabel("current out of the device (µA)")
    axes[1, 1].set_title("300 K, a disc of 300 nm: drift and diffusion", fontsize=10)
    axes[1, 1].legend(frameon=False, fontsize=8)

    image = BytesIO()
    figure.savefig(image, format="png", dpi=110)
    write_file(options.out, image.getvalue())
    print(f"figure: {options.out}")
    print(
        f"no published number for a device drawn like this; ours {options.gate} with Q = {gate.quality:.2f}, at most 1"
    )
    return gate.quality


if __name__ == "__main__":
    main()
