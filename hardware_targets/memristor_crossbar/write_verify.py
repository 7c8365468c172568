r"""Writing cells to an asked error: pulses by write and verify, the bits that verify them, cells in parallel.

.. math:: N(g) = \min\Bigl(N_{most},\; 1 / \mathrm{erf}\frac{w(g)}{\sqrt 2\, \sigma_1}\Bigr), \qquad
          w = \sqrt 3\, f\, \sigma_p(g), \qquad
          b = \Bigl\lceil \log_2 \max\Bigl(\frac{1}{w}, 2 (levels - 1)\Bigr) \Bigr\rceil

Each pulse leaves the conductance at a new value, of deviation sigma_1 around its target, until a reading lies within
+-w of it. What is accepted is then spread evenly over the window: its deviation w / sqrt 3 is the one that is asked
for, the measured programming error sigma_p of the cells times the factor f that the user gives. A cell that is to be
off takes one RESET pulse; one that is stuck takes as many as the controller tries. The reading resolves the window, and
levels to half a step. No bits are finer than those of N_most.

The 1/f noise of a read falls with the root of the number of cells that hold one conductance in parallel: a factor below
1 on the read noise costs :math:`\lceil f_r^{-2} \rceil` cells, up to ``parallel_cells``.

Sources: write and verify: Wan et al., Nature 608, 504 (2022); cells in parallel: Boybat et al., Nat. Commun. 9, 2514
(2018). Numbers: ``converters.toml``. Independent draws are a model; cells that are nudged towards their target take
fewer pulses than this for small windows, worn ones more: the range of ``pulse_law``.
"""

from __future__ import annotations

from math import ceil, log2, sqrt

import numpy as np
from scipy.special import erf

from neuromorph.ising import Float

from .converters import CONVERTERS
from .phase_change_cell import PhaseChange, programming_spread

_ERF_SLOPE = sqrt(2.0 / np.pi)  # erf(x / sqrt 2) / x for small x


def accepted_window(target: Float, cell: PhaseChange) -> Float:
    """Compute the half-width of the window in which a cell is accepted.

    Parameters
    ----------
    target : (...) float
        Conductances over the largest one, 0 .. 1.
    cell : PhaseChange
        Imperfections, of which ``programming`` is the asked error over the measured one.

    Returns
    -------
    (...) float
        w over the largest conductance, not below what the most pulses reach.
    """
    finest = CONVERTERS["single_pulse_spread"].value / (_ERF_SLOPE * CONVERTERS["most_pulses"].value)
    return np.maximum(np.sqrt(3.0) * cell.programming * programming_spread(target), finest)


def pulses_to_write(target: Float, cell: PhaseChange) -> Float:
    """Compute the mean number of pulses that a cell takes.

    Parameters
    ----------
    target : (...) float
        Conductances over the largest one, 0 .. 1.
    cell : PhaseChange
        Imperfections.

    Returns
    -------
    (...) float
        Pulses, 1 at least.
    """
    goal, most = np.asarray(target, dtype=float), CONVERTERS["most_pulses"].value
    hit = erf(accepted_window(goal, cell) / (sqrt(2.0) * CONVERTERS["single_pulse_spread"].value))
    pulses = np.where(goal == 0.0, 1.0, np.clip(1.0 / hit, 1.0, most))
    return np.asarray((1.0 - cell.stuck) * pulses + cell.stuck * most)


def verifying_bits(cell: PhaseChange) -> int:
    """Count the bits of the converter that reads a cell after each pulse.

    Parameters
    ----------
    cell : PhaseChange
        Imperfections, and the levels that are told apart.

    Returns
    -------
    int
        Bits.
    """
    window = float(accepted_window(np.ones(1), cell)[0])
    steps = 0.0 if cell.levels is None else 2.0 * (cell.levels - 1)
    return max(1, ceil(log2(max(1.0 / window, steps, 1.0))))


def cells_in_parallel(cell: PhaseChange) -> int:
    """Count the cells that hold one conductance, for the asked read noise.

    Parameters
    ----------
    cell : PhaseChange
        Imperfections, of which ``read`` is the asked noise over the measured one.

    Returns
    -------
    int
        Cells.
    """
    most = int(CONVERTERS["parallel_cells"].value)
    return most if cell.read**2 * most <= 1.0 else max(1, ceil(1.0 / cell.read**2 - 1e-9))


def pulses_of_pairs(wanted: Float, cell: PhaseChange) -> float:
    """Count the pulses that write a matrix into pairs of cells.

    Parameters
    ----------
    wanted : (n, n) float
        Differences G+ - G- over the largest conductance; there are no cells on the diagonal.
    cell : PhaseChange
        Imperfections.

    Returns
    -------
    float
        Pulses of all cells: in each pair one is written to the difference, the other is switched off.
    """
    there = np.minimum(np.abs(wanted[~np.eye(len(wanted), dtype=bool)]), 1.0)
    return float(pulses_to_write(there, cell).sum() + pulses_to_write(np.zeros_like(there), cell).sum())


def notes_on_prices(cell: PhaseChange, digital_bits: int | None) -> tuple[str, ...]:
    """Say how cells better than measured ones are priced, and loops not simulated.

    Parameters
    ----------
    cell : PhaseChange
        Imperfections.
    digital_bits : int or None
        Bits of a digitized loop.

    Returns
    -------
    tuple of str
        Sentences for people.
    """
    said, cells = [], cells_in_parallel(cell)
    if cells > 1:
        said.append(f"read noise of {cell.read:g} of a cell's is priced as {cells} cells in parallel")
    if cell.programming < 1.0:
        said.append(f"programming error of {cell.programming:g} of the measured one is priced by its pulses")
    if cell.drift < 1.0:
        said.append(f"drift of {cell.drift:g} of the measured one has no price: no such material is known")
    if digital_bits is not None:
        said.append(
            f"priced as a loop with converters of {digital_bits} bits, by which no state is rounded, without the "
            "digital arithmetic between its products"
        )
    return tuple(said)
