r"""A Hopfield network on one board as it was made, by its equation and by its elements.

With x = a (u - o) of the parts that a board has drawn (``tolerances``)

.. math:: \frac{C_i}{a_i} \dot x_i = \sum_j T'_{ij} g(x_j) - \frac{G_i}{a_i} x_i + I_i - o_i G_i, \qquad
          G_i = \frac1{\rho_i} + \sum_j \frac1{r_{ij}}

so that a board is again an :class:`AnalogNetwork`; ``SampledBoard.circuit`` makes it of elements instead, for SPICE.
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

    nominal : AnalogNetwork              as it was meant
    synapses : (n, n) CSR                conductance of each synapse, S, positive
    leaks, capacitances : (n,)           S, F
    gains, ratios, offsets_v : (n,)      a, that of the inverter, o
    currents : (n,)                      I, A
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
        """The board in x = a (u - o), whose outputs are those of the amplifiers."""
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
        """x of potentials u, (..., n)."""
        return np.asarray(self.gains * (np.asarray(potentials, dtype=float) - self.offsets_v))

    def circuit(self, initial: ArrayLike, *, duration_s: float | None = None) -> Circuit:
        """Its elements, started at u (n,), V, with the nodes of :func:`circuits.build_hopfield_circuit`."""
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
    """One board of ``network``, drawn by ``rng``."""
    draw, n = ToleranceDraws(tolerances, rng), network.size
    synapses = abs(sparse.csr_array(network.conductances))
    synapses.data = synapses.data / draw.resistors(synapses.nnz)
    leaks = passive_leaks(network) / draw.resistors(n)
    capacitances = network.capacitances * draw.capacitors(n)
    gains, ratios, offsets = draw.gains(n), draw.ratios(n), draw.offsets(n)
    currents = network.currents / draw.resistors(n)
    return SampledBoard(network, synapses, leaks, capacitances, gains, ratios, offsets, currents, draw.temperature_k)


def with_device_values(circuit: Circuit, values: Mapping[str, float | Expression]) -> Circuit:
    """``circuit`` with other values for the devices named."""

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
