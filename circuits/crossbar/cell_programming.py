r"""Programming of memristor cells: quantization, programming error and stuck cells.

.. math:: G = Q\big(\mathrm{clip}(G_{target})\big)\, e^{\sigma z}, \qquad z \sim N(0, 1)

where Q rounds to the evenly spaced levels of a cell and sigma is the programming error; a stuck cell stays at either
end of its range.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds


def program_cells(
    targets: ArrayLike,
    *,
    lowest_s: float,
    highest_s: float,
    levels: int | None = None,
    spread: float = 0.0,
    stuck_low: float = 0.0,
    stuck_high: float = 0.0,
    rng: RNG = None,
) -> Float:
    """Program cells towards target conductances, with quantization and programming error.

    Parameters
    ----------
    targets : array_like
        Conductances that are asked for, S.
    lowest_s, highest_s : float
        Range of a cell, S; targets beyond it are clipped.
    levels : int, optional
        Number of evenly spaced conductances that a cell can be asked for; any by default.
    spread : float, default 0.0
        Standard deviation sigma of ln G, the programming error.
    stuck_low, stuck_high : float, default 0.0
        Fractions of cells that are stuck at either end of the range.
    rng : Generator, SeedSequence or int, optional
        Seed of the programming error and of the stuck cells.

    Returns
    -------
    ndarray of float
        Conductances of the shape of ``targets``, S.

    Raises
    ------
    ValueError
        If a target is not finite, or an option lies outside of its range.
    """
    asked = np.asarray(targets, dtype=float)
    if not np.isfinite(asked).all():
        raise ValueError("targets hold NaN or infinity; every conductance must be finite")
    if not 0.0 <= lowest_s < highest_s < float("inf"):
        raise ValueError(f"lowest_s is {lowest_s} and highest_s {highest_s}; need 0 <= lowest_s < highest_s, finite")
    if levels is not None and levels < 2:
        raise ValueError(f"levels is {levels}; a cell needs at least 2, or None for no steps")
    if not 0.0 <= spread < float("inf"):
        raise ValueError(f"spread is {spread}; it must be finite and not negative")
    if min(stuck_low, stuck_high) < 0.0 or not stuck_low + stuck_high <= 1.0:
        raise ValueError(f"stuck_low is {stuck_low} and stuck_high {stuck_high}; fractions, together at most 1")
    stream = np.random.default_rng(read_seeds(rng, 1)[0])
    cells = np.clip(asked, lowest_s, highest_s)
    if levels is not None:
        step = (highest_s - lowest_s) / (levels - 1)
        cells = lowest_s + step * np.rint((cells - lowest_s) / step)
    cells = cells * np.exp(spread * stream.standard_normal(cells.shape))
    fate = stream.random(cells.shape)
    cells = np.where(fate < stuck_low, lowest_s, cells)
    return np.where((fate >= stuck_low) & (fate < stuck_low + stuck_high), highest_s, cells)
