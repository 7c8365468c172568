r"""What a device does to the numbers that it holds: finite levels, cells that differ, noise.

.. math:: \tilde w = \frac{w_{max}}{2^b - 1} \Bigl\lfloor (2^b - 1) \frac{w}{w_{max}} + \tfrac12 \Bigr\rfloor
          + w_{max}\, \sigma_m\, \xi

with independent standard normal xi of each cell, drawn once when it is programmed. Noise is of the dynamics.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..ising import Float


@dataclass(frozen=True)
class Imperfections:
    """Imperfections of cells that hold distances, and of the dynamics on them.

    Parameters
    ----------
    bits : int or None
        Bits of a cell, 1 to 16; None is continuous.
    mismatch : float
        Standard deviation of a cell, over the largest distance.
    noise : float
        Standard deviation of the noise, in the units that each of the dynamics states.
    """

    bits: int | None = None
    mismatch: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        if self.bits is not None and not 1 <= self.bits <= 16:
            raise ValueError(f"bits is {self.bits}; give 1 to 16, or None for continuous cells")
        for name in ("mismatch", "noise"):
            if not 0.0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and not negative")

    def held(self, distances: Float, rng: np.random.Generator) -> Float:
        """Return distances as cells hold them.

        Parameters
        ----------
        distances : (n, n) float
            Distances.
        rng : Generator
            Source of the mismatch.

        Returns
        -------
        (n, n) float
            Distances, not symmetric where cells differ, with a diagonal of zeros.
        """
        top = float(distances.max()) or 1.0
        out = np.array(distances, dtype=float)
        if self.bits is not None:
            levels = 2.0**self.bits - 1.0
            out = np.floor(out / top * levels + 0.5) * top / levels
        if self.mismatch:
            out += top * self.mismatch * rng.standard_normal(out.shape)
        np.fill_diagonal(out, 0.0)
        return out
