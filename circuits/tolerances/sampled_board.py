r"""A Hopfield network on one board as it was made, by its equation and by its elements.

.. math:: \frac{C_i}{a_i} \dot x_i = \sum_j T'_{ij} g(x_j) - \frac{G_i}{a_i} x_i + I_i - o_i G_i, \qquad
          G_i = \frac1{\rho_i} + \sum_j \frac1{r_{ij}}

where

- x = a (u - o), with the gain factors a and the offsets o of the board (``tolerances``),
- T' are the synapses that were made, with the ratios of the inverters in those of negative sign,
- rho_i and r_ij are the leaks and the synapses' resistors.

So a board is again an :class:`AnalogNetwork`; ``SampledBoard.circuit`` makes it of elements instead, for SPICE.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float
from neuromorph.rng import RNG

from ..netlist.circuit import (
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Element,
    Resistor,
    Transconductor,
    device_name,
)
from ..netlist.expressions import Expression, Number, Voltage
from ..synthesis.component_values import passive_leaks
from ..synthesis.hopfield_circuit import build_hopfield_circuit
from ..synthesis.opamp_neuron import amplifier
from .tolerances import ToleranceDraws, Tolerances


@dataclass(frozen=True, eq=False)
class SampledBoard:
    """A Hopfield network as it was made.

    Attributes
    ----------
    nominal : AnalogNetwork
        Network that was meant.
    synapses : (n, n) csr_array
        Conductance of each synapse, S, positive.
    leaks : (n,) float
        Conductances of the leaks, S.
    capacitances : (n,) float
        Capacitances, F.
    gains, ratios, offsets_v : (n,) float
        Gain factor a and offset o (V) of each amplifier, and ratio of its inverter.
    currents : (n,) float
        Bias currents I, A.
    temperature_k : float
        Temperature of the board, K.
    """

    nominal: AnalogNetwork
    synapses: sparse.csr_array
    leaks: Float
    capacitances: Float
    gains: Float
    ratios: Float
    offsets_v: Float
    currents: Float
    temperature_k: float

    @property
    def network(self) -> AnalogNetwork:
        """Network in x = a (u - o), whose outputs are those of the board's amplifiers."""
        t = sparse.csr_array(self.nominal.conductances)
        signed = self.synapses.copy()
        signed.data = np.where(t.data < 0.0, -self.ratios[t.indices], 1.0) * self.synapses.data
        total = self.leaks + np.asarray(self.synapses.sum(axis=1)).ravel()
        return AnalogNetwork(
            signed if sparse.issparse(self.nominal.conductances) else signed.toarray(),
            self.gains / total,
            self.capacitances / self.gains,
            self.currents - self.offsets_v * total,
            self.nominal.activation,
        )

    def start(self, potentials: ArrayLike) -> Float:
        """Return x of potentials u.

        Parameters
        ----------
        potentials : (..., n) float
            Potentials u, V.

        Returns
        -------
        (..., n) float
            State x, V.
        """
        return np.asarray(self.gains * (np.asarray(potentials, dtype=float) - self.offsets_v))

    def circuit(self, initial: ArrayLike, *, duration_s: float | None = None) -> Circuit:
        """Build the board of its elements, with the nodes of ``build_hopfield_circuit``.

        Parameters
        ----------
        initial : (n,) float
            Potentials u at t = 0, V.
        duration_s : float, optional
            Length of the transient, s; 10 of the longest time constants by default.

        Returns
        -------
        Circuit
            The circuit, ready to run.
        """
        circuit = build_hopfield_circuit(self.nominal, initial, duration_s=duration_s)
        n, g = self.nominal.size, self.nominal.activation
        rows = np.repeat(np.arange(n), np.diff(self.synapses.indptr)).tolist()
        siemens = zip(rows, self.synapses.indices.tolist(), self.synapses.data.tolist(), strict=True)
        values: dict[str, float | Expression] = {f"r{i}_{j}": 1.0 / s for i, j, s in siemens if s}
        for i in range(n):
            values[f"c{i}"] = float(self.capacitances[i])
            if self.leaks[i]:
                values[f"rleak{i}"] = 1.0 / float(self.leaks[i])
            values[f"i{i}"] = float(self.currents[i])
            x = float(self.gains[i]) * (Voltage(f"u{i}") - float(self.offsets_v[i]))
            values[f"bv{i}"] = amplifier(g, x)
            values[f"bw{i}"] = Number(0.0) - float(self.ratios[i]) * Voltage(f"v{i}")
        return with_device_values(circuit, values)


def sample_board(network: AnalogNetwork, tolerances: Tolerances, rng: RNG = 0) -> SampledBoard:
    """Draw one board of a network.

    Parameters
    ----------
    network : AnalogNetwork
        Network that was meant.
    tolerances : Tolerances
        Tolerances of the parts.
    rng : Generator, SeedSequence or int, default 0
        Seed of the board.

    Returns
    -------
    SampledBoard
        The board.
    """
    draw, n = ToleranceDraws(tolerances, rng), network.size
    synapses = abs(sparse.csr_array(network.conductances))
    synapses.data = synapses.data / draw.resistors(synapses.nnz)
    leaks = passive_leaks(network) / draw.resistors(n)
    capacitances = network.capacitances * draw.capacitors(n)
    gains, ratios, offsets = draw.gains(n), draw.ratios(n), draw.offsets(n)
    currents = network.currents / draw.resistors(n)
    return SampledBoard(network, synapses, leaks, capacitances, gains, ratios, offsets, currents, draw.temperature_k)


def with_device_values(circuit: Circuit, values: Mapping[str, float | Expression]) -> Circuit:
    """Replace the values of devices.

    Parameters
    ----------
    circuit : Circuit
        Circuit whose devices are changed.
    values : dict of str to float or Expression
        New values by the names of devices.

    Returns
    -------
    Circuit
        The circuit with these values.
    """

    def remake(element: Element) -> Element:
        value = values.get(device_name(element))
        if value is None:
            return element
        name = _VALUE[type(element)]
        return replace(element, **{name: value})  # type: ignore[arg-type]

    return replace(circuit, elements=tuple(map(remake, circuit.elements)))


_VALUE: Mapping[Callable[..., Element], str] = {
    Resistor: "ohm",
    Capacitor: "farad",
    CurrentSource: "ampere",
    Transconductor: "siemens",
    BehavioralVoltage: "expression",
    BehavioralCurrent: "expression",
}
