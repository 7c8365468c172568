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

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, exp, log2, sqrt

import numpy as np
from scipy.special import erf

from neuromorph.datum import Datum, add_data, multiply_data, scale_datum
from neuromorph.ising import Float

from .converters import CONVERTERS, adc_energy
from .digitized_products import Converters
from .phase_change_cell import DATA, PhaseChange

_CELL, _DATA = PhaseChange(levels=None), {**DATA, **CONVERTERS}
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
    return np.maximum(np.sqrt(3.0) * cell.programming * cell.spread(target), finest)


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
    if cell.table is not None and cell.table.pulse_step > 0.0:
        pulses = 1.0 + goal / cell.table.pulse_step
    return np.asarray((1.0 - cell.stuck) * pulses + cell.stuck * most)


def verifying_bits(cell: PhaseChange, target: float = 1.0) -> int:
    """Count the bits of the converter that reads a cell after each pulse.

    Parameters
    ----------
    cell : PhaseChange
        Imperfections, and the levels that are told apart.
    target : float
        Conductance over the largest one, whose window is resolved.

    Returns
    -------
    int
        Bits.
    """
    window = float(accepted_window(np.full(1, target), cell)[0])
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


def pulses_of_cells(targets: Float, places: Float, cell: PhaseChange) -> float:
    """Count the pulses that write a matrix.

    Parameters
    ----------
    targets : (arrays, outputs, n) float
        Targets of the cells, 0 .. 1 of their window; of pairs the two after each other.
    places : (outputs, n) bool
        Where there are cells.
    cell : PhaseChange
        Imperfections.

    Returns
    -------
    float
        Pulses of all cells: those that are off take one.
    """
    there = targets[:, places]
    if len(there) % 2:
        return float(pulses_to_write(there, cell).sum())
    on, off = np.maximum(there[0::2], there[1::2]), np.minimum(there[0::2], there[1::2])
    return float(pulses_to_write(on, cell).sum() + pulses_to_write(off, cell).sum())


def notes_on_prices(cell: PhaseChange, converters: Converters | None) -> tuple[str, ...]:
    """Say how cells better than measured ones are priced, and loops not simulated.

    Parameters
    ----------
    cell : PhaseChange
        Imperfections.
    converters : Converters or None
        Converters of a digitized loop.

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
    if converters is not None:
        rounded = f"inputs of {converters.dac_bits} bits, outputs of {converters.adc_bits}"
        serial = ", each bit of the inputs on its own" if converters.bit_serial else ""
        said.append(f"products between converters: {rounded}{serial}; priced without the arithmetic between them")
    return tuple(said)


@dataclass(frozen=True)
class WritingCost:
    """Mean cost of writing one cell to an asked error.

    Attributes
    ----------
    asked, left : float
        Asked error, and the one that is left: larger where the pulses end, or levels are coarse. Both over G_max.
    pulses : float
        Pulses of one cell, each with a reading.
    bits : int
        Bits of the converter that reads.
    seconds, joules : Datum
        Time of a cell, cells one after another, and energy with that of the converter.
    """

    asked: float
    left: float
    pulses: float
    bits: int
    seconds: Datum
    joules: Datum


def write_to_error(
    asked: float, target: float = 0.5, cell: PhaseChange = _CELL, data: Mapping[str, Datum] = _DATA
) -> WritingCost:
    """Compute pulses, time and energy of writing a cell to an asked error.

    Parameters
    ----------
    asked : float
        Standard deviation of what is accepted, over the largest conductance.
    target : float
        Conductance that is written, over the largest one.
    cell : PhaseChange
        Cell, of which the material and the levels count.
    data : dict of str to Datum
        Constants by name.

    Returns
    -------
    WritingCost
        Cost of one cell.

    Raises
    ------
    ValueError
        If the error is not positive, or the target not within the cell's range.
    """
    if not 0.0 < asked < 1.0:
        raise ValueError(f"asked is {asked}; it is a deviation over the largest conductance, above 0 and below 1")
    if not 0.0 < target <= 1.0:
        raise ValueError(f"target is {target}; it is a conductance over the largest one, above 0 and at most 1")
    goal = np.array([target])
    asking = replace(cell, programming=asked / float(cell.spread(goal)[0]))
    pulses, bits = float(pulses_to_write(goal, asking)[0]), verifying_bits(asking, target)
    left = _spread_of_accepted(float(accepted_window(goal, asking)[0]))
    if cell.levels is not None:
        left = float(np.hypot(left, abs(float(cell.on_levels(goal)[0]) - target)))
    reading = adc_energy(bits, data["converter_rate"].value, data["converter_node"].value, data)
    law = scale_datum(data["pulse_law"], pulses)
    each = add_data(data["pulse_energy"], reading)
    return WritingCost(
        asked, left, pulses, bits, multiply_data(law, data["pulse_interval"], "s"), multiply_data(law, each, "J")
    )


def _spread_of_accepted(window: float) -> float:
    """Return the deviation of a Gaussian of one pulse, cut to the window."""
    sigma = CONVERTERS["single_pulse_spread"].value
    z = window / sigma
    cut = 2.0 * z * exp(-z * z / 2.0) / (sqrt(2.0 * np.pi) * float(erf(z / sqrt(2.0))))
    return sigma * sqrt(max(1.0 - cut, 0.0)) if z > 1e-3 else window / sqrt(3.0)
