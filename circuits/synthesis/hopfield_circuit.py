r"""Hopfield's network of 1984 as a circuit.

.. math:: C_i \dot u_i + u_i \Big(\frac{1}{\rho_i} + \sum_j |T_{ij}|\Big) = \sum_j T_{ij} V_j + I_i

is Kirchhoff's current law at u_i, where

- u_i is the node of neuron i, with a capacitor C_i and a leak rho_i to ground, and I_i its bias current,
- v_i = g(u_i) is its amplifier's output V_i, w_i = -v_i the inverted one; ``opamp_neuron`` and ``cmos_neuron`` build
  them,
- T_ij is the synapse, a resistor 1/|T_ij| from u_i to v_j (T_ij > 0) or w_j (T_ij < 0).

The synapses load the neuron: 1/rho_i = 1/R_i - sum_j |T_ij| must not be negative.
Source: Hopfield, PNAS 81, 3088 (1984), figure 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float
from neuromorph.rng import RNG

from ..netlist.circuit import (
    GROUND,
    Capacitor,
    Circuit,
    CurrentSource,
    Element,
    Resistor,
    Transient,
    is_inside,
    subcircuit_instances,
)
from .board_network import BOARD, inverted_neurons
from .board_neuron import BoardNeurons
from .cmos_neuron import CmosNeurons
from .component_values import passive_leaks
from .neurons import Neurons
from .opamp import DEFAULT_OPAMP, OPAMPS, OpAmp
from .opamp_neuron import Ideal, OpAmpNeurons, amplifier
from .vendor_opamp import VendorOpAmp

__all__ = ["AmplifierLevel", "amplifier", "build_hopfield_circuit", "count_resistors", "settling_tau_s"]

AmplifierLevel = Literal["ideal", "opamp", "transistor", "board"]
PARTS = ("opamp", "board")  # levels that have an op-amp

# Together they meet 1e-4 of full scale at gains up to 50 (test_certify.py). At high gain an unstable mode grows
# many times faster than R C: a small reltol shortens the few steps that need it, cheaper than a shorter step for all.
DEFAULT_STEPS_PER_TAU = 50
RELTOL = 1e-8

# Above MANY neurons a step costs a tenth of a second, and little happens during most of them: the error of a step alone
# chooses it, up to R C. The first, which is of first order, stays R C / 500.
MANY = 128
_FLOOR = 1 / 40  # of the span of u in which an amplifier swings: below it the error of a step is absolute
STEPS_NOTE = "steps: as their error allows, up to R C; the first and those of the output: R C / 50"


def build_hopfield_circuit(
    network: AnalogNetwork,
    initial: ArrayLike | None = None,
    *,
    duration_s: float | None = None,
    step_s: float | None = None,
    reltol: float | None = None,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | VendorOpAmp | None = None,
    rng: RNG = 0,
    title: str = "Hopfield network",
    comments: tuple[str, ...] = (),
) -> Circuit:
    """Build the circuit of a Hopfield network, with the nodes u0, u1, ... and v0, v1, ...

    The values are those of the network: :func:`circuits.fit_to_components` makes them such as are sold.

    Parameters
    ----------
    network : AnalogNetwork
        Network that is built.
    initial : (n,) float, optional
        Potentials u at t = 0, V; zeros by default, which may be a saddle.
    duration_s : float, optional
        Length of the transient, s; 10 of the longest time constants R C of coupled neurons by default.
    step_s : float, optional
        Largest step, s; 1/50 of the shortest time constant by default, of more than 128 ideal neurons as the error of a
        step allows.
    reltol : float, optional
        Relative error that the simulator allows in one step; by default 1e-8, or 1e-6 if amplifiers are not ideal.
    level : AmplifierLevel, default "ideal"
        Amplifiers: "ideal", "opamp" (macro-models), "transistor" (CMOS, for Tanh), "board" (in parts, for Tanh).
    opamp : OpAmp or VendorOpAmp, optional
        Amplifier at levels "opamp" and "board", such as ``OPAMPS["lmv824"]``, which is the default.
    rng : Generator, SeedSequence or int, default 0
        Seed of the op-amps' offsets.
    title : str, default "Hopfield network"
        Title of the circuit.
    comments : tuple of str, optional
        Comments of the circuit.

    Returns
    -------
    Circuit
        The circuit, ready to run.

    Raises
    ------
    ValueError
        If the level is not known, a leak would be negative, or the amplifiers cannot drive the network.
    """
    n = network.size
    start = np.zeros(n) if initial is None else np.asarray(initial, dtype=float)
    if start.shape != (n,):
        raise ValueError(f"initial has shape {start.shape}; expected ({n},), one potential a neuron")
    duration = 10.0 * settling_tau_s(network) if duration_s is None else duration_s
    if level == "board" and duration_s is None:
        duration += BOARD["load_time"].value
    analysis = ideal_transient(network, duration, step_s, reltol)
    neurons = build_neurons(network, level, opamp, rng, start)
    elements = tuple(_elements(network, neurons))
    more = neurons.initial(start)
    instances = subcircuit_instances(elements)
    if level != "ideal":
        reltol = 1e-6 if reltol is None else reltol
        analysis = replace(analysis, uic=neurons.uic, reltol=reltol, largest_s=None, chgtol_c=None)
    return Circuit(
        title,
        elements,
        analysis,
        (*(f"u{i}" for i in range(n)), *(f"v{i}" for i in range(n))),
        {f"u{i}": float(start[i]) for i in range(n)}
        | {node: volt for node, volt in more.items() if is_inside(node, instances)},
        (*comments, *neurons.account, *steps_account(analysis)),
    )


def ideal_transient(
    network: AnalogNetwork, duration_s: float, step_s: float | None = None, reltol: float | None = None
) -> Transient:
    """Return the transient of ideal amplifiers, whose steps meet 1e-4 of full scale.

    Parameters
    ----------
    network : AnalogNetwork
        Network.
    duration_s : float
        Length of the transient, s.
    step_s : float, optional
        Largest step, s; 1/50 of the shortest time constant by default, of more than 128 neurons as the error allows.
    reltol : float, optional
        Relative error that the simulator allows in one step; 1e-8 by default.

    Returns
    -------
    Transient
        The analysis.
    """
    tau = float(network.time_constants_s.min())
    step = min(tau / DEFAULT_STEPS_PER_TAU if step_s is None else step_s, duration_s)
    largest = max(step, min(tau, duration_s)) if network.size > MANY and step_s is None else None
    floor = None if largest is None else charge_floor(network)
    return Transient(step, duration_s, reltol=RELTOL if reltol is None else reltol, largest_s=largest, chgtol_c=floor)


def charge_floor(network: AnalogNetwork) -> float:
    """Return the charge below which the error of a step is judged as if it were that charge.

    A step is bounded by its relative error in the charge of each capacitor, so a potential that crosses zero would
    stop them all. What counts at an output is the error of u beside the span in which its amplifier swings.

    Parameters
    ----------
    network : AnalogNetwork
        Network.

    Returns
    -------
    float
        The charge, C.
    """
    span = network.activation.swing / network.activation.gain
    return _FLOOR * float(network.capacitances.min()) * span


def steps_account(analysis: Transient) -> tuple[str, ...]:
    """Return what a netlist says of steps that their error chooses.

    Parameters
    ----------
    analysis : Transient
        Analysis.

    Returns
    -------
    tuple of str
        One line, or none.
    """
    return () if analysis.largest_s is None else (STEPS_NOTE,)


def settling_tau_s(network: AnalogNetwork) -> float:
    """Return the longest time constant R C of neurons that are coupled.

    Parameters
    ----------
    network : AnalogNetwork
        Network.

    Returns
    -------
    float
        Time constant, s; the longest of all if none is coupled.
    """
    t = abs(sparse.csr_array(network.conductances))
    coupled = np.asarray(t.sum(axis=0)).ravel() + np.asarray(t.sum(axis=1)).ravel() > 0.0
    tau = network.time_constants_s
    return float(tau[coupled].max() if coupled.any() else tau.max())


def build_neurons(
    network: AnalogNetwork, level: str, opamp: OpAmp | VendorOpAmp | None, rng: RNG, start: Float
) -> Neurons:
    """Build the amplifiers of a network.

    Parameters
    ----------
    network : AnalogNetwork
        Network.
    level : str
        Level of the amplifiers, as for :func:`build_hopfield_circuit`.
    opamp : OpAmp, VendorOpAmp or None
        Amplifier at levels "opamp" and "board".
    rng : Generator, SeedSequence or int
        Seed of the op-amps' offsets.
    start : (n,) float
        Potentials at t = 0, V.

    Returns
    -------
    Neurons
        The amplifiers.

    Raises
    ------
    ValueError
        If the level is not known, or the amplifiers cannot drive the network.
    """
    if opamp is not None and level not in PARTS:
        raise ValueError(f"opamp is given, but level is {level!r}; give level='opamp'")
    match level:
        case "ideal":
            return Ideal(network.activation)
        case "opamp":
            return OpAmpNeurons.drawn(network.activation, opamp or OPAMPS[DEFAULT_OPAMP], network.size, rng)
        case "board":
            drawn = OpAmpNeurons.drawn(network.activation, opamp or OPAMPS[DEFAULT_OPAMP], network.size, rng)
            inverters = len(inverted_neurons(network))
            assert isinstance(drawn.part, OpAmp)  # get_opamp
            return BoardNeurons(network.activation, drawn.part, drawn.offsets_v, start, inverters)
        case "transistor":
            return CmosNeurons.of(network)
    raise ValueError(f"level is {level!r}; known are {', '.join(get_args(AmplifierLevel))}")


def count_resistors(network: AnalogNetwork) -> int:
    """Count the resistors of a network: synapses and leaks.

    Parameters
    ----------
    network : AnalogNetwork
        Network that is built.

    Returns
    -------
    int
        Number of resistors.
    """
    t = network.conductances
    synapses = np.count_nonzero(t.data if sparse.issparse(t) else t)
    return int(synapses + np.count_nonzero(passive_leaks(network)))


def _elements(network: AnalogNetwork, neurons: Neurons) -> Iterator[Element]:
    """Return what the neurons share, the neurons, then the synapses row by row."""
    t = sparse.csr_array(network.conductances)
    n = network.size
    u, v, w = ([f"{letter}{i}" for i in range(n)] for letter in "uvw")
    inverted = np.zeros(n, dtype=bool)
    inverted[t.indices[t.data < 0.0]] = True
    leaks = passive_leaks(network)
    yield from neurons.shared()
    for i in range(n):
        yield Capacitor(f"{i}", u[i], GROUND, float(network.capacitances[i]))
        if leaks[i]:
            yield Resistor(f"leak{i}", u[i], GROUND, leak_ohm(leaks[i]))
        if network.currents[i] and isinstance(neurons, BoardNeurons):
            yield neurons.bias(i, float(network.currents[i]))
        elif network.currents[i]:
            yield CurrentSource(f"{i}", GROUND, u[i], float(network.currents[i]))
        yield from neurons.neuron(i, w[i] if inverted[i] else None)
    for i in range(n):
        row = slice(t.indptr[i], t.indptr[i + 1])
        for j, siemens in zip(t.indices[row].tolist(), t.data[row].tolist(), strict=True):
            if siemens:
                yield Resistor(f"{i}_{j}", u[i], v[j] if siemens > 0.0 else w[j], _ohm(abs(siemens), 12))


def leak_ohm(siemens: float) -> float:
    """Return the resistor of a leak, of 9 digits.

    Parameters
    ----------
    siemens : float
        Conductance of the leak, S.

    Returns
    -------
    float
        Resistance, ohm.
    """
    return _ohm(siemens, 9)


def _ohm(siemens: float, digits: int) -> float:
    """Return 1 / siemens to the digits that are known.

    A resistor of 4700 ohm is 4700 ohm again; a leak, a difference of sums, has fewer digits.
    """
    return float(f"{1.0 / siemens:.{digits}g}")
