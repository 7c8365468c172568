"""Two electrodes on a disc at room temperature: their current on finer and finer meshes, and how far it is from exact.

First in a layer that conducts as a resistor, where a conformal map gives the current exactly, then in silicon, where
holes carry their own space charge; once on a mesh that is fine at the ends of electrodes alone, to see what that costs.

Run it: python examples/dopant_refinement.py
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from scipy.constants import elementary_charge
from scipy.special import ellipk

from hardware_targets.dopant_network.device.geometry import Disc, evenly_spaced_electrodes
from hardware_targets.dopant_network.device.mesh import device_mesh
from hardware_targets.dopant_network.transport.drift_diffusion import HoleFlow, silicon_layer
from hardware_targets.dopant_network.transport.mesh_convergence import refine_mesh


def main(argv: list[str] | None = None) -> tuple[float, float]:
    """Print the tables; return the error of the finest mesh, exact for the resistor and estimated for silicon."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--radius", type=float, default=150e-9, help="of the disc, m")
    parser.add_argument("--share", type=float, default=0.15, help="of the outline that each electrode takes")
    parser.add_argument("--volts", type=float, default=1.0, help="between the electrodes")
    parser.add_argument("--halvings", type=int, default=2, help="of the spacing, size / 30 at first")
    options = parser.parse_args(argv)

    disc, silicon = Disc(options.radius), silicon_layer()
    electrodes = evenly_spaced_electrodes(disc, 2, width_m=options.share * disc.perimeter_m)

    resistor = replace(silicon, doping_m3=-1e22, contact_m3=1e22)
    ohmic = refine_mesh(disc, electrodes, resistor, [1e-3, 0.0], halvings=options.halvings)
    ratio = np.sin(np.pi * options.share) ** 2  # cross-ratio of the four ends
    sheet = elementary_charge * resistor.mobility_m2_vs * resistor.contact_m3 * resistor.thickness_m
    exact = 1e-3 * sheet * ellipk(ratio) / ellipk(1.0 - ratio)
    error = float(ohmic.currents_a[-1, 1] / exact - 1.0)
    print(f"resistor\n{ohmic}\n     exact            {exact:.6e}; the finest mesh is {error:.4%} from it\n")

    found = refine_mesh(disc, electrodes, silicon, [options.volts, 0.0], halvings=options.halvings)
    print(f"silicon, fine all along the electrodes too\n{found}\n\nsilicon, fine at the ends of electrodes alone")
    for spacing in found.spacings_m:
        mesh = device_mesh(disc, electrodes, spacing_m=float(spacing))
        current = HoleFlow(mesh, silicon).solve([options.volts, 0.0]).currents_a[1]
        print(f"{1e9 * spacing:10.3f}  {len(mesh.points):8d}  {current:.6e}  {current / found.limit_a[1] - 1.0:7.3%}")
    print(f"current of a resistor: exact by the conformal map, ours {error:+.4%} from it on the finest mesh; of "
          f"silicon no published number, ours within {abs(found.errors[-1]):.2%} by its own refinement")  # fmt: skip
    return error, float(found.errors[-1])


if __name__ == "__main__":
    main()
