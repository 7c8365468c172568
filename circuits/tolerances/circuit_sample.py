r"""One copy of a circuit as it is made, element by element, with op-amps and transistors too, which no ODE here has.

.. math:: \sigma(V_{th}) = A_{VT} / \sqrt{2 W L}, \qquad \sigma(\beta) / \beta = A_\beta / \sqrt{2 W L}

.. math:: K_P \propto T^{-3/2}, \qquad V_{th}(T) = V_{th} + \tfrac12 (E_g^0 - E_g) \pm \tfrac12 (\phi_T - \phi)
          \pm \gamma (\sqrt{\phi_T} - \sqrt\phi)

where

- V_th and beta are threshold and current factor of one transistor of size W x L; the deviations of a pair's difference
  are the root of two larger, as A_VT and A_beta are given,
- T is the temperature as a ratio to 300.15 K, E_g the gap, phi the surface potential and gamma the body effect of
  SPICE's level 1.

An op-amp has a gain A_0, a bandwidth (and with it a slew rate) and an offset of its own, on top of those that its part
was drawn with. Resistors, capacitors and sources vary as in ``tolerances``. A source with a nonlinear function, as a
diode limiter is, has arguments that fall as 1 / T. Temperatures are written into the cards of transistors, so that
every simulator follows them, also one that ignores ``.temp``. The leakage of their junctions stays that of 27 C:
nanoamperes at 125 C, some ten microvolts at these impedances.
Source: Pelgrom, Duinmaijer, Welbers, IEEE J. Solid-State Circuits 24, 1433 (1989); temperature: level 1 of SPICE 3, as
in Vladimirescu and Liu, UCB/ERL M80/7 (1980).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import count
from math import exp, log, sqrt

from neuromorph.ising import Float
from neuromorph.rng import RNG

from ..netlist.circuit import (
    GROUND,
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Element,
    Mosfet,
    MosModel,
    Resistor,
    Transconductor,
    terminals,
)
from ..netlist.expressions import Call, Expression, Number, Operation, Voltage, expression_nodes, with_leaves
from ..netlist.hierarchy import flatten_circuit
from ..synthesis.opamp import VDD, VSS
from .tolerances import NOMINAL_K, ToleranceDraws, Tolerances

_SPICE_K = 300.15  # temperature of model cards, 27 C
_BOLTZMANN, _CHARGE = 1.38064852e-23, 1.6021766208e-19  # J/K, C; as ngspice has them


def make_circuit(circuit: Circuit, tolerances: Tolerances, rng: RNG = 0) -> Circuit:
    """Draw one copy of a circuit as it is made.

    The same seed draws the same deviates at every tolerance.

    Parameters
    ----------
    circuit : Circuit
        Nominal circuit.
    tolerances : Tolerances
        Tolerances of the parts.
    rng : Generator, SeedSequence or int, default 0
        Seed of the copy.

    Returns
    -------
    Circuit
        A flat circuit of the drawn values.
    """
    flat, draw = flatten_circuit(circuit), ToleranceDraws(tolerances, rng)
    idle = _idle_resistors(flat)
    n = idle.count(False)
    parts, capacitors = draw.resistors(n), draw.capacitors(n)
    gains, ratios, offsets = draw.gains(n), draw.ratios(n), draw.offsets(n)
    loops, poles = draw.lognormal(tolerances.opamp_gain, n), draw.lognormal(tolerances.opamp_bandwidth, n)
    transistors = draw.stream.standard_normal((n, 2))
    inputs = {e.b for e in flat.elements if isinstance(e, BehavioralCurrent) and _is_input_stage(e.expression)}
    kelvin = _SPICE_K + draw.temperature_k - NOMINAL_K

    def made(k: int, element: Element) -> Element:
        match element:
            case Resistor(_, a, _, ohm):
                return replace(element, ohm=float(ohm) * float(loops[k] if a in inputs else parts[k]))
            case Capacitor(_, a, _, farad):
                return replace(element, farad=float(farad) * float(1.0 / poles[k] if a in inputs else capacitors[k]))
            case CurrentSource(_, a, b, ampere):  # an amplifier's own currents have no resistor
                return element if {VDD, VSS} & {a, b} else replace(element, ampere=float(ampere) / float(parts[k]))
            case Transconductor(_, _, _, _, _, siemens):
                return replace(element, siemens=float(siemens) / float(parts[k]))
            case BehavioralCurrent(_, _, _, expression):
                return replace(element, expression=_with_offset(expression, float(offsets[k])))
            case BehavioralVoltage(_, _, _, expression) if any(expression_nodes(expression)):
                bent = _is_bent(expression)
                factor, offset = (gains[k], 0.0 if inputs else offsets[k]) if bent else (ratios[k], 0.0)
                return replace(element, expression=_through(expression, float(factor), float(offset)))
            case Mosfet():
                return _transistor(element, tolerances, transistors[k], kelvin)
        return element

    number = count()
    elements = zip(flat.elements, idle, strict=True)
    return replace(flat, elements=tuple(e if idles else made(next(number), e) for e, idles in elements))


def model_at(model: MosModel, kelvin: float) -> MosModel:
    """Return the model card that behaves at 27 C as a model does at a temperature.

    Parameters
    ----------
    model : MosModel
        Model card.
    kelvin : float
        Temperature, K.

    Returns
    -------
    MosModel
        The new card.

    Raises
    ------
    ValueError
        If the model has no surface potential left at this temperature.
    """
    sign = 1.0 if model.channel == "n" else -1.0
    ratio = kelvin / _SPICE_K
    surface = ratio * (model.surface_v - _surface_shift(_SPICE_K)) + _surface_shift(kelvin)
    if surface <= 0.0:
        raise ValueError(
            f"model {model.name!r} has no surface potential left at {kelvin:g} K; take a lower temperature"
        )
    threshold = model.threshold_v + (_gap_ev(_SPICE_K) - _gap_ev(kelvin)) / 2.0
    threshold += sign * ((surface - model.surface_v) / 2.0 + model.body_v * (sqrt(surface) - sqrt(model.surface_v)))
    return replace(model, threshold_v=threshold, kp=model.kp * ratio**-1.5, surface_v=surface)


def _idle_resistors(flat: Circuit) -> list[bool]:
    """Return which elements are resistors without current, there for their noise: dangling, from nodes at rest."""
    at: dict[str, set[int]] = defaultdict(set)
    for k, element in enumerate(flat.elements):
        for node in terminals(element):
            at[node].add(k)
    idle = [False] * len(flat.elements)
    waiting = list(at)
    while waiting:
        node = waiting.pop()
        if node == GROUND or node in flat.initial:
            continue
        parts = [flat.elements[k] for k in at[node]]
        others = {end for part in parts for end in terminals(part)} - {node}
        if len(others) != 1 or not all(isinstance(part, Resistor | Capacitor) for part in parts):
            continue
        (other,) = others
        for k in tuple(at[node]):
            idle[k] = isinstance(flat.elements[k], Resistor)
            at[node].discard(k)
            at[other].discard(k)
        waiting.append(other)
    return idle


def _transistor(element: Mosfet, tolerances: Tolerances, deviates: Float, kelvin: float) -> Mosfet:
    root = sqrt(2.0 * float(element.width_m) * float(element.length_m))
    model = element.model if kelvin == _SPICE_K else model_at(element.model, kelvin)
    threshold = model.threshold_v + tolerances.threshold_v_m / root * float(deviates[0])
    kp = model.kp * exp(tolerances.beta_m / root * float(deviates[1]))
    return replace(element, model=replace(model, name=f"{model.name}_{element.name}", threshold_v=threshold, kp=kp))


def _is_input_stage(expression: Expression) -> bool:
    """Return whether an expression is an op-amp's input stage, I_max tanh(g_m / I_max (v_+ - v_- + o))."""
    match expression:
        case Operation("*", Number(), Call("tanh", (Operation("*", Number(), Operation()),))):
            return True
    return False


def _with_offset(expression: Expression, offset: float) -> Expression:
    """Add an offset to an op-amp's input stage; return any other expression as it is."""
    match expression:
        case Operation("*", most, Call("tanh", (Operation("*", slope, across),))) if _is_input_stage(expression):
            return most * Call("tanh", (slope * (across + offset),))
    return expression


def _through(expression: Expression, factor: float, offset: float) -> Expression:
    """Replace the inputs v of an expression by factor (v - offset)."""
    return with_leaves(expression, lambda leaf: factor * (leaf - offset) if isinstance(leaf, Voltage) else leaf)


def _is_bent(expression: Expression) -> bool:
    """Return whether an expression has a function, and so is no inverter."""
    match expression:
        case Call():
            return True
        case Operation(_, left, right):
            return _is_bent(left) or _is_bent(right)
    return False


def _gap_ev(kelvin: float) -> float:
    return 1.16 - 7.02e-4 * kelvin**2 / (kelvin + 1108.0)


def _surface_shift(kelvin: float) -> float:
    """Return the shift by which phi / T grows with T, times T, V."""
    thermal = _BOLTZMANN * kelvin / _CHARGE
    gap = -_gap_ev(kelvin) / (2.0 * thermal) + 1.1150877 * _CHARGE / (2.0 * _BOLTZMANN * _SPICE_K)
    return -2.0 * thermal * (1.5 * log(kelvin / _SPICE_K) + gap)
