r"""One circuit through its differential equation and through SPICE: how far apart they are.

.. math:: \epsilon = \max_{t,i} \frac{|V_i^{SPICE}(t) - V_i^{ODE}(t)|}{V_{high} - V_{low}}

over the time points that SPICE chose; the ODE is integrated to 1e-10 and evaluated there. Nothing is shared between the
two but the component values, so a wrong sign, a lost device or a loose step shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float, Ising
from neuromorph.problems.problem import Problem
from neuromorph.rng import RNG

from .amplifiers import OpAmp
from .dialects import NEOSPICE
from .engines import EngineError, Waveforms, available_engines, installed_engines, simulate_circuit
from .export import network_of, random_start, tour_circuit_of
from .hopfield import Level, circuit_of
from .netlist import Circuit
from .softassign import TourCircuit

_MOST_NEURONS = 512
_MOST_RESISTORS = 66_000  # 256 neurons, all with all: minutes an engine
_MOST_CITIES = 12  # of the circuit that anneals; beyond, an engine takes more than a few minutes
_TOLERANCE = 1e-10
_TIMEOUT_S = 1800.0


@dataclass(frozen=True)
class EngineResult:
    """One engine against the ODE; errors of V as fractions of full scale, of E as fractions of its range on the way.

    energy_error : float or None     None where there is no energy: T is not symmetric, or an anneal moves it
    """

    trajectory_error: float
    final_error: float
    same_attractor: bool
    energy_error: float | None


@dataclass(frozen=True)
class Certificate:
    """Agreement of engines with the ODE on one circuit; ``versions`` names the engines exactly."""

    neurons: int
    engines: Mapping[str, EngineResult]
    duration_s: float
    step_s: float
    reltol: float
    versions: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """{"neurons", "engines": {name: {"trajectory_error", "final_error", "same_attractor", "energy_error"}}}."""
        return {"neurons": self.neurons, "engines": {name: dict(vars(result)) for name, result in self.engines.items()}}


def certify(
    network: AnalogNetwork,
    initial: ArrayLike | None = None,
    *,
    duration_s: float | None = None,
    step_s: float | None = None,
    reltol: float | None = None,
    level: Level = "ideal",
    opamp: OpAmp | None = None,
    engines: Sequence[str] | None = None,
    rng: RNG = 0,
    timeout_s: float = _TIMEOUT_S,
) -> Certificate:
    """Run ``network`` in the ODE and in each of ``engines`` (all that are installed if None).

    Parameters
    ----------
    initial : (n,) float            u at t = 0, V; drawn by ``rng`` if None: V within a tenth of the middle of the rails
    duration_s, step_s : float      10 longest and 1/50 of the shortest time constant if None
    reltol : float                  SPICE's own bound for one step
    level, opamp :                  as for ``circuit_of``; ``rng`` draws the offsets too. The amplifiers of the ODE stay
                                    ideal: the errors are the parts'. Engines that cannot hold a start are left out
    """
    start = random_start(network, rng) if initial is None else np.asarray(initial, dtype=float)
    options: dict[str, Any] = {"duration_s": duration_s, "step_s": step_s, "reltol": reltol, "level": level}
    circuit = circuit_of(network, start, opamp=opamp, rng=rng, **options)
    if engines is None and NEOSPICE.refusal(circuit):
        engines = [name for name in installed_engines() if name != NEOSPICE.name]
    waves, g = _run(circuit, engines, timeout_s), network.activation
    potentials = _solve(network.rhs, start, circuit, g.swing / g.gain, "DOP853")

    def compare(times: Float, voltages: Float) -> EngineResult:
        expected, error = g.value(potentials(times).T), None
        if network.is_symmetric:
            energy = network.energy(expected)
            within = np.clip(voltages, g.low, g.high)  # beyond the rails, by a hair or an offset, there is no energy
            error = float(np.abs(network.energy(within) - energy).max() / (np.ptp(energy) or 1.0))
        return _result(expected, voltages, g.low, g.high, error)

    return _certificate(circuit, [f"v{i}" for i in range(network.size)], waves, compare)


def certify_tour(
    tour: TourCircuit,
    *,
    reltol: float = 1e-9,
    engines: Sequence[str] | None = None,
    rng: RNG = 0,
    timeout_s: float = _TIMEOUT_S,
) -> Certificate:
    """The same for the circuit that anneals a tour; its attractor is the set of V above 1/2 at the end."""
    start = tour.start(rng)
    circuit = tour.circuit(start, reltol=reltol)
    waves = _run(circuit, engines, timeout_s)
    state = _solve(tour.rhs, start, circuit, 1.0, "LSODA")  # the servos are stiff

    def compare(times: Float, voltages: Float) -> EngineResult:
        expected = np.array([tour.outputs(t, state(t)).ravel() for t in times])
        return _result(expected, voltages, 0.0, 1.0, None)

    return _certificate(circuit, circuit.saved, waves, compare)


def certify_problem(problem: Problem | Ising, *, rng: RNG = 0, **options: Any) -> Certificate:
    """Certify a problem's circuit: as ``problem_netlist`` writes it, before any rounding.

    ``options`` are engines, reltol and timeout_s. Tours of more than 12 cities take the Hopfield network here, which is
    quicker to simulate. Raises DoesNotFit above 512 neurons or 66,000 resistors, where a run takes hours.
    """
    tour = tour_circuit_of(problem, most_cities=_MOST_CITIES)
    if tour is not None:
        return certify_tour(tour, rng=rng, **options)
    network, start = network_of(problem, rng=rng, most_neurons=_MOST_NEURONS, most_resistors=_MOST_RESISTORS)
    return certify(network, start, **options)


def _run(circuit: Circuit, engines: Sequence[str] | None, timeout_s: float) -> dict[str, Waveforms]:
    names = installed_engines() if engines is None else list(engines)
    if not names:
        raise EngineError("; ".join(f"{name} is {said}" for name, said in available_engines().items()))
    return {name: simulate_circuit(circuit, name, timeout_s=timeout_s) for name in names}


def _solve(rhs: Callable[[float, Float], Float], start: Float, circuit: Circuit, scale_v: float, method: str) -> Any:
    """The state as a function of time, (state,) or (state, times)."""
    from scipy.integrate import solve_ivp

    span = (0.0, circuit.analysis.stop_s)
    tolerances = {"rtol": _TOLERANCE, "atol": _TOLERANCE * scale_v}
    solved = solve_ivp(rhs, span, start, method=method, dense_output=True, **tolerances)
    if not solved.success:
        raise ValueError(f"the differential equation cannot be integrated: {solved.message}")
    return solved.sol


def _certificate(
    circuit: Circuit,
    outputs: Sequence[str],
    waves: Mapping[str, Waveforms],
    compare: Callable[[Float, Float], EngineResult],
) -> Certificate:
    results = {name: compare(w.times, w.of(outputs)) for name, w in waves.items()}
    versions = {name: w.version for name, w in waves.items()}
    analysis = circuit.analysis
    return Certificate(len(outputs), results, analysis.stop_s, analysis.step_s, analysis.reltol, versions)


def _result(expected: Float, got: Float, low: float, high: float, energy_error: float | None) -> EngineResult:
    error = np.abs(got - expected).max(axis=1) / (high - low)
    middle = (high + low) / 2.0
    return EngineResult(
        trajectory_error=float(error.max()),
        final_error=float(error[-1]),
        same_attractor=bool(np.array_equal(got[-1] >= middle, expected[-1] >= middle)),
        energy_error=energy_error,
    )
