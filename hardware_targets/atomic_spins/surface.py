r"""The lattice of a surface, and the sites on it where an atom can stand.

.. math:: \mathbf r = \left( \tfrac{u}{2} a, \; \tfrac{v}{2} b \right), \qquad u + v \ \text{even}

with a and b the sides of the rectangular cell and (u, v) a site in half cells. The lattice is centered: one hollow
site a primitive cell, two a rectangle of a x b. Cobalt on black phosphorus stands in hollow sites; source: Kiraly et
al., Nat. Commun. 9, 3904 (2018), abstract. Sides and their source: ``data.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuromorph.datum import Datum
from neuromorph.ising import Float

from .placement import CouplingLaw

_MOST_SITES = 20_000  # in a disc: the search looks at all pairs of them


@dataclass(frozen=True)
class Surface:
    """A centered rectangular lattice of adsorption sites.

    Attributes
    ----------
    a, b : float
        Sides of the rectangular cell along x and y, nm.
    """

    a: float
    b: float

    def __post_init__(self) -> None:
        for name in ("a", "b"):
            side = getattr(self, name)
            if not (np.isfinite(side) and side > 0):
                raise ValueError(f"{name} is {side}; a side of the cell must be finite and positive")

    @classmethod
    def of(cls, data: Mapping[str, Datum]) -> Surface:
        """Build the lattice from the constants of ``data.toml``.

        Parameters
        ----------
        data : dict of str to Datum
            Constants by name.

        Returns
        -------
        Surface
            Lattice.
        """
        return cls(data["lattice_x"].value, data["lattice_y"].value)

    @property
    def half_cell(self) -> Float:
        """Half the sides of the cell, nm: the unit of sites."""
        return np.array([self.a, self.b]) / 2.0

    def sites_within(self, radius: float) -> NDArray[np.int64]:
        """List the sites of a disc around a site.

        Parameters
        ----------
        radius : float
            Radius of the disc, nm.

        Returns
        -------
        (m, 2) int64
            Sites in half cells, by rows.

        Raises
        ------
        ValueError
            If the radius is not positive, or holds more sites than can be searched.
        """
        if not (np.isfinite(radius) and 0.0 < np.pi * radius**2 < _MOST_SITES * self.a * self.b / 2.0):
            raise ValueError(f"radius is {radius} nm; it must be positive and hold at most {_MOST_SITES} sites")
        most = (radius / self.half_cell).astype(int)
        u, v = np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij")
        x, y = u * self.half_cell[0], v * self.half_cell[1]
        inside = (np.hypot(x, y) <= radius) & ((u + v) % 2 == 0)
        return np.column_stack([u[inside], v[inside]])

    def nearest_sites(self, positions: Float) -> NDArray[np.int64]:
        """Return the site nearest to each position.

        Parameters
        ----------
        positions : (n, 2) float
            Positions, nm.

        Returns
        -------
        (n, 2) int64
            Sites in half cells.
        """
        cell = np.asarray(positions, dtype=float) / (2.0 * self.half_cell)
        corner, middle = np.rint(cell), np.floor(cell) + 0.5
        apart = [np.sum(((at - cell) * self.half_cell) ** 2, axis=1) for at in (corner, middle)]
        return np.rint(2.0 * np.where((apart[0] <= apart[1])[:, None], corner, middle)).astype(np.int64)

    def coupling_table(self, law: CouplingLaw, radius: float) -> Float:
        """Tabulate the coupling of two atoms by their displacement.

        Parameters
        ----------
        law : CouplingLaw
            The coupling of two atoms.
        radius : float
            Radius of the disc in which both stand, nm.

        Returns
        -------
        (u, v) float
            J, meV, by displacement in half cells with none in the middle; infinite below the least separation.
        """
        most = 2 * (radius / self.half_cell).astype(int)
        x, y = (side * np.arange(-m, m + 1) for side, m in zip(self.half_cell, most, strict=True))
        near = np.hypot(x[:, None], y) < law.least
        far = np.where(near, law.least, x[:, None])
        return np.where(near, np.inf, law.couplings(far, np.where(near, 0.0, y)))
