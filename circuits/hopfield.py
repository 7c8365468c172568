r"""Hopfield's network of 1984 as a circuit with ideal amplifiers.

Neuron i is the node u_i with a capacitor C_i and a leak rho_i to ground. A source v_i = g(u_i) is its amplifier's
output, w_i = -v_i the inverted one. The synapse T_ij is a resistor 1/|T_ij| from u_i to v_j (T_ij > 0) or w_j
(T_ij < 0), so that Kirchhoff's current law at u_i reads

.. math:: C_i \dot u_i + u_i \Big(\frac{1}{\rho_i} + \sum_j |T_{ij}|\Big) = \sum_j T_{ij} V_j + I_i

The synapses load the neuron: 1/rho_i = 1/R_i - sum_j |T_ij| must not be negative.
Source: Hopfield, PNAS 81, 3088 (1984), figure 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import pi

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from neuromorph.analog import Activation, Algebraic, AnalogNetwork, Arctan, Logistic, Tanh

from .expressions import Expression, Number, Voltage, call
from .netlist import GROUND, BehaviouralVoltage, Capacitor, Circuit, CurrentSource, Element, Resistor, Transient
from .parts import passive_leaks

# Together they meet 1e-4 of full scale at gains up to 50 (tests/test_certify.py). At high gain an unstable mode grows
# many times faster than R C: a small reltol shortens the few steps that need it, cheaper than a shorter step for all.
STEPS_PER_TAU = 50
RELTOL = 1e-8


def circuit_of(
    network: AnalogNetwork,
    initial: ArrayLike | None = None,
    *,
    duration_s: float | None = None,
    step_s: float | None = None,
    reltol: float = RELTOL,
    title: str = "Hopfield network",
    comments: tuple[str, ...] = (),
) -> Circuit:
    """The circuit of a network, ready to run; its nodes are u0, u1, ... and v0, v1, ...

    Parameters
    ----------
    initial : (n,) float       u at t = 0, V; zeros if None, which may be a saddle
    duration_s : float         10 of the longest time constants R C if None
    step_s : float             largest step; 1/50 of the shortest time constant if None
    reltol : float             the simulator's bound for one step

    The values are those of the network: :func:`circuits.realise` makes them such as one can buy.
    """
    n = network.size
    start = np.zeros(n) if initial is None else np.asarray(initial, dtype=float)
    if start.shape != (n,):
        raise ValueError(f"initial has shape {start.shape}; expected ({n},), one potential a neuron")
    tau = network.time_constants_s
    duration = 10.0 * float(tau.max()) if duration_s is None else duration_s
    step = min(float(tau.min()) / STEPS_PER_TAU if step_s is None else step_s, duration)
    return Circuit(
        title,
        tuple(_elements(network)),
        Transient(step, duration, reltol=reltol),
        (*(f"u{i}" for i in range(n)), *(f"v{i}" for i in range(n))),
        {f"u{i}": float(start[i]) for i in range(n)},
        comments,
    )


def amplifier(activation: Activation, u: Expression) -> Expression:
    """V = g(u) in the functions that simulators share."""
    gain, swing = activation.gain, activation.swing
    match activation:
        case Tanh():
            return swing * call("tanh", gain * u)
        case Arctan():
            return (swing * 2.0 / pi) * call("atan", (gain * pi / 2.0) * u)
        case Algebraic():
            x = gain * u
            return (swing * x) / call("sqrt", 1.0 + x * x)
        case Logistic():  # by tanh, which does not overflow
            return (swing / 2.0) * (1.0 + call("tanh", (gain / 2.0) * u))
    raise TypeError(f"activation {type(activation).__name__} has no circuit; use Tanh, Arctan, Algebraic or Logistic")


def count_resistors(network: AnalogNetwork) -> int:
    """Synapses and leaks."""
    t = network.conductances
    synapses = np.count_nonzero(t.data if sparse.issparse(t) else t)
    return int(synapses + np.count_nonzero(passive_leaks(network)))


def _elements(network: AnalogNetwork) -> Iterator[Element]:
    """The neurons, then the synapses row by row."""
    t = sparse.csr_array(network.conductances)
    n = network.size
    u, v, w = ([f"{letter}{i}" for i in range(n)] for letter in "uvw")
    inverted = np.zeros(n, dtype=bool)
    inverted[t.indices[t.data < 0.0]] = True
    leaks = passive_leaks(network)
    for i in range(n):
        yield Capacitor(f"{i}", u[i], GROUND, float(network.capacitances[i]))
        if leaks[i]:
            yield Resistor(f"leak{i}", u[i], GROUND, _ohm(leaks[i], 9))
        if network.currents[i]:
            yield CurrentSource(f"{i}", GROUND, u[i], float(network.currents[i]))
        yield BehaviouralVoltage(v[i], v[i], GROUND, amplifier(network.activation, Voltage(u[i])))
        if inverted[i]:
            yield BehaviouralVoltage(w[i], w[i], GROUND, Number(0.0) - Voltage(v[i]))
    for i in range(n):
        row = slice(t.indptr[i], t.indptr[i + 1])
        for j, siemens in zip(t.indices[row].tolist(), t.data[row].tolist(), strict=True):
            if siemens:
                yield Resistor(f"{i}_{j}", u[i], v[j] if siemens > 0.0 else w[j], _ohm(abs(siemens), 12))


def _ohm(siemens: float, digits: int) -> float:
    """1 / siemens to the digits that are known: 4700 ohm is 4700 again; a leak, a difference of sums, has fewer."""
    return float(f"{1.0 / siemens:.{digits}g}")
