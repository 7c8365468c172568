r"""The energy account of a circuit from the node voltages that a simulator wrote.

.. math:: \Delta E_k = \sum_{steps} h\, \bar v_k \bar i_k, \qquad \bar x = \tfrac12 (x_n + x_{n+1})

Currents follow from voltages; those of voltage sources from Kirchhoff's law at their nodes. Mean times mean balances
as exactly as the simulator solved its equations, for the trapezoidal rule has C dv / h = mean i.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from neuromorph.ising import Float
from neuromorph.runtime.threads import single_threaded_blas

from ..netlist.circuit import (
    GROUND,
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Element,
    Instance,
    Mosfet,
    Resistor,
    Transconductor,
    device_name,
    terminals,
)
from ..netlist.expressions import Number, evaluate_expression, expression_nodes
from ..netlist.hierarchy import flat_node, flatten_circuit, node_paths
from ..simulators import Waveforms
from ..synthesis.opamp import VDD, VSS
from .ode_energy import (
    AMPLIFIERS,
    BIASES,
    CAPACITORS,
    CONTROLLED,
    DELIVERING,
    HIGH,
    LEAKS,
    LOW,
    OUTPUTS,
    RESISTORS,
    SYNAPSES,
    Energy,
    Rails,
    amplifier_names,
    amplifier_powers,
    energy_by_class,
)

_CELL = re.compile(r"\d+_\d+")
_FLOATS = 1 << 20  # currents that are held in memory at a time

_Wire: TypeAlias = Resistor | Capacitor | CurrentSource | Transconductor | BehavioralCurrent | Mosfet
"""Elements with one current that follows from the voltages; that of a transistor is the channel's."""


def element_class(element: Element) -> str:
    """Return the class of an element in the circuits of this package.

    Constant voltages are rails, and elements that hang on them amplifiers.

    Parameters
    ----------
    element : Element
        Element that is classified.

    Returns
    -------
    str
        Name of the class, such as ``ode_energy.SYNAPSES``.
    """
    match element:
        case Resistor(name):
            if name.startswith("leak") or (_CELL.fullmatch(name) and GROUND in (element.a, element.b)):
                return LEAKS
            return SYNAPSES if _CELL.fullmatch(name) else RESISTORS
        case Capacitor():
            return CAPACITORS
        case BehavioralVoltage(_, _, _, Number(volt)):
            return HIGH if volt > 0.0 else LOW
        case BehavioralVoltage():
            return OUTPUTS
        case Mosfet():
            return AMPLIFIERS
    if {VDD, VSS} & set(terminals(element)):
        return AMPLIFIERS
    return BIASES if isinstance(element, CurrentSource) else CONTROLLED


def has_energy_account(circuit: Circuit) -> bool:
    """Return whether the currents of all elements follow from node voltages.

    Parameters
    ----------
    circuit : Circuit
        Circuit.

    Returns
    -------
    bool
        Whether :func:`energy_of_waveforms` can account for it.
    """

    def known(elements: Iterable[Element]) -> bool:
        return all(
            known(e.subcircuit.elements) if isinstance(e, Instance) else isinstance(e, _Wire | BehavioralVoltage)
            for e in elements
        )

    return known(circuit.elements)


def save_all(circuit: Circuit) -> Circuit:
    """Return the circuit with every node saved, as :func:`energy_of_waveforms` needs it.

    Parameters
    ----------
    circuit : Circuit
        Circuit that will be simulated.

    Returns
    -------
    Circuit
        The same elements and analysis.
    """
    return replace(circuit, saved=tuple(node_paths(circuit)))


@single_threaded_blas()
def energy_of_waveforms(
    circuit: Circuit,
    waves: Waveforms,
    *,
    rails: Rails | None = None,
    classes: Callable[[Element], str] = element_class,
) -> Energy:
    """Account for the energies of a transient that a simulator ran.

    The account begins with the first sample if not every initial voltage is known; ``duration_s`` tells. Of a
    transistor the channel current is counted and not the charge of its gate, so that energies balance to 1e-5 or so.

    Parameters
    ----------
    circuit : Circuit
        Circuit with every node saved (:func:`save_all`), or driven against ground by an expression of such nodes.
    waves : Waveforms
        Waveforms of its run.
    rails : Rails, optional
        Supply of all behavioral voltages, for a circuit that has no rails of its own.
    classes : callable, default element_class
        Function from an element to its class; names of ``Energy.delivered`` count as sources.

    Returns
    -------
    Energy
        The account of every element.

    Raises
    ------
    TypeError
        If the current of an element does not follow from voltages.
    ValueError
        If a node was not saved, voltage sources form a loop, or one floats although rails are given.
    """
    circuit = flatten_circuit(circuit)
    times, volts = _node_voltages(circuit, waves)
    place = {node: k for k, node in enumerate(sorted(volts))}
    table = np.stack([volts[node] for node in place], axis=1)
    known = [e for e in circuit.elements if isinstance(e, _Wire)]
    sources = [e for e in circuit.elements if isinstance(e, BehavioralVoltage)]
    for element in circuit.elements:
        if not isinstance(element, _Wire | BehavioralVoltage):
            raise TypeError(f"{type(element).__name__} {element.name!r}: its current does not follow from voltages")
    for source in sources:
        if rails is not None and source.b != GROUND:
            raise ValueError(f"source {source.name!r} floats: rails supply outputs against ground; leave rails out")
    leaves, wires = _incidence(known, place), _incidence(sources, place)
    above = [place[node] for node in place if node != GROUND]
    try:
        solve = splu(sparse.csc_array(wires[above].T @ wires[above])).solve if sources else None
    except RuntimeError:
        raise ValueError("voltage sources form a loop, so that their currents are not determined; break it") from None
    joules = np.zeros(len(known))
    names = amplifier_names([device_name(e) for e in sources], rails)
    outputs = np.zeros((len(names), len(sources)))
    step = max(1, _FLOATS // max(1, len(known)))
    for k in range(0, len(times) - 1, step):
        part = slice(k, min(k + step, len(times) - 1) + 1)
        h = np.diff(times[part])[:, None]
        around = {node: volts[node][part] for node in place}
        currents = _currents(known, around, times[part])
        mean = (table[part][1:] + table[part][:-1]) / 2.0
        joules += (h * currents * (leaves.T @ mean.T).T).sum(axis=0)
        if solve is not None:
            through = solve(np.ascontiguousarray(-(wires[above].T @ (leaves[above] @ currents.T)))).T
            # An output's current flows from ground through the source into its node.
            powers = amplifier_powers((wires.T @ mean.T).T, -through, rails)
            outputs += [(h * power).sum(axis=0) for power in powers]
    found: dict[str, dict[str, float]] = {name: {} for name in (SYNAPSES, LEAKS, BIASES, CAPACITORS)}
    for element, joule in zip(known, joules.tolist(), strict=True):
        name = classes(element)
        found.setdefault(name, {})[device_name(element)] = -joule if name in DELIVERING else joule
    for (name, each), output in zip(names.items(), outputs, strict=True):
        for source, device, joule in zip(sources, each, output.tolist(), strict=True):
            found.setdefault(name if rails else classes(source), {})[device] = joule
    return energy_by_class(float(times[-1] - times[0]), found)


def _node_voltages(circuit: Circuit, waves: Waveforms) -> tuple[Float, dict[str, Float]]:
    """Return the times and the voltage of every node.

    They begin at t = 0 if the voltages there are known: with ``uic`` the simulator does not write them.
    """
    times = waves.times
    volts = {flat_node(path): waves.voltages[:, k] for k, path in enumerate(waves.nodes)}
    if times[0] > 0.0 and circuit.analysis.uic:
        start = _driven(circuit, {node: np.array([volt]) for node, volt in circuit.initial.items()}, np.zeros(1))
        if set(volts) <= set(start):
            times = np.r_[0.0, times]
            volts = {node: np.r_[start[node], v] for node, v in volts.items()}
    volts = _driven(circuit, volts, times)
    missing = circuit.nodes() - set(volts)
    if missing:
        raise ValueError(f"node {min(missing)!r} was not saved; run save_all(circuit)")
    return times, volts


def _driven(circuit: Circuit, volts: Mapping[str, Float], times: Float) -> dict[str, Float]:
    """Add the nodes that expressions of known nodes drive against ground, until no more are found."""
    known = {GROUND: np.zeros(len(times)), **volts}
    left = [e for e in circuit.elements if isinstance(e, BehavioralVoltage) and e.b == GROUND and e.a not in known]
    before = -1
    while len(left) != before:
        before = len(left)
        for source in [e for e in left if set(expression_nodes(e.expression)) <= set(known)]:
            known[source.a] = np.array(
                np.broadcast_to(evaluate_expression(source.expression, known, times), times.shape)
            )
            left.remove(source)
    return known


def _incidence(elements: Sequence[_Wire | BehavioralVoltage], place: Mapping[str, int]) -> sparse.csr_array:
    """Return the incidence matrix (nodes, elements): +1 where a current leaves a node, -1 where it enters."""
    n = len(elements)
    ends = [(e.drain, e.source) if isinstance(e, Mosfet) else (e.a, e.b) for e in elements]
    rows = [place[end[0]] for end in ends] + [place[end[1]] for end in ends]
    signs = np.repeat([1.0, -1.0], n)
    return sparse.csr_array((signs, (rows, np.tile(np.arange(n), 2))), shape=(len(place), n))


def _currents(elements: Sequence[_Wire], volts: Mapping[str, Float], times: Float) -> Float:
    """Return the mean current from a to b through each element over each step, (steps, elements), A."""
    h = np.diff(times)
    columns = np.empty((len(elements), len(h)))
    for k, element in enumerate(elements):
        match element:
            case Resistor(_, a, b, ohm):
                columns[k] = _mean(volts[a] - volts[b]) / float(ohm)
            case Capacitor(_, a, b, farad):
                columns[k] = float(farad) * np.diff(volts[a] - volts[b]) / h
            case CurrentSource(_, _, _, ampere):
                columns[k] = float(ampere)
            case Transconductor(_, _, _, plus, minus, siemens):
                columns[k] = float(siemens) * _mean(volts[plus] - volts[minus])
            case BehavioralCurrent(_, _, _, expression):
                columns[k] = _mean(np.broadcast_to(evaluate_expression(expression, volts, times), times.shape))
            case Mosfet(_, drain, gate, source, bulk):
                columns[k] = _mean(_channel(element, volts[drain], volts[gate], volts[source], volts[bulk]))
    return columns.T


def _channel(element: Mosfet, drain: Float, gate: Float, source: Float, bulk: Float) -> Float:
    """Return the current from drain to source of SPICE's level 1, A, for a bulk that is not biased forward."""
    m = element.model
    sign = 1.0 if m.channel == "n" else -1.0
    forward = sign * (drain - source) >= 0.0
    low = np.where(forward, source, drain)
    across = np.abs(drain - source)
    body = np.sqrt(np.maximum(m.surface_v - sign * (bulk - low), 0.0)) - np.sqrt(m.surface_v)
    above = np.maximum(sign * (gate - low) - sign * m.threshold_v - m.body_v * body, 0.0)
    inner = np.minimum(across, above)
    ampere = (
        m.kp
        * float(element.width_m)
        / float(element.length_m)
        * (above - inner / 2.0)
        * inner
        * (1.0 + m.modulation * across)
    )
    return np.where(forward, sign, -sign) * ampere


def _mean(x: Float) -> Float:
    return np.asarray((x[1:] + x[:-1]) / 2.0)
