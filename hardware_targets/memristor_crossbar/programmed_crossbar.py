"""Problems as a crossbar holds them: a network or the distances of a tour, with their cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float

from .differential_pairs import DifferentialPairs
from .phase_change_cell import DATA, PhaseChange


@dataclass(frozen=True, eq=False)
class ProgrammedNetwork:
    """An analog network in a crossbar.

    Attributes
    ----------
    network : AnalogNetwork
        Network with perfect cells.
    pairs : DifferentialPairs
        Cells that hold its couplings.
    """

    network: AnalogNetwork
    pairs: DifferentialPairs


@dataclass(frozen=True, eq=False)
class ProgrammedTour:
    """A tour in a crossbar.

    Attributes
    ----------
    distances : (n, n) float
        Requested distances.
    longest : float
        Longest of them.
    pairs : DifferentialPairs
        Cells that hold them.
    """

    distances: Float
    longest: float
    pairs: DifferentialPairs

    def held(self, read: np.random.Generator | None = None) -> Float:
        """Return the distances as the cells hold them.

        Parameters
        ----------
        read : Generator, optional
            Stream of the read noise of one read; None: without read noise.

        Returns
        -------
        (n, n) float
            Distances.
        """
        return self.distances + self.longest * self.pairs.error(read)


def count_cells(
    state: ProgrammedNetwork | ProgrammedTour, drives: Float, seconds: Float, tau_s: float
) -> dict[str, Float]:
    """Count what cells conduct, and multiply-accumulates and updates of neurons.

    Parameters
    ----------
    state : ProgrammedNetwork or ProgrammedTour
        Programmed problem.
    drives : (reads, times, n) float
        Voltages of the rows, in units of the read voltage.
    seconds : (reads,) float
        Duration of each read, s.
    tau_s : float
        R C of a neuron, s.

    Returns
    -------
    dict of str to (reads,) float
        Events by name. A network updates all neurons in each R C, by all cells; a tour those of one position in each
        slot, by the cells of two rows.
    """
    dissipated, driven = state.pairs.load(drives)
    n = len(state.pairs.wanted)
    found = {"siemens_s": dissipated * seconds, "driver_siemens_s": driven * seconds}
    if isinstance(state, ProgrammedNetwork):
        return found | {"updates": n * seconds / tau_s, "macs": n * (n - 1) * seconds / tau_s}
    slots = seconds / DATA["read_pulse"].value
    return found | {"updates": n * slots, "macs": 2.0 * n * slots}


def cell_in_own_words(
    programming_error: float, drift: float, read_noise: float, levels: int | None, stuck: float, age_s: float
) -> PhaseChange:
    """Make the cell of a target's parameters; errors use the names that they have there.

    Parameters
    ----------
    programming_error, drift, read_noise : float
        Factors on the measured spread, drift exponents and 1/f noise.
    levels : int or None
        Conductance levels; None: continuous.
    stuck : float
        Fraction of cells that do not move.
    age_s : float
        Time between programming and the reads, s.

    Returns
    -------
    PhaseChange
        Cell.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    try:
        return PhaseChange(float(programming_error), float(drift), float(read_noise), levels, stuck, age_s)
    except ValueError as error:
        said = str(error)
        for theirs, ours in (("programming is", "programming_error is"), ("read is", "read_noise is")):
            said = said.replace(theirs, ours, 1) if said.startswith(theirs) else said
        raise ValueError(said) from None
