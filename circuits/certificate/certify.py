r"""One circuit through its differential equation and through SPICE: how far apart they are.

The ODE is integrated to 1e-10 and evaluated at the times that SPICE chose. Nothing is shared between the two but the
component values, so a wrong sign, a lost device or a loose step shows. ``agreement`` says what is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float, Ising
from neuromorph.problems import Recall
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit
from neuromorph.rng import RNG
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas

from ..energy.ode_energy import Energy, energy_of_network
from ..energy.spice_energy import energy_of_waveforms, save_all
from ..netlist.circuit import Circuit
from ..simulators import EngineError, Waveforms, available_engines, installed_engines, require_engines, simulate_circuit
from ..simulators.process import TIMEOUT_S
from ..synthesis.cmos_neuron import STATIC
from ..synthesis.component_values import fit_to_components
from ..synthesis.hopfield_circuit import AmplifierLevel, build_hopfield_circuit
from ..synthesis.opamp_neuron import OpAmp
from ..synthesis.problem_circuit import (
    default_components,
    get_opamp,
    problem_network,
    problem_tour_circuit,
    random_start,
    refuse_level,
)
from ..synthesis.synapses import overlap_circuit, transconductor_circuit
from ..synthesis.tour_circuit import TourCircuit
from .certificate import RISE, TRAJECTORY, Balance, Certificate, EngineResult, OutputTrace
from .sensitivity import end_bound, energy_bound
from .step_refinement import FINEST_RELTOL
from .step_refinement import REFINED_STEPS_PER_TAU as REFINED
from .step_refinement import refine_steps as refine_steps

if TYPE_CHECKING:
    from neuromorph.study.compare import StudyProgress

Synapses = Literal["resistors", "transconductors", "overlaps"]

_MOST_NEURONS = 512
_MOST_RESISTORS = 66_000  # 256 neurons, all with all: minutes an engine
_MOST_ON_BUSES = 2048  # neurons
_MOST_CITIES = 12  # of the circuit that anneals; beyond, an engine takes more than a few minutes
_TOLERANCE = 1e-10
_TOUR_BOUND = 1e-2  # of full scale: where one tour is chosen errors grow a thousand times for a moment
_TOUR_REFINED = (2.0, 10.0, 50.0)
_LONGER = 3.0  # where parts add offsets: those starts linger whose attractors are nearly alike


def certify(
    network: AnalogNetwork,
    initial: ArrayLike | None = None,
    *,
    duration_s: float | None = None,
    step_s: float | None = None,
    reltol: float | None = None,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | str | None = None,
    synapses: Synapses = "resistors",
    patterns: ArrayLike | None = None,
    refine: bool = False,
    engines: Sequence[str] | None = None,
    rng: RNG = 0,
    timeout_s: float = TIMEOUT_S,
    progress: StudyProgress | None = None,
) -> Certificate:
    """Run ``network`` in the ODE and in each of ``engines`` (all that are installed if None).

    Parameters
    ----------
    initial : (n,) float            u at t = 0, V; drawn by ``rng`` if None: V within a tenth of the middle of the rails
    duration_s, step_s : float      10 (30 at other levels than "ideal") longest and 1/50 of the shortest time constant
                                    if None
    reltol : float                  SPICE's own bound for one step; if None that of the circuit, less for a finer
                                    ``step_s``, with its cube as a step's error, so that it is the step that rules
    level, opamp :                  as for ``build_hopfield_circuit``; ``rng`` draws the offsets too. Those of the ODE
                                    stay ideal: the errors are the parts'
    synapses : str                  "resistors"; at level "ideal" also "transconductors", or "overlaps" for Hebb's rule
                                    of ``patterns`` (P, n)
    refine : bool                   measure also how the errors fall with the step
    timeout_s : float               of each run of an engine
    progress :                      called with what runs, "running" or "done", and 0 or 1 of 1
    """
    start = random_start(network, rng) if initial is None else np.asarray(initial, dtype=float)
    tau, g = network.time_constants_s, network.activation
    if duration_s is None:
        duration_s = (10.0 if level == "ideal" else 10.0 * _LONGER) * float(tau.max())
    part = get_opamp(opamp, level)
    circuit = _circuit(network, start, level, part, synapses, patterns, rng, duration_s)
    circuit = _with_steps(circuit, step_s, reltol)
    potentials = _solve(network.rhs, start, circuit, g.swing / g.gain, "DOP853")

    def energy(voltages: Float) -> Float:  # beyond the rails, by a hair or an offset, there is none
        return network.energy(np.clip(voltages, g.low, g.high))

    passive = level == "ideal" and synapses == "resistors"
    every, end = potentials(np.linspace(0.0, duration_s, 2001)).T, potentials(duration_s)
    has_bound = level == "ideal" and network.is_symmetric
    case = _Case(
        circuit if level == "ideal" else save_all(circuit),
        [f"v{i}" for i in range(network.size)],
        lambda times: g.value(potentials(times).T),
        (g.low, g.high),
        float(tau.min()),
        energy if network.is_symmetric else None,
        energy_of_network(network, start, duration_s) if passive else None,
        level,
        part.name if part else level,
        synapses,
        energy_bound=max(RISE, energy_bound(network, every, TRAJECTORY)) if has_bound else None,
        end_bound=end_bound(network, end, STATIC) if level == "transistor" else None,
    )
    return _certificate(case, engines, refine, timeout_s, progress)


def certify_tour(
    tour: TourCircuit,
    *,
    step_s: float | None = None,
    reltol: float | None = None,
    refine: bool = False,
    engines: Sequence[str] | None = None,
    rng: RNG = 0,
    timeout_s: float = TIMEOUT_S,
    progress: StudyProgress | None = None,
) -> Certificate:
    """The same for the circuit that anneals a tour; its attractor is the set of V above 1/2 at the end."""
    start = tour.start(rng)
    circuit = _with_steps(tour.circuit(start, reltol=1e-9), step_s, reltol)
    state = _solve(tour.rhs, start, circuit, 1.0, "LSODA")  # the servos are stiff

    def outputs(times: Float) -> Float:
        return np.array([tour.outputs(t, state(t)).ravel() for t in times])

    case = _Case(save_all(circuit), circuit.saved, outputs, (0.0, 1.0), tour.tau_s, synapses="transconductors",
                 bound=_TOUR_BOUND, refined=_TOUR_REFINED)  # fmt: skip
    return _certificate(case, engines, refine, timeout_s, progress)


def certify_problem(
    problem: Problem | Ising,
    *,
    rng: RNG = 0,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | str | None = None,
    synapses: Synapses | None = None,
    steps_per_tau: float | None = None,
    **options: Any,
) -> Certificate:
    """Certify a problem's circuit: as ``problem_netlist`` writes it, before any rounding.

    ``options`` are engines, reltol, refine, timeout_s and progress. Tours of more than 12 cities take the Hopfield
    network here, which is quicker to simulate. Raises DoesNotFit above 512 neurons or 66,000 resistors, where a run
    takes hours (2048 neurons for "overlaps"), and ValueError for what the problem's circuit cannot be built of.
    """
    tour = problem_tour_circuit(problem, most_cities=_MOST_CITIES) if synapses is None else None
    if tour is not None:
        refuse_level(tour, level, opamp)
        step = None if steps_per_tau is None else tour.tau_s / steps_per_tau
        return certify_tour(tour, rng=rng, step_s=step, **options)
    patterns = problem.patterns if synapses == "overlaps" and isinstance(problem, Recall) else None
    if synapses == "overlaps" and patterns is None:
        raise ValueError("synapses are 'overlaps', which patterns have; this problem is none of recall")
    neurons, resistors = _MOST_NEURONS, _MOST_RESISTORS
    if patterns is not None:
        neurons, resistors = _MOST_ON_BUSES, _MOST_ON_BUSES**2
    try:
        network, start = problem_network(problem, rng=rng, most_neurons=neurons, most_resistors=resistors)
    except DoesNotFit as error:
        if patterns is not None or not isinstance(problem, Recall):
            raise
        raise DoesNotFit(f"{error}, or synapses 'overlaps', which go up to {_MOST_ON_BUSES} neurons") from None
    if level == "transistor":  # their outputs drive only so much
        network = fit_to_components(network, default_components(network, level)).network
    if steps_per_tau is not None:
        options["step_s"] = float(network.time_constants_s.min()) / steps_per_tau
    chosen: dict[str, Any] = {"level": level, "opamp": opamp, "synapses": synapses or "resistors", "patterns": patterns}
    return certify(network, start, rng=rng, **chosen, **options)


@dataclass(frozen=True, eq=False)
class _Case:
    """A circuit and what its outputs should be: ``exact`` (times) -> (m, n) V."""

    circuit: Circuit
    outputs: Sequence[str]
    exact: Callable[[Float], Float]
    rails: tuple[float, float]
    tau_s: float
    energy: Callable[[Float], Float] | None = None
    supplied: Energy | None = None
    level: AmplifierLevel = "ideal"
    amplifier: str = "ideal"
    synapses: str = "resistors"
    bound: float = TRAJECTORY
    energy_bound: float | None = None
    end_bound: float | None = None
    refined: Sequence[float] = REFINED


def _circuit(
    network: AnalogNetwork,
    start: Float,
    level: AmplifierLevel,
    opamp: OpAmp | None,
    synapses: str,
    patterns: ArrayLike | None,
    rng: RNG,
    duration_s: float,
) -> Circuit:
    if synapses not in get_args(Synapses):
        raise ValueError(f"synapses are {synapses!r}; known are {', '.join(get_args(Synapses))}")
    if (patterns is not None) != (synapses == "overlaps"):
        raise ValueError("patterns go with synapses='overlaps', which need them; give both or neither")
    if synapses == "resistors":
        return build_hopfield_circuit(network, start, level=level, opamp=opamp, rng=rng, duration_s=duration_s)
    if level != "ideal":
        raise ValueError(f"synapses are {synapses!r} and level {level!r}; only resistors drive amplifiers of parts")
    if patterns is None:
        return transconductor_circuit(network, start, duration_s=duration_s)
    return overlap_circuit(network, patterns, start, duration_s=duration_s)


def _with_steps(circuit: Circuit, step_s: float | None, reltol: float | None) -> Circuit:
    """Another largest step and bound of a step than the circuit's own."""
    analysis = circuit.analysis
    step = analysis.step_s if step_s is None else min(step_s, analysis.stop_s)
    if reltol is None:
        reltol = max(analysis.reltol * min(step / analysis.step_s, 1.0) ** 3, min(FINEST_RELTOL, analysis.reltol))
    return replace(circuit, analysis=replace(analysis, step_s=step, reltol=reltol))


def _run(
    circuit: Circuit, engines: Sequence[str], timeout_s: float, progress: StudyProgress | None, about: str = ""
) -> dict[str, Waveforms]:
    found = {}
    for name in engines:
        if progress is not None:
            progress(name + about, "running", 0, 1)
        found[name] = simulate_circuit(circuit, name, timeout_s=timeout_s)
        if progress is not None:
            progress(name + about, "done", 1, 1)
    return found


@single_threaded_blas()
def _solve(rhs: Callable[[float, Float], Float], start: Float, circuit: Circuit, scale_v: float, method: str) -> Any:
    """The state as a function of time, (state,) or (state, times)."""
    from scipy.integrate import solve_ivp

    span = (0.0, circuit.analysis.stop_s)
    tolerances = {"rtol": _TOLERANCE, "atol": _TOLERANCE * scale_v}

    def watched(t: float, state: Float) -> Float:
        checkpoint("differential equation", t, span[1])
        return rhs(t, state)

    solved = solve_ivp(watched, span, start, method=method, dense_output=True, **tolerances)
    if not solved.success:
        raise ValueError(f"the differential equation cannot be integrated: {solved.message}")
    return solved.sol


def _certificate(
    case: _Case, engines: Sequence[str] | None, refine: bool, timeout_s: float, progress: StudyProgress | None
) -> Certificate:
    names = installed_engines() if engines is None else list(engines)
    if not names:
        raise EngineError("; ".join(f"{name} is {said}" for name, said in available_engines().items()))
    require_engines(names)
    waves = _run(case.circuit, names, timeout_s, progress)
    traces = {name: _trace(case, w) for name, w in waves.items()}
    results = {name: _measured(case, trace, waves[name]) for name, trace in traces.items()}
    refinement = None
    if refine:
        saved = replace(case.circuit, saved=tuple(case.outputs))

        def errors(circuit: Circuit) -> dict[str, float]:
            about = f", tau/{case.tau_s / circuit.analysis.step_s:.4g}"
            return _errors(case, _run(circuit, names, timeout_s, progress, about))

        refinement = refine_steps(saved, case.tau_s, errors, case.refined, case.level == "ideal")
    rise = None
    if case.energy is not None and case.level == "ideal":
        times = np.linspace(0.0, case.circuit.analysis.stop_s, 2001)
        rise = _rise(case.energy(case.exact(times)))
    analysis = case.circuit.analysis
    return Certificate(
        len(case.outputs),
        results,
        analysis.stop_s,
        analysis.step_s,
        analysis.reltol,
        {name: w.version for name, w in waves.items()},
        case.tau_s,
        case.level,
        case.amplifier,
        case.synapses,
        Balance.of(case.supplied) if case.supplied else None,
        rise,
        refinement,
        case.bound,
        case.energy_bound,
        case.end_bound,
        traces,
    )


def _trace(case: _Case, waves: Waveforms) -> OutputTrace:
    return OutputTrace(waves.times, waves.of(case.outputs), case.exact(waves.times), case.rails)


def _errors(case: _Case, waves: Mapping[str, Waveforms]) -> dict[str, float]:
    return {name: _result(_trace(case, w)).trajectory_error for name, w in waves.items()}


def _measured(case: _Case, trace: OutputTrace, waves: Waveforms) -> EngineResult:
    result = _result(trace)
    balance = Balance.of(energy_of_waveforms(case.circuit, waves))
    if case.supplied is not None:
        due = case.supplied.delivered_j
        result = replace(result, supply_error=abs(balance.delivered_j - due) / (abs(due) or 1.0))
    if case.energy is not None:
        found, expected = case.energy(trace.voltages), case.energy(trace.expected)
        error = float(np.abs(found - expected).max() / (np.ptp(expected) or 1.0))
        result = replace(result, energy_error=error, energy_rise=_rise(found) if case.level == "ideal" else None)
    return replace(result, balance=balance)


def _rise(energy: Float) -> float:
    """The most that an energy rises above any earlier one, of its range."""
    return float((energy - np.minimum.accumulate(energy)).max() / (np.ptp(energy) or 1.0))


def _result(trace: OutputTrace) -> EngineResult:
    low, high = trace.rails
    error = np.abs(trace.voltages - trace.expected).max(axis=1) / (high - low)
    middle = (high + low) / 2.0
    return EngineResult(
        trajectory_error=float(error.max()),
        final_error=float(error[-1]),
        same_attractor=bool(np.array_equal(trace.voltages[-1] >= middle, trace.expected[-1] >= middle)),
        energy_error=None,
    )
