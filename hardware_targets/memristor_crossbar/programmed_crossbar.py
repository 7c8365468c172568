"""Problems as a crossbar holds them: a network or the distances of a tour, with their cells."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float, Ising

from .differential_pairs import DifferentialPairs
from .digitized_products import Converters, DigitizedProduct, converter_ranges
from .phase_change_cell import DATA


@dataclass(frozen=True, eq=False)
class ProgrammedNetwork:
    """An analog network in a crossbar.

    Attributes
    ----------
    network : AnalogNetwork
        Network with perfect cells.
    pairs : DifferentialPairs
        Cells that hold its couplings.
    converters : Converters or None
        Converters around the arrays; None: all is analog.
    ranges : (slices,) float
        Largest products that the converters resolve, in units of the largest conductance.
    """

    network: AnalogNetwork
    pairs: DifferentialPairs
    converters: Converters | None = None
    ranges: Float | None = None

    def with_converters(self, converters: Converters | None, rng: np.random.Generator) -> ProgrammedNetwork:
        """Put converters around the arrays and find their ranges.

        Parameters
        ----------
        converters : Converters or None
            Converters; None leaves the network as it is.
        rng : numpy.random.Generator
            Stream of the states that set the ranges.

        Returns
        -------
        ProgrammedNetwork
            Network between converters.
        """
        if converters is None:
            return self
        pairs, unit = self.pairs, float(self.network.activation.swing) * self.pairs.cell.maximum_s
        columns = pairs.code.columns(pairs.effective)
        ranges = converter_ranges(columns, converters, pairs.wanted + pairs.error(), self.network.currents / unit, rng)
        return replace(self, converters=converters, ranges=ranges)

    def read(self, stream: np.random.Generator | None) -> AnalogNetwork:
        """Return the network as one read finds it.

        Parameters
        ----------
        stream : Generator or None
            Stream of the read noise; None: without.

        Returns
        -------
        AnalogNetwork
            Network with the couplings that its cells have in this read, and with its converters.
        """
        pairs, siemens = self.pairs, self.pairs.cell.maximum_s
        cells = pairs.read_cells(stream)
        error = pairs.gain * pairs.code.matrix(cells, pairs.cell.levels) - pairs.wanted
        held = replace(self.network, conductances=self.network.conductances + siemens * error)
        if self.converters is None or self.ranges is None:
            return held
        product = DigitizedProduct(
            pairs.code.columns(cells),
            pairs.gain * pairs.code.significance(pairs.cell.levels),
            pairs.code.offset,
            self.converters,
            self.ranges,
        )
        swing = float(self.network.activation.swing)
        return replace(held, product=lambda volts: siemens * swing * product(volts / swing))


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


def antisymmetric_part(error: Float, asked: Ising) -> str:
    """Say how large the antisymmetric part of the error is.

    Parameters
    ----------
    error : (n, n) float
        Error of the couplings.
    asked : Ising
        Requested problem.

    Returns
    -------
    str
        Sentence for people.
    """
    lost = float(np.linalg.norm(error - error.T) / 2.0 / (np.linalg.norm(asked.dense_couplings()) or 1.0))
    return f"held is the symmetric part; the antisymmetric part is {lost:.2%} of the couplings"


def rows_of_tours(spins: NDArray[np.int8]) -> Float:
    """Return the drives of the rows in each slot: cities at the two neighboring positions.

    Parameters
    ----------
    spins : (reads, n * n) int8
        Tours as spins, [city, position].

    Returns
    -------
    (reads, n, n) float
        Drives of the rows for each position, in units of the read voltage.
    """
    n = round(spins.shape[1] ** 0.5)
    up = (spins.reshape(len(spins), n, n) > 0).transpose(0, 2, 1)
    return np.asarray(np.roll(up, 1, axis=1).astype(float) + np.roll(up, -1, axis=1))


def count_cells(
    state: ProgrammedNetwork | ProgrammedTour, drives: Float, seconds: Float, tau_s: float, interval: float = 1.0
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
    interval : float
        Time between two products of a digitized loop, R C.

    Returns
    -------
    dict of str to (reads,) float
        Events by name. A network updates all neurons in each R C or interval, by all weights, each once a slice; a tour
        those of one position in each slot, by the cells of two rows.
    """
    dissipated, driven = state.pairs.load(drives)
    n = len(state.pairs.wanted)
    found = {"siemens_s": dissipated * seconds, "driver_siemens_s": driven * seconds}
    if isinstance(state, ProgrammedNetwork):
        each = interval * tau_s
        macs = n * (n - 1) * state.pairs.code.slices * seconds / each
        return found | {"updates": n * seconds / each, "macs": macs}
    slots = seconds / DATA["read_pulse"].value
    return found | {"updates": n * slots, "macs": 2.0 * n * slots}
