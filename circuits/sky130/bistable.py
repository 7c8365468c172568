r"""Bistable nodes in SKY130 with resistors between them (BRIM): two inverters back to back are the nonlinear resistor.

.. math:: C \dot V_i = G \sum_j |k_{ij}| (\sigma_{ij} V_j - V_i) + G |b_i| (\sigma_i V_s - V_i)
    + g(t) V_i \Big(1 - \frac{V_i^2}{V_s^2}\Big)

where

- V_i is the voltage of p_i, and -V_i that of m_i: a node is the pair of them,
- k_ij and b_i are integers, sigma their signs: 1 / (G |k_ij|) is a resistor p_i-p_j and one m_i-m_j, crossed for k < 0;
  biases go to the rails +-V_s,
- g is that of the cubic nearest to an inverter, whose output current at p is a function of m = -p: the cubic has its
  zeros and its shape, and is off by a quarter of the largest current at most. The rails rise from 0 to +-V_s in the
  first half of a read, which raises g.

Source: Afoakwa, Zhang, Vengalam, Ignjatovic and Huang, HPCA 2021, 749; constants: ``cell.toml``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.ising import Float

from ..netlist.circuit import GROUND, Capacitor, Circuit, Element, Instance, Resistor, Subcircuit, Transient
from ..netlist.sources import Transresistance, VoltageSource, Wave
from ..synthesis.opamp import VDD, VSS
from .cell import DATA, SENSE_OHM, Sky130Cell
from .network import MODELS, HeldWeights, fan_in, ideal_parts, with_mismatch

INVERTER_N, INVERTER_P = (1.0, 8.0), (5.0, 8.0)  # W and L, um
START_V = 0.05  # voltage of a node at the start of a recall
_LENGTH_TAU = 60.0
_STEPS = 5.0  # steps in a time constant


def unit_conductance(held: HeldWeights) -> float:
    """Return the conductance G of a coupling of weight 1.

    Parameters
    ----------
    held : HeldWeights
        Weights.

    Returns
    -------
    float
        Conductance, S.
    """
    return float(DATA["inverter_gain"].value / (DATA["bistable_gain"].value * fan_in(held)))


def time_constant_s(held: HeldWeights) -> float:
    """Return C over the load of the node with the strongest load.

    Parameters
    ----------
    held : HeldWeights
        Weights.

    Returns
    -------
    float
        Time constant, s.
    """
    return float(DATA["bistable_capacitance"].value / unit_conductance(held))


def farad_of_node(held: HeldWeights) -> float:
    """Return the capacitance at each side of a node.

    Parameters
    ----------
    held : HeldWeights
        Weights.

    Returns
    -------
    float
        Capacitance, F.
    """
    return float(DATA["bistable_capacitance"].value * fan_in(held))


def bistable_ends(held: HeldWeights, start: ArrayLike) -> Float:
    """Integrate the differential equation.

    Parameters
    ----------
    held : HeldWeights
        Weights.
    start : (n,) float
        Voltages V at t = 0, V.

    Returns
    -------
    (n,) float
        Voltages at the end, V.

    Raises
    ------
    ValueError
        If it cannot be integrated.
    """
    from scipy.integrate import solve_ivp

    unit, rail = unit_conductance(held), DATA["rail"].value
    tau, farad = time_constant_s(held), farad_of_node(held)
    loads = np.abs(held.weights).sum(axis=1) + np.abs(held.biases)
    stop = _LENGTH_TAU * tau

    def rhs(t: float, v: Float) -> Float:
        gain = DATA["inverter_gain"].value * min(1.0, 2.0 * t / stop)
        linear = unit * (held.weights @ v + rail * held.biases - loads * v)
        return np.asarray((linear + gain * v * (1.0 - (v / rail) ** 2)) / farad)

    found = solve_ivp(rhs, (0.0, stop), np.asarray(start, dtype=float), method="LSODA", rtol=1e-8, atol=1e-10)
    if not found.success:
        raise ValueError(f"the differential equation cannot be integrated: {found.message}")
    return np.asarray(found.y[:, -1])


def bistable_sky130_circuit(
    held: HeldWeights,
    start: ArrayLike,
    corner: str = "tt",
    *,
    rng: np.random.Generator | None = None,
    title: str = "bistable nodes in SKY130",
    comments: tuple[str, ...] = (),
) -> Circuit:
    """Build the circuit of bistable nodes, with the nodes p0, m0, p1, ...

    Parameters
    ----------
    held : HeldWeights
        Weights.
    start : (n,) float
        Voltages V at t = 0, V.
    corner : str, default "tt"
        Corner of the process.
    rng : Generator, optional
        Draws the mismatch of every transistor; none by default.
    title : str, optional
        Title of the circuit.
    comments : tuple of str, optional
        Comments of the circuit.

    Returns
    -------
    Circuit
        The circuit, ready to run.
    """
    v = np.asarray(start, dtype=float)
    n, tau = len(held.biases), time_constant_s(held)
    if v.shape != (n,):
        raise ValueError(f"start has shape {v.shape}; expected ({n},), one voltage a node")
    stop = _LENGTH_TAU * tau
    about = (
        f"SKY130 at +-{DATA['rail'].value:g} V, corner {corner}: {n} bistable nodes of 4 transistors",
        *held.notes,
        f"unit resistor {1.0 / unit_conductance(held):.4g} ohm; supply currents are v(i_vdd) and v(i_vss), 1 uA a volt",
        MODELS,
        *ideal_parts("the unit resistor", 1.0 / unit_conductance(held), "a C", farad_of_node(held)),
    )
    circuit = Circuit(
        title,
        tuple(_elements(held, Sky130Cell(corner), stop)),
        Transient(tau / _STEPS, stop, uic=False, reltol=1e-4, vntol_v=1e-6, abstol_a=1e-14),
        (*(f"{side}{i}" for i in range(n) for side in "pm"), f"i_{VDD}", f"i_{VSS}", VDD, VSS),
        {f"{side}{i}": sign * float(v[i]) for i in range(n) for side, sign in (("p", 1.0), ("m", -1.0))},
        (*comments, *about),
    )
    return circuit if rng is None else with_mismatch(circuit, corner, rng)


def _elements(held: HeldWeights, cell: Sky130Cell, stop_s: float) -> Iterator[Element]:
    rail, unit = DATA["rail"].value, unit_conductance(held)
    for node, volt in ((VDD, rail), (VSS, -rail)):
        yield VoltageSource(node, node, GROUND, 0.0, Wave("pwl", (0.0, 0.0, stop_s / 2.0, volt, stop_s, volt)))
        yield Transresistance(f"i_{node}", f"i_{node}", GROUND, f"v{node}", SENSE_OHM)
    if held.biases.any():
        for node, volt in (("high", rail), ("low", -rail)):
            yield VoltageSource(node, node, GROUND, volt)
    latch = Subcircuit(
        "sky130_latch",
        ("p", "m", VDD, VSS),
        (
            cell.nmos("np", "p", "m", VSS, INVERTER_N),
            cell.pmos("pp", "p", "m", INVERTER_P),
            cell.nmos("nm", "m", "p", VSS, INVERTER_N),
            cell.pmos("pm", "m", "p", INVERTER_P),
        ),
    )
    farad = farad_of_node(held)
    for i in range(len(held.biases)):
        for side in "pm":
            yield Capacitor(f"{side}{i}", f"{side}{i}", GROUND, farad)
        yield Instance(f"{i}", latch, (f"p{i}", f"m{i}", VDD, VSS))
    for i, j in np.argwhere(np.triu(held.weights, 1)).tolist():
        k = int(held.weights[i, j])
        yield from _joined(f"{i}_{j}", i, k, unit, (f"p{j}", f"m{j}"))
    for i in np.flatnonzero(held.biases).tolist():
        yield from _joined(f"h{i}", i, int(held.biases[i]), unit, ("high", "low"))


def _joined(name: str, i: int, weight: int, unit: float, other: tuple[str, str]) -> Iterator[Resistor]:
    """Return the resistors from a node to another, crossed where the weight is negative."""
    a, b = other if weight > 0 else other[::-1]
    yield Resistor(f"{name}p", f"p{i}", a, 1.0 / (unit * abs(weight)))
    yield Resistor(f"{name}m", f"m{i}", b, 1.0 / (unit * abs(weight)))
