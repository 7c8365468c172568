"""Certification of a circuit: its differential equation against its run in SPICE.

The ODE is integrated to 1e-10 and evaluated at the times that SPICE chose. Nothing is shared between the two but the
component values, so a wrong sign, a lost device or a loose step shows. ``certificate`` defines the errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float, Ising
from neuromorph.problems import Recall
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit
from neuromorph.rng import RNG

from ..energy.ode_energy import energy_of_network
from ..energy.spice_energy import save_all
from ..netlist.circuit import Circuit
from ..simulators.process import TIMEOUT_S
from ..synthesis.cmos_neuron import STATIC
from ..synthesis.component_values import fit_to_components
from ..synthesis.hopfield_circuit import MANY, AmplifierLevel, build_hopfield_circuit, build_neurons, settling_tau_s
from ..synthesis.opamp import OpAmp
from ..synthesis.problem_circuit import default_components, get_opamp, refuse_level
from ..synthesis.problem_network import problem_network, problem_tour_circuit, random_start
from ..synthesis.synapses import overlap_circuit, transconductor_circuit
from ..synthesis.tour_circuit import TourCircuit
from ..synthesis.vendor_opamp import VendorOpAmp
from .certificate import END, RISE, TRAJECTORY, Certificate
from .engine_comparison import ReferenceCase, compare_engines
from .reference_solution import solve_ode
from .sensitivity import NO_ATTRACTOR, end_bound, ends_on_saddle, energy_bound
from .step_refinement import FINEST_RELTOL
from .way_reference import WayReference, release_s

if TYPE_CHECKING:
    from neuromorph.study.compare import StudyProgress

Synapses = Literal["resistors", "transconductors", "overlaps"]

_MOST_NEURONS = 512
_MOST_RESISTORS = 66_000  # 256 neurons, all with all, take minutes in an engine
_MOST_ON_BUSES = 2048  # neurons of an overlap bus
_MOST_CITIES = 12  # a larger circuit that anneals takes an engine more than a few minutes
_TOUR_BOUND = 1e-2  # largest error, of full scale: errors grow a thousandfold while a tour is chosen
_TOUR_REFINED = (2.0, 10.0, 50.0)
_LONGER = 3.0  # factor on the duration with offsets: starts between nearly equal attractors linger


def certify(
    network: AnalogNetwork,
    initial: ArrayLike | None = None,
    *,
    duration_s: float | None = None,
    step_s: float | None = None,
    reltol: float | None = None,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | VendorOpAmp | str | None = None,
    synapses: Synapses = "resistors",
    patterns: ArrayLike | None = None,
    refine: bool = False,
    engines: Sequence[str] | None = None,
    rng: RNG = 0,
    timeout_s: float = TIMEOUT_S,
    progress: StudyProgress | None = None,
) -> Certificate:
    """Certify a network: integrate its ODE, run its circuit in each engine, compare.

    Parameters
    ----------
    network : AnalogNetwork
        Network whose circuit is certified.
    initial : (n,) float, optional
        Potentials u at t = 0, V; drawn by ``rng`` by default, with V within a tenth of the middle of the rails.
    duration_s : float, optional
        Length of the transient, s; 10 of the longest time constants of coupled neurons by default, 30 at other levels
        than "ideal".
    step_s : float, optional
        Largest step, s; 1/50 of the shortest time constant by default, more than 128 neurons as the error allows.
    reltol : float, optional
        Relative error that SPICE allows in one step; that of the circuit by default, tightened with the cube of a finer
        ``step_s``, as a step's error is, so that the step rules.
    level : AmplifierLevel, default "ideal"
        Amplifiers, as for ``build_hopfield_circuit``. The ODE stays ideal, so the errors are the parts'.
    opamp : OpAmp, VendorOpAmp or str, optional
        Amplifier, or its name in ``OPAMPS``, at level "opamp".
    synapses : Synapses, default "resistors"
        At level "ideal", synapses can also be "transconductors", or "overlaps" for Hebb's rule of ``patterns``.
    patterns : (P, n) float, optional
        Patterns of the overlap bus, for synapses "overlaps".
    refine : bool, default False
        Whether to measure also how the errors fall with the step.
    engines : sequence of str, optional
        Names of engines; all that are installed by default.
    rng : Generator, SeedSequence or int, default 0
        Seed of the initial potentials and of the op-amps' offsets.
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
        If the options contradict each other, the ODE cannot be integrated, or it ends on a saddle.
    EngineError
        If no engine is installed, or all fail.
    """
    start = random_start(network, rng) if initial is None else np.asarray(initial, dtype=float)
    tau, g = network.time_constants_s, network.activation
    if duration_s is None:
        duration_s = (10.0 if level == "ideal" else 10.0 * _LONGER) * settling_tau_s(network)
    part = get_opamp(opamp, level)
    circuit = _circuit(network, start, level, part, synapses, patterns, rng, duration_s)
    circuit = with_steps(circuit, step_s, reltol)
    potentials = solve_ode(network.rhs, start, circuit, g.swing / g.gain, "DOP853")

    def energy(voltages: Float) -> Float:  # beyond the rails, by a hair or an offset, there is none
        return network.energy(np.clip(voltages, g.low, g.high))

    passive = level == "ideal" and synapses == "resistors"
    every, end = potentials(np.linspace(0.0, duration_s, 2001)).T, potentials(duration_s)
    if ends_on_saddle(network, end):
        raise ValueError(NO_ATTRACTOR)
    has_bound = level == "ideal" and network.is_symmetric
    bound = end_bound(network, end, STATIC) if level == "transistor" else None
    way, release = None, 0.0
    if level != "ideal":
        neurons = build_neurons(network, level, part, rng, start)
        release = release_s(neurons)
        rest = (bound or STATIC) if level == "transistor" else END["opamp"]
        way = WayReference.of(network, potentials, start, rest, neurons)
    case = ReferenceCase(
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
        end_bound=bound,
        way=way,
        release_s=release,
    )
    return compare_engines(case, engines, refine, timeout_s, progress)


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
    """Certify the circuit that anneals a tour.

    Its ODE is integrated and compared with its run in each engine. The attractor is the set of V above 1/2 at the end.

    Parameters
    ----------
    tour : TourCircuit
        Circuit that is certified.
    step_s : float, optional
        Largest step, s; that of the circuit by default.
    reltol : float, optional
        Relative error that SPICE allows in one step, as for :func:`certify`.
    refine : bool, default False
        Whether to measure also how the errors fall with the step.
    engines : sequence of str, optional
        Names of engines; all that are installed by default.
    rng : Generator, SeedSequence or int, default 0
        Seed of the initial voltages.
    timeout_s : float, optional
        Time limit of each run of an engine, s.
    progress : StudyProgress, optional
        Function called with the name of what runs, "running" or "done", and 0 or 1 of 1.

    Returns
    -------
    Certificate
        The errors of every engine, with the checks that they pass or fail.
    """
    start = tour.start(rng)
    circuit = with_steps(tour.circuit(start, reltol=1e-9), step_s, reltol)
    state = solve_ode(tour.rhs, start, circuit, 1.0, "LSODA")  # the servos are stiff

    def outputs(times: Float) -> Float:
        return np.array([tour.outputs(t, state(t)).ravel() for t in times])

    case = ReferenceCase(save_all(circuit), circuit.saved, outputs, (0.0, 1.0), tour.tau_s, synapses="transconductors",
                 bound=_TOUR_BOUND, refined=_TOUR_REFINED)  # fmt: skip
    return compare_engines(case, engines, refine, timeout_s, progress)


def certify_problem(
    problem: Problem | Ising,
    *,
    rng: RNG = 0,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | VendorOpAmp | str | None = None,
    synapses: Synapses | None = None,
    steps_per_tau: float | None = None,
    **options: Any,
) -> Certificate:
    """Certify the circuit of a problem, as ``problem_netlist`` writes it before rounding.

    Tours of more than 12 cities take the Hopfield network here, which is quicker to simulate.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model, whose circuit is certified.
    rng : Generator, SeedSequence or int, default 0
        Seed of the initial voltages, of a cue and of offsets.
    level : AmplifierLevel, default "ideal"
        Amplifiers, as for :func:`certify`.
    opamp : OpAmp, VendorOpAmp or str, optional
        Op-amp, or its name in ``OPAMPS``, at level "opamp".
    synapses : Synapses, optional
        Synapses, as for :func:`certify`; the annealing circuit of a small tour, the overlap bus of a
        Hebbian memory of more than 128 ideal neurons, else resistors, by default.
    steps_per_tau : float, optional
        Steps in the shortest time constant; sets the largest step.
    **options : Any
        Further options of :func:`certify`: engines, reltol, refine, timeout_s, progress.

    Returns
    -------
    Certificate
        The errors of every engine, with the checks that they pass or fail.

    Raises
    ------
    DoesNotFit
        If the circuit has more than 512 neurons or 66,000 resistors (2048 neurons for "overlaps"): a run would take
        hours.
    ValueError
        If the circuit of the problem cannot be built of what ``level``, ``opamp`` and ``synapses`` ask for.
    """
    tour = problem_tour_circuit(problem, most_cities=_MOST_CITIES) if synapses is None else None
    if tour is not None:
        refuse_level(tour, level, opamp)
        step = None if steps_per_tau is None else tour.tau_s / steps_per_tau
        return certify_tour(tour, rng=rng, step_s=step, **options)
    is_hebb = isinstance(problem, Recall) and problem.rule == "hebb" and problem.size > MANY
    if is_hebb and synapses is None and level == "ideal":
        synapses = "overlaps"  # seconds where N^2 resistors take minutes
    patterns = problem.patterns if synapses == "overlaps" and isinstance(problem, Recall) else None
    if synapses == "overlaps" and patterns is None:
        raise ValueError("synapses are 'overlaps', which patterns have; this problem is none of recall")
    neurons, resistors = _MOST_NEURONS, _MOST_RESISTORS
    if patterns is not None:
        neurons, resistors = _MOST_ON_BUSES, _MOST_ON_BUSES**2
    try:
        network, start, ohms = problem_network(problem, rng=rng, most_neurons=neurons, most_resistors=resistors)
    except DoesNotFit as error:
        if patterns is not None or not isinstance(problem, Recall):
            raise
        raise DoesNotFit(f"{error}, or synapses 'overlaps', which go up to {_MOST_ON_BUSES} neurons") from None
    if level == "transistor":  # their outputs drive only so much
        network = fit_to_components(network, default_components(network, level, None, ohms)).network
    if steps_per_tau is not None:
        options["step_s"] = float(network.time_constants_s.min()) / steps_per_tau
    chosen: dict[str, Any] = {"level": level, "opamp": opamp, "synapses": synapses or "resistors", "patterns": patterns}
    return certify(network, start, rng=rng, **chosen, **options)


def _circuit(
    network: AnalogNetwork,
    start: Float,
    level: AmplifierLevel,
    opamp: OpAmp | VendorOpAmp | None,
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


def with_steps(circuit: Circuit, step_s: float | None, reltol: float | None) -> Circuit:
    """Return the circuit with another largest step and bound of a step.

    Parameters
    ----------
    circuit : Circuit
        Circuit.
    step_s : float or None
        Largest step, s; None for that of the circuit.
    reltol : float or None
        Relative error of a step; None for that of the circuit, less with a finer step.

    Returns
    -------
    Circuit
        The same elements.
    """
    analysis = circuit.analysis
    step = analysis.step_s if step_s is None else min(step_s, analysis.stop_s)
    if reltol is None:
        reltol = max(analysis.reltol * min(step / analysis.step_s, 1.0) ** 3, min(FINEST_RELTOL, analysis.reltol))
    largest, chgtol = (analysis.largest_s, analysis.chgtol_c) if step_s is None else (None, None)
    return replace(circuit, analysis=replace(analysis, step_s=step, reltol=reltol, largest_s=largest, chgtol_c=chgtol))
