"""A certificate of a circuit that was read: itself in each engine against the equation of the network in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neuromorph.ising import Float

from ..energy.spice_energy import save_all
from ..extraction.network import ExtractedNetwork, extract_network
from ..netlist.circuit import BehavioralVoltage, Circuit, Element, Transient
from ..netlist.expressions import Number
from ..netlist.sources import VoltageSource
from ..simulators.process import TIMEOUT_S
from ..synthesis.cmos_neuron import STATIC, CmosNeurons
from ..synthesis.hopfield_circuit import DEFAULT_STEPS_PER_TAU, charge_floor
from ..synthesis.neurons import Neurons
from ..synthesis.opamp_neuron import OpAmpNeurons
from .certificate import END, RISE, TRAJECTORY, Certificate
from .certify import with_steps
from .engine_comparison import ReferenceCase, compare_engines
from .reference_solution import solve_ode
from .sensitivity import NO_ATTRACTOR, end_bound, ends_on_saddle, energy_bound
from .way_reference import WayReference

if TYPE_CHECKING:
    from neuromorph.study.compare import StudyProgress


def certify_circuit(
    circuit: Circuit,
    *,
    steps_per_tau: float | None = None,
    reltol: float | None = None,
    refine: bool = False,
    engines: Sequence[str] | None = None,
    timeout_s: float = TIMEOUT_S,
    progress: StudyProgress | None = None,
) -> Certificate:
    """Certify a circuit against the differential equation of the network in it.

    Parameters
    ----------
    circuit : Circuit
        Circuit of a Hopfield network, as it was read.
    steps_per_tau : float, optional
        Steps in the shortest time constant; that of the netlist, but at least 50, by default.
    reltol : float, optional
        Relative error that SPICE allows in one step; 1e-8, less with finer steps, by default.
    refine : bool, default False
        Whether to measure also how the errors fall with the step.
    engines : sequence of str, optional
        Names of engines; all that are installed by default.
    timeout_s : float, optional
        Time limit of each run of an engine, s.
    progress : StudyProgress, optional
        Function called with the name of what runs, "running" or "done", and 0 or 1 of 1.

    Returns
    -------
    Certificate
        The errors of every engine, with the checks that they pass or fail.

    Raises
    ------
    ValueError
        If the circuit is no such network, its start is not known, or it ends on a saddle.
    EngineError
        If no engine is installed, or all fail.
    """
    found = extract_network(circuit)
    network, start, g = found.network, found.initial, found.network.activation
    tau = network.time_constants_s
    _require_start(circuit, network.size)
    asked = circuit.analysis
    step = min(asked.step_s, float(tau.min()) / (steps_per_tau or DEFAULT_STEPS_PER_TAU))
    analysis = Transient(min(step, asked.stop_s), asked.stop_s, asked.uic, temperature_c=asked.temperature_c)
    if asked.largest_s is not None and steps_per_tau is None:  # as the error allows, no more than in our own decks
        largest = max(analysis.step_s, asked.largest_s)
        floor = None if asked.chgtol_c is None else min(asked.chgtol_c, charge_floor(network))
        analysis = replace(analysis, largest_s=largest, chgtol_c=floor)
    run = replace(circuit, elements=tuple(map(_as_behavioral, circuit.elements)), analysis=analysis)
    run = save_all(with_steps(run, None, reltol))
    potentials = solve_ode(network.rhs, start, run, g.swing / g.gain, "DOP853")
    factors = np.array([factor for _, factor in found.outputs])

    def energy(voltages: Float) -> Float:
        return network.energy(np.clip(voltages / factors, g.low, g.high))

    is_ideal = found.level == "ideal"
    every, end = potentials(np.linspace(0.0, asked.stop_s, 2001)).T, potentials(asked.stop_s)
    if ends_on_saddle(network, end):
        raise ValueError(NO_ATTRACTOR)
    largest = float(np.abs(factors).max())
    low, high = (largest * g.low, largest * g.high) if (factors > 0.0).all() else (-largest * g.high, largest * g.high)
    bound = end_bound(network, end, STATIC) if found.level == "transistor" else None
    way = None
    if not is_ideal and (factors == 1.0).all():
        rest = (bound or STATIC) if found.level == "transistor" else END["opamp"]
        way = WayReference.of(network, potentials, start, rest, _neurons(found))
    case = ReferenceCase(
        run,
        [node for node, _ in found.outputs],
        lambda times: factors * g.value(potentials(times).T),
        (low, high),
        float(tau.min()),
        energy if network.is_symmetric else None,
        None,
        found.level,
        found.opamp.name if found.opamp else found.level,
        "of the netlist",
        energy_bound=max(RISE, energy_bound(network, every, TRAJECTORY)) if is_ideal and network.is_symmetric else None,
        end_bound=bound,
        way=way,
    )
    return compare_engines(case, engines, refine, timeout_s, progress)


def _neurons(found: ExtractedNetwork) -> Neurons | None:
    """Return the amplifiers that the netlist has, with its offsets."""
    g = found.network.activation
    if found.level == "transistor":
        return CmosNeurons.of(found.network)
    if found.opamp is None or found.offsets_v is None:
        return None
    return OpAmpNeurons(g, found.opamp, found.offsets_v)


def _as_behavioral(element: Element) -> Element:
    """Return a constant voltage as our circuits have it, whose energy is accounted for."""
    if isinstance(element, VoltageSource) and element.wave is None:
        return BehavioralVoltage(f"v_{element.name}", element.a, element.b, Number(float(element.volt)))
    return element


def _require_start(circuit: Circuit, neurons: int) -> None:
    inputs = [node for node in circuit.initial if "." not in node]
    if not circuit.analysis.uic and len(inputs) < neurons:
        raise ValueError(
            f"{len(inputs)} of {neurons} inputs have an initial voltage; add .ic of the others, or uic to .tran: "
            "the start of the differential equation must be that of SPICE"
        )
