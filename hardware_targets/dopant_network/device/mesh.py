r"""Cells around the vertices of a triangulation: the box method for fluxes and charges.

.. math:: w_{ij} = \tfrac12 (\cot \alpha_{ij} + \cot \beta_{ij}), \qquad A_i = \tfrac14 \sum_j w_{ij} |r_i - r_j|^2

where w_ij is the length of the side that two Voronoi cells share over the distance of their vertices r, alpha and beta
are the angles opposite to the edge, and A_i is the area of a cell.
Source: Bank, Rose, Fichtner, IEEE Trans. Electron Devices 30, 1031 (1983), the box method.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import Delaunay

from neuromorph.ising import Float

from .electrode_potential import graded_vertices
from .geometry import Electrode, Shape

_ROUNDS = 20


@dataclass(frozen=True, eq=False)
class Mesh:
    """A triangulation with its cells.

    Attributes
    ----------
    points : (m, 2) float
        Vertices, m.
    triangles : (t, 3) int
        Vertices of each triangle.
    edges : (q, 2) int
        Vertices of each edge.
    couplings : (q,) float
        w of each edge.
    areas : (m,) float
        Area of each cell, m^2.
    owner : (m,) int
        The electrode of a vertex, or -1.
    """

    points: Float
    triangles: NDArray[np.intp]
    edges: NDArray[np.intp]
    couplings: Float
    areas: Float
    owner: NDArray[np.intp]

    @property
    def electrodes(self) -> int:
        """Number k of electrodes."""
        return int(self.owner.max()) + 1

    def levers(self) -> Float:
        """Solve Laplace's equation on the cells for each electrode at 1 V.

        Returns
        -------
        (m, k) float
            Potential of each cell for each electrode.
        """
        m, (i, j) = len(self.points), self.edges.T
        w = self.couplings
        off = sparse.coo_array((np.r_[w, w], (np.r_[i, j], np.r_[j, i])), shape=(m, m)).tocsr()
        laplace = sparse.csr_array(sparse.diags_array(np.asarray(off.sum(axis=1)).ravel()) - off)
        values = (self.owner[:, None] == np.arange(self.electrodes)).astype(float)
        free, held = np.flatnonzero(self.owner < 0), np.flatnonzero(self.owner >= 0)
        values[free] = splu(sparse.csc_array(laplace[free][:, free])).solve(-(laplace[free][:, held] @ values[held]))
        return values


def device_mesh(
    shape: Shape, electrodes: tuple[Electrode, ...], *, spacing_m: float | None = None, skin_m: float = np.inf
) -> Mesh:
    """Triangulate a device, finer towards the ends of the electrodes and all along them.

    Parameters
    ----------
    shape : Disc or Rectangle
        The outline.
    electrodes : tuple of Electrode
        The contacts.
    spacing_m : float, optional
        Largest spacing, as of ``electrode_potential.graded_vertices``.
    skin_m : float
        Depth in front of an electrode that the mesh resolves (``SemiconductorLayer.skin_m`` for holes).

    Returns
    -------
    Mesh
        The mesh.
    """
    points, owner = graded_vertices(shape, electrodes, spacing_m=spacing_m, skin_m=skin_m)
    triangulation = Delaunay(points)
    for _ in range(_ROUNDS):
        # A vertex that sees an edge of the outline at an obtuse angle would have a cell that sticks out: leave it out.
        hull = triangulation.neighbors < 0
        corner = points[triangulation.simplices]
        legs = corner[:, [1, 2, 0]] - corner, corner[:, [2, 0, 1]] - corner
        obtuse = (legs[0] * legs[1]).sum(axis=2) < 0.0
        out = np.setdiff1d(triangulation.simplices[hull & obtuse], triangulation.convex_hull)
        if out.size == 0:
            break
        points, owner = np.delete(points, out, axis=0), np.delete(owner, out)
        triangulation = Delaunay(points)
    return _mesh(points, triangulation.simplices, owner)


def slab_mesh(x_m: ArrayLike, y_m: ArrayLike) -> Mesh:
    """Cut a rectangle along lines x and y; electrodes 0 and 1 are its left and right sides.

    Parameters
    ----------
    x_m, y_m : (a,), (b,) float
        Places of the lines, increasing, m.

    Returns
    -------
    Mesh
        The mesh.

    Raises
    ------
    ValueError
        If the lines do not increase, are too close, or leave none between the electrodes.
    """
    x, y = np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float)
    for name, lines in (("x_m", x), ("y_m", y)):
        if lines.ndim != 1 or lines.size < 2 or not (np.diff(lines) > 0.0).all() or not np.isfinite(lines).all():
            raise ValueError(f"{name} must be at least two finite, increasing places; it has shape {lines.shape}")
        if np.diff(lines).min() < 1e-8 * np.ptp(lines):
            raise ValueError(f"{name} has lines {np.diff(lines).min():g} m apart; leave out what is closer than 1e-8")
    if x.size < 3:
        raise ValueError("x_m has 2 lines; one at least must lie between the electrodes")
    points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    at = np.arange(points.shape[0]).reshape(x.size, y.size)
    a, b, c, d = at[:-1, :-1].ravel(), at[1:, :-1].ravel(), at[1:, 1:].ravel(), at[:-1, 1:].ravel()
    owner = np.full(at.shape, -1)
    owner[0], owner[-1] = 0, 1
    return _mesh(points, np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]), owner.ravel())


def _mesh(points: Float, triangles: NDArray[np.intp], owner: NDArray[np.intp]) -> Mesh:
    corner = points[triangles]
    sides = corner[:, [2, 0, 1]] - corner[:, [1, 2, 0]]  # opposite to each corner
    twice = np.abs(sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0])
    real = twice > 2e-12 * (sides**2).sum(axis=(1, 2))  # Qhull may join points of a straight edge
    sides, twice, triangles = sides[real], twice[real], triangles[real]
    ends, cotangents = [], []
    for k in range(3):
        ends.append(np.sort(triangles[:, [(k + 1) % 3, (k + 2) % 3]], axis=1))
        cotangents.append(-(sides[:, (k + 1) % 3] * sides[:, (k + 2) % 3]).sum(axis=1) / twice)
    edges, place = np.unique(np.concatenate(ends), axis=0, return_inverse=True)
    w = 0.5 * np.bincount(place.ravel(), np.concatenate(cotangents), len(edges))
    # Cut off the remaining couplings of obtuse angles against the outline.
    kept = w > 1e-12
    edges, w = edges[kept], w[kept]
    share = 0.25 * w * ((points[edges[:, 0]] - points[edges[:, 1]]) ** 2).sum(axis=1)
    areas = np.bincount(edges.ravel(), np.repeat(share, 2), len(points))
    return Mesh(points, triangles, edges, np.asarray(w), np.asarray(areas, dtype=float), owner)
