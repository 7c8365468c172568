r"""Initial voltages held by clamps, for a simulator that does not hold ``.ic`` during the operating point (neospice).

.. math:: i_k = g\, p(t)\, (u_{0k} - u_k), \qquad p(t) = \max(0, 1 - t / t_0)

flows into every node k of ``initial``, where

- u_k is the voltage of the node and u_0k its initial voltage,
- g is the conductance of the clamp; with p = 1 the operating point has u_k = u_0k to i / g, below 1e-6 V,
- t_0 is a thousandth of a step: the transient begins at t = 0 as if the nodes had been held.
"""

from __future__ import annotations

from dataclasses import replace

from ..netlist.circuit import GROUND, BehavioralCurrent, BehavioralVoltage, Circuit
from ..netlist.expressions import Time, Voltage, call

_SIEMENS = 100.0  # neospice finds no operating point with 1e6
_RELEASE = 1e-3  # time at which the clamps let go, in steps


def clamp_initial(circuit: Circuit) -> Circuit:
    """Replace the initial voltages of a circuit by clamps.

    Parameters
    ----------
    circuit : Circuit
        Flat circuit with initial voltages.

    Returns
    -------
    Circuit
        The circuit with clamps; the same object with ``uic``, or if nothing is held.

    Raises
    ------
    ValueError
        If a node within an instance is held.
    """
    if circuit.analysis.uic or not circuit.initial:
        return circuit
    inside = next((path for path in circuit.initial if "." in path), None)
    if inside:
        raise ValueError(f"initial holds {inside!r} within an instance; flatten the circuit first")
    nodes, names = circuit.nodes(), {element.name for element in circuit.elements}
    gate = next(name for name in (f"clamp{k or ''}" for k in range(len(nodes) + 1)) if name not in nodes | names)
    release_s = _RELEASE * circuit.analysis.step_s
    clamps = [
        BehavioralCurrent(f"{gate}_{node}", GROUND, node, _SIEMENS * Voltage(gate) * (volt - Voltage(node)))
        for node, volt in circuit.initial.items()
    ]
    pulse = BehavioralVoltage(gate, gate, GROUND, call("max", 0.0, 1.0 - Time() / release_s))
    return replace(circuit, elements=(*circuit.elements, pulse, *clamps), initial={})
