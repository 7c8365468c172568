r"""Convergence of drift-diffusion currents on ever finer meshes.

.. math:: I(h) = I + c\,h^2 + \dots, \qquad I \approx I(h) + \tfrac13 \big( I(h) - I(2h) \big), \qquad
          q = \log_2 \frac{|I(2h) - I(4h)|}{|I(h) - I(2h)|}

where I(h) are the currents on a mesh of spacing h, I their limit, and q the measured order: 2 where the mesh resolves
the ends of electrodes and the holes in front of them, and drift over a cell is below k T / e. Norms are over all
electrodes. Source: Richardson, Phil. Trans. R. Soc. A 210, 307 (1911).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

from ..device.geometry import Electrode, Shape
from ..device.mesh import device_mesh
from .drift_diffusion import HoleFlow, SemiconductorLayer


@dataclass(frozen=True, eq=False)
class MeshRefinement:
    """Currents on meshes each twice as fine as the one before; ``print`` shows the table.

    Attributes
    ----------
    spacings_m : (r,) float
        Spacings h, m.
    vertices : (r,) int
        Numbers of vertices.
    currents_a : (r, k) float
        Currents into the electrodes, A.
    """

    spacings_m: Float
    vertices: NDArray[np.intp]
    currents_a: Float

    @property
    def limit_a(self) -> Float:
        """Extrapolated currents (k,) at h = 0, from the last two meshes, A."""
        return np.asarray(self.currents_a[-1] + (self.currents_a[-1] - self.currents_a[-2]) / 3.0)

    @property
    def errors(self) -> Float:
        """Relative errors ``|I(h) - limit| / |limit|`` (r,)."""
        limit = self.limit_a
        return np.asarray(np.linalg.norm(self.currents_a - limit, axis=1) / np.linalg.norm(limit))

    @property
    def orders(self) -> Float:
        """Measured orders q (r - 2,)."""
        changes = np.linalg.norm(np.diff(self.currents_a, axis=0), axis=1)
        return np.asarray(np.log2(changes[:-1] / changes[1:]))

    def __str__(self) -> str:
        rows = zip(self.spacings_m, self.vertices, np.abs(self.currents_a).max(axis=1), self.errors, strict=True)
        orders = ["", "", *(f"{order:.2f}" for order in self.orders)]
        lines = [
            f"{1e9 * h:10.3f}  {m:8d}  {i:.6e}  {e:7.3%}  {q:>5}" for (h, m, i, e), q in zip(rows, orders, strict=True)
        ]
        head = f"{'h (nm)':>10}  {'vertices':>8}  {'max |I| (A)':>12}  {'error':>7}  order"
        return "\n".join([head, *lines, f"{'limit':>10}  {'':8}  {np.abs(self.limit_a).max():.6e}"])


def refine_mesh(
    shape: Shape,
    electrodes: tuple[Electrode, ...],
    layer: SemiconductorLayer,
    voltages_v: ArrayLike,
    *,
    spacing_m: float | None = None,
    halvings: int = 2,
) -> MeshRefinement:
    """Compute currents on meshes of halved spacing, each five times as slow as the one before.

    Parameters
    ----------
    shape : Disc or Rectangle
        The outline.
    electrodes : tuple of Electrode
        The contacts.
    layer : SemiconductorLayer
        The layer.
    voltages_v : (k,) float
        Voltages of the electrodes, V.
    spacing_m : float, optional
        First spacing; None is size / 30.
    halvings : int
        Number of halvings.

    Returns
    -------
    MeshRefinement
        The currents on all meshes.

    Raises
    ------
    ValueError
        If a mesh has no steady state at these voltages.
    """
    if halvings < 1:
        raise ValueError(f"halvings is {halvings}; an error needs two meshes at least, an order three")
    first = shape.extent_m / 30.0 if spacing_m is None else spacing_m
    spacings: Float = first / 2.0 ** np.arange(halvings + 1, dtype=float)
    meshes, currents = [], []
    for k, spacing in enumerate(spacings):
        checkpoint("refining the mesh", k, len(spacings))
        mesh = device_mesh(shape, electrodes, spacing_m=float(spacing), skin_m=layer.skin_m)
        state = HoleFlow(mesh, layer).solve(voltages_v)
        if not state.converged:
            raise ValueError(f"voltages_v are {voltages_v!r}: {state.message}; lower their differences")
        meshes.append(len(mesh.points))
        currents.append(state.currents_a)
    return MeshRefinement(spacings, np.array(meshes), np.array(currents))
