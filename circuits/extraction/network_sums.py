r"""Sum what elements between the nodes of a network add to its couplings, leaks and currents.

.. math:: C_i \dot u_i = \sum_j T_{ij} g(u_j) - \frac{u_i}{R_i} + I_i

A resistor R from u_i to a node k g(u_j) adds k / R to T_ij and 1 / R to 1 / R_i; a current g_m v into u_i adds g_m k to
T_ij and no load; a constant voltage V behind R adds V / R to I_i.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from ..netlist.circuit import GROUND, BehavioralCurrent, CurrentSource, Element, Resistor, Transconductor
from ..netlist.expressions import Expression, evaluate_expression, expression_nodes
from .outputs import Outputs
from .refusal import refuse

_LINEAR = 1e-12


class NetworkSums:
    """The sums over the elements that were added.

    Parameters
    ----------
    inputs : dict of str to int
        {input node: neuron}.
    outputs : Outputs
        What ideal sources drive.
    """

    def __init__(self, inputs: dict[str, int], outputs: Outputs) -> None:
        self.inputs, self.outputs = inputs, outputs
        n = len(inputs)
        self.leaks, self.loads, self.currents = np.zeros(n), np.zeros(n), np.zeros(n)
        self.synapses: dict[tuple[int, int], float] = defaultdict(float)
        self.is_passive = True  # every synapse is a resistor to an output or its inverse

    def add(self, element: Element) -> None:
        """Add an element.

        Parameters
        ----------
        element : Element
            Element of the circuit.

        Raises
        ------
        ValueError
            If no Hopfield network has it there.
        """
        match element:
            case Resistor(_, a, b, ohm):
                self._resistor(element, a, b, float(ohm))
            case CurrentSource(_, a, b, ampere):
                i, sign = self._fed(element, a, b)
                self.currents[i] += sign * float(ampere)
            case Transconductor(_, a, b, plus, minus, siemens):
                i, sign = self._fed(element, a, b)
                self._conduct(element, i, plus, sign * float(siemens))
                self._conduct(element, i, minus, -sign * float(siemens))
            case BehavioralCurrent(_, a, b, expression):
                i, sign = self._fed(element, a, b)
                constant, slopes = _linear(element, expression)
                self.currents[i] += sign * constant
                for node, siemens in slopes.items():
                    self._conduct(element, i, node, sign * siemens)
            case _:
                refuse(element, "is of a kind that a network of ideal amplifiers has not")

    def _resistor(self, element: Element, a: str, b: str, ohm: float) -> None:
        u, other = (a, b) if a in self.inputs else (b, a)
        constants, signals = self.outputs.constants, self.outputs.signals
        if u not in self.inputs and {a, b} & {GROUND, *constants} and {a, b} <= {GROUND, *constants, *signals}:
            return  # a load of an ideal source
        if u not in self.inputs or (other != GROUND and other not in signals and other not in constants):
            refuse(element, "leads neither from an input to ground nor to an amplifier's output")
        i = self.inputs[u]
        if other == GROUND or other in constants:
            self.leaks[i] += 1.0 / ohm
            self.currents[i] += constants.get(other, 0.0) / ohm
            return
        j, factor = signals[other]
        self.is_passive &= abs(factor) == 1.0
        if self.synapses[i, j] * factor < 0.0 and self.is_passive:
            refuse(element, "is of the other sign than a resistor beside it; keep one")
        self.synapses[i, j] += factor / ohm
        self.loads[i] += 1.0 / ohm

    def _fed(self, element: Element, a: str, b: str) -> tuple[int, float]:
        """Return the neuron that a current feeds, and its sign."""
        u, other, sign = (b, a, 1.0) if b in self.inputs else (a, b, -1.0)
        if u not in self.inputs or (other != GROUND and other not in self.outputs.constants):
            refuse(element, "does not feed an input from ground")
        return self.inputs[u], sign

    def _conduct(self, element: Element, i: int, node: str, siemens: float) -> None:
        """Add the current ``siemens`` v(node) into an input."""
        if node == GROUND or siemens == 0.0:
            return
        self.is_passive = False
        if node in self.outputs.constants:
            self.currents[i] += siemens * self.outputs.constants[node]
        elif node in self.outputs.signals:
            j, factor = self.outputs.signals[node]
            self.synapses[i, j] += siemens * factor
        elif self.inputs.get(node) == i:
            self.leaks[i] -= siemens
        else:
            refuse(element, f"reads node {node!r}, which is no amplifier's output")


def _linear(element: Element, expression: Expression) -> tuple[float, dict[str, float]]:
    """Return constant and slopes of a current that is linear in voltages."""
    nodes = sorted(set(expression_nodes(expression)))

    def at(volts: dict[str, float]) -> float:
        with np.errstate(all="ignore"):
            return float(evaluate_expression(expression, volts))

    still = dict.fromkeys(nodes, 0.0)
    constant = at(still)
    slopes = {node: at({**still, node: 1.0}) - constant for node in nodes}
    size = abs(constant) + sum(map(abs, slopes.values()))
    for scale in (-3.0, 0.25, 7.0):
        volts = {node: scale * (1.0 + 0.1 * k) for k, node in enumerate(nodes)}
        expected = constant + sum(slopes[node] * volt for node, volt in volts.items())
        if not abs(at(volts) - expected) <= _LINEAR * 10.0 * (1.0 + 0.1 * len(nodes)) * size:
            refuse(element, "is a current that is not linear in voltages")
    return constant, slopes
