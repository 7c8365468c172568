r"""How a signed matrix stands in cells: differential pairs or offset columns, over one cell or several slices.

.. math:: w = \sum_k c_k (g^+_k - g^-_k), \quad c_k = \frac{L^k (L - 1)}{L^S - 1}, \qquad
          w = \sum_k c_k (g_k - r_k), \quad c_k = \frac{L^k (L - 1)}{\lfloor (L^S - 1) / 2 \rfloor}

for S slices of L levels, where g_k = d_k / (L - 1) holds the digit d_k of an integer in base L:

- of a pair, the integer is rint(\|w\| (L^S - 1)), and the cell of the other sign is off;
- of an offset column, it is half + rint(w floor((L^S - 1) / 2)) with half = floor(L^S / 2), and a reference column of
  the array holds the digits r_k of half for every row: a weight of 0 is a cell in the middle of its range.

Without levels there is one slice, and the values are continuous.
Sources: CrossSim's BalancedCore, OffsetCore and BitslicedCore (simulator/cores of sandialabs/cross-sim, read), of base
2^bits; with slices: Shafiee et al., ISAAC, ISCA 2016.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.ising import Float

_MOST = 2**40  # integers that the digits of a weight stand for


@dataclass(frozen=True)
class WeightCode:
    """Code of signed weights in cells.

    Attributes
    ----------
    slices : int
        Cells over which the digits of a weight are spread, S.
    offset : bool
        Whether one cell and a reference column hold a weight; False: a pair of cells.
    """

    slices: int = 1
    offset: bool = False

    def check(self, levels: int | None) -> None:
        """Check that cells have the levels that the slices need.

        Parameters
        ----------
        levels : int or None
            Levels of a cell.

        Raises
        ------
        ValueError
            If there is no slice, or too few or too many levels for them.
        """
        if not 1 <= self.slices <= 8:
            raise ValueError(f"slices is {self.slices}; a weight is spread over 1 to 8 cells")
        if self.slices > 1 and (levels is None or levels**self.slices > _MOST):
            raise ValueError(
                f"levels is {levels}; {self.slices} slices hold digits of a number, give levels of which the power of "
                f"{self.slices} is 2^40 at most"
            )
        if self.offset and levels is not None and levels**self.slices < 3:
            raise ValueError(f"levels is {levels}; an offset column needs 3 at least, for -1, 0 and 1")

    @property
    def plain(self) -> bool:
        """Whether a weight is one pair of cells."""
        return self.slices == 1 and not self.offset

    @property
    def arrays(self) -> int:
        """Number of arrays: two a slice for pairs, one for offset columns."""
        return self.slices * (1 if self.offset else 2)

    def outputs(self, n: int) -> int:
        """Count the columns of an array.

        Parameters
        ----------
        n : int
            Outputs of the matrix.

        Returns
        -------
        int
            Columns, with that of the reference.
        """
        return n + self.offset

    def places(self, n: int) -> Float:
        """Tell where there are cells.

        Parameters
        ----------
        n : int
            Size of the matrix.

        Returns
        -------
        (outputs, n) bool
            False on the diagonal of pairs; a weight 0 of an offset column takes a cell.
        """
        return np.ones((n + 1, n), bool) if self.offset else ~np.eye(n, dtype=bool)

    def planes(self, wanted: Float, levels: int | None) -> Float:
        """Return the targets of the cells.

        Parameters
        ----------
        wanted : (n, n) float
            Weights, -1 .. 1.
        levels : int or None
            Levels of a cell.

        Returns
        -------
        (arrays, outputs, n) float
            Targets 0 .. 1; pairs as G+ and G- of each slice, least significant first.
        """
        if self.plain:
            return np.stack([np.maximum(wanted, 0.0), np.maximum(-wanted, 0.0)])
        if levels is None:
            return np.concatenate([(wanted + 1.0) / 2.0, np.full((1, wanted.shape[1]), 0.5)])[None]
        signed = np.rint(np.asarray(wanted) * self._largest(levels)).astype(np.int64)
        if self.offset:
            half = levels**self.slices // 2
            codes = np.concatenate([signed + half, np.full((1, wanted.shape[1]), half)])[None]
        else:
            codes = np.stack([np.maximum(signed, 0), np.maximum(-signed, 0)])
        digits = np.stack([codes // levels**k % levels for k in range(self.slices)])
        return digits.reshape(-1, *codes.shape[1:]) / (levels - 1.0)

    def significance(self, levels: int | None) -> Float:
        """Return the factors c_k of the slices.

        Parameters
        ----------
        levels : int or None
            Levels of a cell.

        Returns
        -------
        (slices,) float
            Factors, least significant first.
        """
        if levels is None or self.plain:
            return np.array([2.0 if self.offset else 1.0])
        return float(levels - 1) * float(levels) ** np.arange(self.slices) / self._largest(levels)

    def columns(self, cells: Float) -> Float:
        """Return what the amplifier or converter of each column sees of each slice.

        Parameters
        ----------
        cells : (arrays, outputs, n) float
            Conductances over the largest one.

        Returns
        -------
        (slices, outputs, n) float
            The differences of pairs, or the cells with their reference as the last column.
        """
        return cells if self.offset else cells[0::2] - cells[1::2]

    def matrix(self, cells: Float, levels: int | None) -> Float:
        """Return the weights that the cells hold.

        Parameters
        ----------
        cells : (arrays, outputs, n) float
            Conductances over the largest one.
        levels : int or None
            Levels of a cell.

        Returns
        -------
        (n, n) float
            Weights.
        """
        columns = self.columns(cells)
        if self.plain:
            return np.asarray(columns[0])
        if self.offset:
            columns = columns[:, :-1] - columns[:, -1:]
        return np.asarray(np.tensordot(self.significance(levels), columns, 1))

    def _largest(self, levels: int) -> int:
        """Return the integer that stands for a weight of 1."""
        return (levels**self.slices - 1) // (2 if self.offset else 1)
