r"""A circuit run in simulators and compared with the exact outputs of its differential equation.

.. math:: \epsilon = \max_{t,i} \frac{|V_i^{SPICE}(t) - V_i^{ODE}(t)|}{V_{high} - V_{low}}

evaluated at the times that SPICE chose; ``certificate`` says what else is compared and how much of it is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuromorph.ising import Float

from ..energy.ode_energy import Energy
from ..energy.spice_energy import energy_of_waveforms, has_energy_account
from ..netlist.circuit import Circuit
from ..simulators import EngineError, Waveforms, available_engines, installed_engines, require_engines, simulate_circuit
from ..synthesis.hopfield_circuit import AmplifierLevel
from .alignment import ends_alike
from .certificate import TRAJECTORY, Balance, Certificate, EngineResult, OutputTrace
from .step_refinement import REFINED_STEPS_PER_TAU, refine_steps
from .way_reference import WayReference

if TYPE_CHECKING:
    from neuromorph.study.compare import StudyProgress


_OPEN = 1.01  # time at which the switches of a board are open, of that at which they begin to


@dataclass(frozen=True, eq=False)
class ReferenceCase:
    """A circuit and the exact outputs that it should have.

    Attributes
    ----------
    circuit : Circuit
        Circuit that the engines run.
    outputs : sequence of str
        Nodes that are compared.
    exact : callable
        Function from times (m,), s, to the exact outputs (m, n), V.
    rails : (low, high)
        Full scale of an output, V.
    tau_s : float
        Shortest time constant, s.
    energy : callable or None
        Function from outputs (m, n), V, to the energy E (m,), if the network has one.
    supplied : Energy or None
        Energy account of the ODE, if it is known.
    level : AmplifierLevel
        Level of the amplifiers.
    amplifier, synapses : str
        Amplifiers and synapses of the circuit.
    bound : float
        Limit of the trajectory error, as in :class:`Certificate`.
    energy_bound, end_bound : float or None
        Limits of the energy error and the final error, as in :class:`Certificate`.
    refined : sequence of float
        Steps in the shortest time constant, one refinement after the other.
    way : WayReference or None
        What the way is aligned with, if amplifiers are not ideal.
    release_s : float
        Time at which the start is let go, s: ``exact`` counts from there, and nothing before is compared.
    """

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
    refined: Sequence[float] = REFINED_STEPS_PER_TAU
    way: WayReference | None = None
    release_s: float = 0.0


def compare_engines(
    case: ReferenceCase, engines: Sequence[str] | None, refine: bool, timeout_s: float, progress: StudyProgress | None
) -> Certificate:
    """Run a circuit in each engine and compare its outputs with the exact ones.

    Parameters
    ----------
    case : ReferenceCase
        Circuit and its exact outputs.
    engines : sequence of str or None
        Names of engines; all that are installed if None.
    refine : bool
        Whether to run the circuit at finer steps too.
    timeout_s : float
        Time limit of each run, s.
    progress : StudyProgress or None
        Function called with the name of what runs, "running" or "done", and 0 or 1 of 1.

    Returns
    -------
    Certificate
        The errors of every engine, with the checks that they pass or fail.

    Raises
    ------
    EngineError
        If no engine is installed, or all fail.
    """
    names = installed_engines() if engines is None else list(engines)
    if not names:
        raise EngineError("; ".join(f"{name} is {said}" for name, said in available_engines().items()))
    require_engines(names)
    failures: dict[str, str] = {}
    waves = _run(case.circuit, names, timeout_s, progress, failures)
    if not waves:
        several = len(failures) > 1
        raise EngineError("; ".join(f"{name}: {said}" if several else said for name, said in failures.items()))
    traces = {name: _trace(case, w) for name, w in waves.items()}
    results = {name: _measured(case, trace, waves[name]) for name, trace in traces.items()}
    traces = {name: _aligned(case, trace, results[name]) for name, trace in traces.items()}
    refinement = None
    if refine:
        saved = replace(case.circuit, saved=tuple(case.outputs))

        def errors(circuit: Circuit) -> dict[str, float]:
            about = f", tau/{case.tau_s / circuit.analysis.step_s:.4g}"
            left = [name for name in waves if name not in failures]
            return _errors(case, _run(circuit, left, timeout_s, progress, failures, about))

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
        failures,
        case.way.forecast if case.way else None,
    )


def _trace(case: ReferenceCase, waves: Waveforms) -> OutputTrace:
    times, found = waves.times, waves.of(case.outputs)
    if case.release_s:  # switches take a hundredth of that to open
        free = times >= _OPEN * case.release_s
        times, found = times[free], found[free]
    return OutputTrace(times, found, case.exact(times - case.release_s), case.rails)


def _aligned(case: ReferenceCase, trace: OutputTrace, result: EngineResult) -> OutputTrace:
    if case.way is None or result.alignment is None:
        return trace
    path = case.way.path.at(trace.times - case.release_s, result.alignment.shift_s)
    return replace(trace, aligned=path * (trace.rails[1] - trace.rails[0]))


def _errors(case: ReferenceCase, waves: Mapping[str, Waveforms]) -> dict[str, float]:
    return {name: _result(_trace(case, w)).trajectory_error for name, w in waves.items()}


def _measured(case: ReferenceCase, trace: OutputTrace, waves: Waveforms) -> EngineResult:
    result = _result(trace)
    # Currents of diodes, switches and supplies do not follow from saved voltages alone.
    balance = Balance.of(energy_of_waveforms(case.circuit, waves)) if has_energy_account(case.circuit) else None
    if case.supplied is not None and balance is not None:
        due = case.supplied.delivered_j
        result = replace(result, supply_error=abs(balance.delivered_j - due) / (abs(due) or 1.0))
    if case.energy is not None:
        found, expected = case.energy(trace.voltages), case.energy(trace.expected)
        error = float(np.abs(found - expected).max() / (np.ptp(expected) or 1.0))
        result = replace(result, energy_error=error, energy_rise=_rise(found) if case.level == "ideal" else None)
    if case.way is not None:
        since, span = trace.times - case.release_s, case.rails[1] - case.rails[0]
        way = case.way.measure(since, trace.voltages, span, result.same_attractor)
        result = replace(result, alignment=way)
    return replace(result, balance=balance)


def _rise(energy: Float) -> float:
    """Return the largest rise of an energy above any earlier value, of its range."""
    return float((energy - np.minimum.accumulate(energy)).max() / (np.ptp(energy) or 1.0))


def _result(trace: OutputTrace) -> EngineResult:
    low, high = trace.rails
    error = np.abs(trace.voltages - trace.expected).max(axis=1) / (high - low)
    middle = (high + low) / 2.0
    return EngineResult(
        trajectory_error=float(error.max()),
        final_error=float(error[-1]),
        same_attractor=ends_alike(*((end - middle) / (high - low) for end in (trace.voltages[-1], trace.expected[-1]))),
        energy_error=None,
    )


def _run(
    circuit: Circuit,
    engines: Sequence[str],
    timeout_s: float,
    progress: StudyProgress | None,
    failures: dict[str, str],
    about: str = "",
) -> dict[str, Waveforms]:
    """Run each engine; one that fails is added to ``failures`` and does not cost the others their results."""
    found = {}
    for name in engines:
        if progress is not None:
            progress(name + about, "running", 0, 1)
        try:
            found[name] = simulate_circuit(circuit, name, timeout_s=timeout_s)
        except EngineError as error:
            failures[name] = f"{about.removeprefix(', ')}: {error}" if about else str(error)
        if progress is not None:
            progress(name + about, "done", 1, 1)
    return found
