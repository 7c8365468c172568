r"""The circuit of bistable nodes: differential nodes, resistors in parallel or crossed, one nonlinear resistor a node.

Node i is the pair p_i, m_i with V_i = v(p_i) - v(m_i), a capacitor 2 C from each to ground and the nonlinear resistor
between them. A coupling J > 0 is a resistor p_i-p_j and one m_i-m_j, J < 0 crosses them; each is half of 1 / G_ij, for
two stand in series between the capacitors. All elements but one kind are resistors and capacitors.
Source: Afoakwa, Zhang, Vengalam, Ignjatovic and Huang, HPCA 2021, 749.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from neuromorph.ising import Float
from neuromorph.protocol import DoesNotFit

from .bistable_model import BistableNetwork

if TYPE_CHECKING:
    from circuits import Circuit

_RESISTORS = 300_000  # in a netlist: 10 MB of text


def bistable_circuit(
    network: BistableNetwork,
    initial: Float,
    duration: float,
    *,
    gain: tuple[float, float],
    coupling_ohm: float,
    capacitance_f: float,
    swing_v: float,
    title: str = "bistable nodes",
    comments: tuple[str, ...] = (),
) -> Circuit:
    """Build the circuit of a network, without noise and forced flips.

    Parameters
    ----------
    network : BistableNetwork
        Nodes.
    initial : (n,) float
        Voltages at the start, V_s.
    duration : float
        Length of the transient, time constants R C.
    gain : tuple of float
        g / G at the start and at the end.
    coupling_ohm, capacitance_f, swing_v : float
        1 / G of the strongest coupling, C and V_s.
    title : str
        Title of the circuit.
    comments : tuple of str
        Comments of the circuit.

    Returns
    -------
    Circuit
        Circuit with the nodes p0, m0, p1, ...

    Raises
    ------
    DoesNotFit
        If there are too many resistors.
    """
    from .. import circuits_needed  # noqa: F401  before circuits, which these targets need for netlists alone

    # isort: split
    from circuits.netlist.circuit import (
        GROUND,
        BehavioralCurrent,
        BehavioralVoltage,
        Capacitor,
        Circuit,
        Resistor,
        Transient,
    )
    from circuits.netlist.expressions import Number, Time, Voltage

    upper = sparse.triu(network.couplings, 1, format="coo")
    if 2 * upper.nnz > _RESISTORS:
        raise DoesNotFit(f"netlist.cir holds {_RESISTORS} resistors, not {2 * upper.nnz}")
    n, tau_s = network.pulls.size, coupling_ohm * capacitance_f
    end_s = duration * tau_s
    first, last = (each / coupling_ohm for each in gain)
    conductance = first + (last - first) / end_s * Time()
    elements: list[Any] = []
    for i in range(n):
        v = Voltage(f"p{i}") - Voltage(f"m{i}")
        elements += [Capacitor(f"{rail}{i}", f"{rail}{i}", GROUND, 2.0 * capacitance_f) for rail in "pm"]
        bent = conductance * v * (v * v / swing_v**2 - 1.0)
        elements.append(BehavioralCurrent(f"ziv{i}", f"p{i}", f"m{i}", bent))

    def joined(name: str, a: str, b: str, value: float, other: tuple[str, str]) -> None:
        """Two resistors from p and m of ``a`` to those of the other, crossed where the value is negative."""
        ohm = 0.5 * coupling_ohm / abs(value)
        ends = other if value > 0.0 else other[::-1]
        elements.append(Resistor(f"{name}p", f"p{a}", ends[0], ohm))
        elements.append(Resistor(f"{name}m", f"m{a}", ends[1], ohm))

    for i, j, value in zip(upper.row.tolist(), upper.col.tolist(), upper.data.tolist(), strict=True):
        joined(f"{i}_{j}", str(i), str(j), value, (f"p{j}", f"m{j}"))
    held = np.flatnonzero(network.pulls)
    if held.size:
        for rail, sign in (("high", 0.5), ("low", -0.5)):
            elements.append(BehavioralVoltage(rail, rail, GROUND, Number(sign * swing_v)))
    for i in held.tolist():
        joined(f"h{i}", str(i), "", float(network.pulls[i]), ("high", "low"))
    fastest = 2.0 * float(network.loads.max()) + 2.0 * max(gain) + 1e-12
    start = {
        f"{rail}{i}": sign * swing_v * float(initial[i]) for i in range(n) for rail, sign in (("p", 0.5), ("m", -0.5))
    }
    nodes = tuple(f"{rail}{i}" for i in range(n) for rail in "pm")
    step_s = min(0.1 * tau_s / fastest, end_s)
    transient = Transient(step_s, end_s, uic=True, reltol=1e-6)
    return Circuit(title, tuple(elements), transient, nodes, start, comments)
