r"""The lever matrix: the share of each electrode's voltage in the potential at each point of the device.

.. math:: \nabla^2 \phi_e = 0, \qquad \phi_e = 1 \text{ on electrode } e,\; 0 \text{ on the others}, \qquad
          \partial_n \phi_e = 0 \text{ between them}, \qquad L_{ie} = \phi_e(r_i)

where r_i are the sites, so that the potential is L V at electrode voltages V, and rows of L sum to 1. Linear finite
elements on triangles that shrink towards the ends of the electrodes, where the field has a square-root singularity,
solve it: the error falls as the spacing squared. With the usual spacing, size / 40, conductances between two arcs are
0.14 % too high where they are wide, 0.72 % where they are narrow, and a quarter of that at half the spacing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import Delaunay, cKDTree

from neuromorph.ising import Float
from neuromorph.runtime.threads import single_threaded_blas

from .geometry import Electrode, Shape

_GRADING = 14.0  # g times size / spacing; g is the local spacing over the distance to the nearest electrode's end
_LEVELS = 13  # largest number of halvings of the spacing towards such an end


@dataclass(frozen=True, eq=False)
class ElectrodePotentials:
    """Potentials of all electrodes on a mesh.

    Attributes
    ----------
    points : (m, 2) float
        Vertices, m.
    potentials : (m, k) float
        phi_e at the vertices, between 0 and 1.
    conductances : (k, k) float
        Maxwell's matrix of the sheet, in units of its sheet conductance: the current out of electrode a at 1 V on
        electrode b; rows sum to 0.
    mesh : scipy.spatial.Delaunay
        The triangles.
    """

    points: Float
    potentials: Float
    conductances: Float
    mesh: Delaunay

    @single_threaded_blas()
    def levers(self, sites: ArrayLike) -> Float:
        """Interpolate the lever matrix L.

        Parameters
        ----------
        sites : (n, 2) float
            Places, m.

        Returns
        -------
        (n, k) float
            Share of each electrode in the potential.
        """
        at = np.asarray(sites, dtype=float)
        triangle = self.mesh.find_simplex(at)
        if (triangle < 0).any():  # between the boundary and the chord of a triangle
            nearest = cKDTree(self.points).query(at[triangle < 0])[1]
        frame = self.mesh.transform[triangle]
        first = np.einsum("sij,sj->si", frame[:, :2], at - frame[:, 2])
        weights = np.column_stack([first, 1.0 - first.sum(axis=1)])
        found = np.einsum("sc,sck->sk", weights, self.potentials[self.mesh.simplices[triangle]])
        if (triangle < 0).any():
            found[triangle < 0] = self.potentials[nearest]
        return np.asarray(found)


@single_threaded_blas()
def solve_potentials(
    shape: Shape, electrodes: tuple[Electrode, ...], *, spacing_m: float | None = None
) -> ElectrodePotentials:
    """Solve Laplace's equation for the potential phi_e of every electrode.

    Parameters
    ----------
    shape : Disc or Rectangle
        The outline.
    electrodes : tuple of Electrode
        The contacts.
    spacing_m : float, optional
        Spacing of the mesh far from the electrodes' ends; None is size / 40.

    Returns
    -------
    ElectrodePotentials
        The potentials on the mesh.
    """
    points, owner = graded_vertices(shape, electrodes, spacing_m=spacing_m)
    mesh = Delaunay(points)
    stiffness = _stiffness(points, mesh.simplices)
    fixed = owner >= 0
    values = (owner[:, None] == np.arange(len(electrodes))).astype(float)
    free = np.flatnonzero(~fixed)
    inner = sparse.csc_array(stiffness[free][:, free])
    factors = splu(inner, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    values[free] = factors.solve(-(stiffness[free][:, np.flatnonzero(fixed)] @ values[fixed]))
    return ElectrodePotentials(points, values, np.asarray(values.T @ (stiffness @ values)), mesh)


def graded_vertices(
    shape: Shape, electrodes: tuple[Electrode, ...], *, spacing_m: float | None = None, skin_m: float = np.inf
) -> tuple[Float, np.ndarray]:
    """Place the vertices of a mesh that is finer at the ends of the electrodes.

    At a distance r from the end of an electrode vertices are at most g r apart, and at r from any place of an electrode
    at most g (skin_m + r), with g proportional to the spacing.

    Parameters
    ----------
    shape : Disc or Rectangle
        The outline.
    electrodes : tuple of Electrode
        The contacts.
    spacing_m : float, optional
        Largest spacing; None is size / 40.
    skin_m : float
        Depth in front of an electrode that the mesh resolves.

    Returns
    -------
    points : (m, 2) float
        Vertices, m.
    owner : (m,) int
        The electrode on which each vertex lies, -1 for none.

    Raises
    ------
    ValueError
        If ``spacing_m`` is above a quarter of the size or ``skin_m`` below 1e-4 of it.
    """
    spacing = shape.extent_m / 40.0 if spacing_m is None else spacing_m
    if not 0.0 < spacing <= shape.extent_m / 4.0:
        raise ValueError(f"spacing_m is {spacing}; it must be positive and at most a quarter of {shape.extent_m:g} m")
    if not skin_m >= 1e-4 * shape.extent_m:
        raise ValueError(f"skin_m is {skin_m}; give at least 1e-4 of {shape.extent_m:g} m: finer takes many vertices")
    around = shape.perimeter_m
    grading = min(0.5, _GRADING * spacing / shape.extent_m)
    ends = np.array([[e.start_m, e.stop_m] for e in electrodes]) % around

    def local(to_end: Float, to_electrode: Float) -> Float:
        asked = np.clip(grading * to_end, spacing / 2**_LEVELS, spacing)
        return np.minimum(asked, grading * (skin_m + to_electrode))

    # The boundary, from end to end and corner to corner, with steps that grow away from the electrodes' ends.
    stops = np.unique(np.r_[ends.ravel(), shape.corners_m, 0.0])
    lengths = np.diff(np.r_[stops, stops[0] + around])
    parts = []
    for start, length in zip(stops, lengths, strict=True):
        held = any((start + length / 2.0 - e.start_m) % around <= e.width_m for e in electrodes)
        steps = [0.0]
        while steps[-1] < length:
            at = (start + steps[-1]) % around
            gap = np.abs((ends - at + around / 2.0) % around - around / 2.0).min(keepdims=True)
            steps.append(steps[-1] + float(local(gap, gap * (not held)).item()))
        # Stretch the steps so that the last one ends at the next stop.
        parts.append(start + np.array(steps[:-1]) * (length / steps[-1]))
    boundary = np.concatenate(parts) % around
    owner = np.full(boundary.size, -1)
    for k, electrode in enumerate(electrodes):
        inside = (boundary - electrode.start_m + 1e-9 * spacing) % around <= electrode.width_m + 2e-9 * spacing
        owner[inside] = k
    edge = shape.at(boundary)
    near_end, near_electrode, near_edge = cKDTree(shape.at(ends.ravel())), cKDTree(edge[owner >= 0]), cKDTree(edge)

    # Inside: square lattices, each half as wide as the one before, kept where the mesh asks for their spacing.
    half = np.arange(np.ceil(shape.extent_m / 2.0 / spacing) + 1.0)
    line = np.r_[-half[:0:-1], half]
    cells = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    patch = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]), axis=-1).reshape(-1, 2)
    inside = []
    for level in range(_LEVELS + 1):
        step = spacing / 2**level
        lattice = cells * step
        asked = local(near_end.query(lattice)[0], near_electrode.query(lattice)[0])
        keep = (asked > 0.75 * step) & ((asked <= 1.5 * step) | (level == 0)) & shape.contains(lattice)
        inside.append(lattice[keep & (near_edge.query(lattice)[0] > 0.6 * step)])
        finer = cells[asked <= 1.2 * step]  # A margin includes the neighbors of cells that ask for half.
        cells = np.unique((2.0 * finer[:, None] + patch).reshape(-1, 2), axis=0)
    points = np.concatenate([edge, *inside])
    first = _distinct(points, spacing / 2**_LEVELS * 0.1)
    return points[first], np.r_[owner, np.full(len(points) - len(edge), -1)][first]


def _distinct(points: Float, least: float) -> np.ndarray:
    """Return the indices of points without the later of any two that are closer than ``least``."""
    pairs = cKDTree(points).query_pairs(least, output_type="ndarray")
    keep = np.ones(len(points), bool)
    keep[pairs.max(axis=1)] = False
    return np.flatnonzero(keep)


def _stiffness(points: Float, triangles: np.ndarray) -> sparse.csr_array:
    """Integrate grad N_a . grad N_b over all triangles, (m, m)."""
    corner = points[triangles]
    edges = corner[:, [2, 0, 1]] - corner[:, [1, 2, 0]]  # opposite to each corner
    area = 0.5 * np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0])
    real = area > 1e-12 * (edges**2).sum(axis=(1, 2))  # Qhull may join points of a straight edge
    edges, area, triangles = edges[real], area[real], triangles[real]
    local = np.einsum("tax,tbx->tab", edges, edges) / (4.0 * area[:, None, None])
    rows = np.repeat(triangles, 3, axis=1).ravel()
    columns = np.tile(triangles, (1, 3)).ravel()
    return sparse.csr_array((local.ravel(), (rows, columns)), shape=(len(points), len(points)))
