r"""The equation of a network whose amplifiers are parts: what their errors do to its way, before SPICE is asked.

.. math:: C_i \dot u_i = I_i - u_i / R_i + \sum_j \big(T^+_{ij} v_j + T^-_{ij} w_j\big)

.. math:: \dot y = d S \tanh\Big(\frac{2 \pi f_1}{S} \big(u + o_y - \tfrac{y}{k_1}\big)\Big), \quad
    \dot v = d S \tanh\Big(\frac{2 \pi f_1}{S} \big(x(y) + o_v - \tfrac{v}{k_2}\big)\Big), \quad
    \dot w = d S \tanh\Big(\frac{2 \pi f_1}{S} \big(o_w - \tfrac{v + w}{2}\big)\Big)

where

- T+ and T- are the positive synapses and the size of the negative ones, f_1 and S the gain-bandwidth product and the
  slew rate of an op-amp, d what its output resistance leaves of them at the load of each output, o the offsets that
  the circuit was drawn, k_1 and k_2 the gains of the stages,
- x(y) is the limiter between them: g(y / k_1) / k_1, or on a board the diodes' (``board_neuron``); y stays within
  reach of the output.

CMOS cells have no state here: v = V_s p(D p(u / V_o) / V_o), p(x) = x sqrt(1 - x^2 / 4) up to |x| = sqrt(2), with the
current that the synapses draw from the cell's conductance. Finite gain, second poles and parasitic capacitances are
left out; ``alignment`` allows for them.
Sources: Boyle et al., IEEE J. Solid-State Circuits 9, 353 (1974), for the op-amp; Shichman and Hodges, ibid. 3, 285
(1968), for the pair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import pi, sqrt

import numpy as np

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas

from ..netlist.models import DiodeModel
from ..synthesis.board_network import BOARD
from ..synthesis.board_neuron import DIODE, THERMAL_V, BoardNeurons
from ..synthesis.cmos_neuron import DATA as TRANSISTORS
from ..synthesis.cmos_neuron import CmosNeurons
from ..synthesis.neurons import Neurons
from ..synthesis.opamp import DATA as FEEDBACK
from ..synthesis.opamp import OpAmp
from ..synthesis.opamp_neuron import OpAmpNeurons
from .alignment import divide_steps

_LARGEST = 64  # the state has four numbers a neuron, and a stiff solver a matrix of their square
_TOLERANCE = 1e-6  # of the state, in V


def scale_offsets(neurons: Neurons, factor: float) -> Neurons:
    """Return the amplifiers with larger or smaller offsets.

    Parameters
    ----------
    neurons : Neurons
        Amplifiers of a circuit.
    factor : float
        Factor on all offsets.

    Returns
    -------
    Neurons
        The amplifiers; those without offsets as they are.
    """
    if isinstance(neurons, OpAmpNeurons | BoardNeurons):
        return replace(neurons, offsets_v=factor * neurons.offsets_v)
    return neurons


@single_threaded_blas()
def solve_parts(
    network: AnalogNetwork, neurons: Neurons, start: Float, duration_s: float
) -> tuple[Float, Float] | None:
    """Return the outputs of a network with the errors of its parts, from when its start is let go.

    Parameters
    ----------
    network : AnalogNetwork
        Network.
    neurons : Neurons
        Its amplifiers.
    start : (n,) float
        Potentials at t = 0, V.
    duration_s : float
        Length of the transient, s.

    Returns
    -------
    tuple of ndarray or None
        Times (m,), s, and outputs v (m, n), V; None of parts whose inside is not known, of more than 64 neurons, or
        where the equation cannot be integrated.
    """
    from scipy.integrate import solve_ivp

    if network.size > _LARGEST:
        return None
    found = _equation(network, neurons, start)
    if found is None:
        return None
    rhs, state, outputs = found

    def watched(t: float, x: Float) -> Float:
        checkpoint("equation of the parts", t, duration_s)
        return rhs(x)

    span = (0.0, duration_s)
    solved = solve_ivp(watched, span, state, "LSODA", rtol=_TOLERANCE, atol=_TOLERANCE, dense_output=True)
    if not solved.success:
        return None
    times = divide_steps(solved.t)
    return times, outputs(solved.sol(times).T)


_Equation = tuple[Callable[[Float], Float], Float, Callable[[Float], Float]]


def _equation(network: AnalogNetwork, neurons: Neurons, start: Float) -> _Equation | None:
    """Return right-hand side, initial state and outputs of states (m, k)."""
    t = network.conductances
    dense = np.asarray(t.toarray() if hasattr(t, "toarray") else t)
    up, down = np.maximum(dense, 0.0), np.maximum(-dense, 0.0)
    conductance, farad, n = 1.0 / network.resistances, network.capacitances, network.size

    def network_rate(u: Float, v: Float, w: Float) -> Float:
        return (network.currents - u * conductance + up @ v + down @ w) / farad

    if isinstance(neurons, CmosNeurons):
        g = neurons.conductance_s
        swing = neurons.activation.swing

        def loaded(u: Float, sign: float, load: Float) -> Float:
            return (sign * swing * g * _cmos(neurons, u) + u @ load) / (g + load.sum(axis=0))

        return (
            lambda u: network_rate(u, loaded(u, 1.0, up), loaded(u, -1.0, down)),
            np.array(start),
            lambda states: loaded(states, 1.0, up),
        )
    if not isinstance(neurons, OpAmpNeurons | BoardNeurons) or not isinstance(neurons.part, OpAmp):
        return None
    part, limiter = neurons.part, _limiter(neurons)
    first, second = neurons.stages if isinstance(neurons, BoardNeurons) else (neurons.stage, neurons.stage)
    slew, unity = part.slew_v_s, 2.0 * pi * part.bandwidth_hz
    of_y, of_v, of_w = neurons.offsets_v.T
    feedback, load = 1.0 / FEEDBACK["feedback"].value, np.zeros(n)
    if isinstance(neurons, BoardNeurons):
        load = np.full(n, 1.0 / BOARD["limiter_resistor"].value)
    passed_y = 1.0 / (1.0 + part.output_ohm * (load + feedback))
    passed_v = 1.0 / (1.0 + part.output_ohm * (up.sum(axis=0) + feedback * (1.0 + (down.sum(axis=0) > 0.0))))
    passed_w = 1.0 / (1.0 + part.output_ohm * (down.sum(axis=0) + feedback))

    def chased(missing: Float, out: Float, passed: Float) -> Float:
        beyond = out - np.clip(out, -part.reach_v, part.reach_v)
        return np.asarray(passed * slew * np.tanh(unity * missing / slew) - unity * beyond)

    def rhs(state: Float) -> Float:
        u, y, v, w = state.reshape(4, n)
        return np.concatenate(
            [
                network_rate(u, v, w),
                chased(u + of_y - y / first, y, passed_y),
                chased(limiter(y) + of_v - v / second, v, passed_v),
                chased(of_w - (v + w) / 2.0, w, passed_w),
            ]
        )

    # On a board the switches have held the potentials for long enough that all stages rest, offsets and all.
    held = float(isinstance(neurons, BoardNeurons))
    y = np.clip(first * (start + held * of_y), -part.reach_v, part.reach_v)
    v = second * (limiter(y) + held * of_v)
    return rhs, np.concatenate([start, y, v, held * 2.0 * of_w - v]), lambda states: states[:, 2 * n : 3 * n]


def _limiter(neurons: OpAmpNeurons | BoardNeurons) -> Callable[[Float], Float]:
    """Return what the limiter between the stages makes of the output y of the first."""
    if isinstance(neurons, OpAmpNeurons):
        k = neurons.stage
        return lambda y: np.asarray(neurons.activation.value(y / k) / k)
    inside = np.linspace(-1.0, 1.0, 2001) * (neurons.limit_v + 0.1)
    ampere = _diodes_a(DIODE, inside)
    x = inside + ampere * DIODE.series_ohm
    y_of_x = x + ampere * BOARD["limiter_resistor"].value
    return lambda y: np.asarray(np.interp(y, y_of_x, x))


def _diodes_a(diode: DiodeModel, volt: Float) -> Float:
    return np.asarray(2.0 * diode.saturation_a * np.sinh(volt / (diode.emission * THERMAL_V)))


def _cmos(neurons: CmosNeurons, u: Float) -> Float:
    over = neurons.overdrive_v
    return _pair(TRANSISTORS["first_swing"].value * _pair(u / over) / over)


def _pair(x: Float) -> Float:
    inside = np.clip(x, -sqrt(2.0), sqrt(2.0))
    return np.asarray(inside * np.sqrt(1.0 - inside**2 / 4.0))
