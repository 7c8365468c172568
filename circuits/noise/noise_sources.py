"""Noise currents as PWL sources of a circuit, in every dialect the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.rng import RNG

from ..netlist.circuit import GROUND, Circuit
from ..netlist.sources import Wave, WaveCurrent
from ..spice.dialect import Dialect
from ..spice.dialects import NGSPICE
from ..synthesis.board_network import DEFAULT_SERIES
from ..synthesis.hopfield_circuit import AmplifierLevel
from ..synthesis.opamp import OpAmp
from ..synthesis.problem_circuit import network_deck, problem_components
from ..synthesis.problem_network import MOST_CITIES, problem_tour_circuit
from .kinds import FlickerNoise, NoiseKind, TelegraphNoise, ThermalNoise, draw_noise
from .sequences import BOLTZMANN_J_K, NoiseCurrents


def with_noise(circuit: Circuit, currents: NoiseCurrents) -> Circuit:
    """Return a circuit with a source of noise at each of its nodes u0, u1, ...

    Parameters
    ----------
    circuit : Circuit
        Circuit of a Hopfield network.
    currents : NoiseCurrents
        Currents into its inputs.

    Returns
    -------
    Circuit
        The circuit with sources ``inoise0``, ..., and steps no longer than the distance of the knots.
    """
    sources = tuple(_sources(currents))
    step = min(circuit.analysis.step_s, currents.step_s)
    return replace(circuit, elements=(*circuit.elements, *sources), analysis=replace(circuit.analysis, step_s=step))


def _sources(currents: NoiseCurrents) -> Iterator[WaveCurrent]:
    times = currents.times.tolist()
    for i, amperes in enumerate(currents.amperes.T.tolist()):
        # A knot on the line of its neighbors says nothing: telegraph noise is mostly constant.
        kept = [
            k for k, x in enumerate(amperes) if k in (0, len(times) - 1) or not amperes[k - 1] == x == amperes[k + 1]
        ]
        numbers = tuple(number for k in kept for number in (times[k], amperes[k]))
        yield WaveCurrent(f"noise{i}", GROUND, f"u{i}", amperes[0], Wave("pwl", numbers))


def noisy_netlist(
    problem: Problem | Ising,
    kinds: Sequence[NoiseKind],
    *,
    step_s: float | None = None,
    rng: RNG = 0,
    series: str | None = DEFAULT_SERIES,
    dialect: Dialect | str = NGSPICE,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | str | None = None,
    analyses: Sequence[str] = (),
) -> str:
    """Return the circuit of a problem with noise in time as a netlist.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    kinds : sequence of NoiseKind
        Noise, such as ``ThermalNoise()``.
    step_s : float, optional
        Largest distance of the knots, s; 1/20 of the shortest R C by default.
    rng : RNG, default 0
        Seed of the start, of offsets, and of the noise.
    series : str or None, default "E96"
        Series of the resistors.
    dialect : Dialect or str, default NGSPICE
        Dialect or its name.
    level : AmplifierLevel, default "ideal"
        Amplifiers.
    opamp : OpAmp or str, optional
        Op-amp, or its name.
    analyses : sequence of str, optional
        Analyses beside the transient.

    Returns
    -------
    str
        Text of the netlist.

    Raises
    ------
    ValueError
        If the problem becomes the circuit that anneals a tour, or options contradict each other.
    """
    if problem_tour_circuit(problem, most_cities=MOST_CITIES) is not None:
        raise ValueError(
            "noise is of a Hopfield network, and the circuit of this tour anneals by its gain; leave it out"
        )
    made, start = problem_components(problem, rng=rng, series=series, level=level)

    def noisy(circuit: Circuit) -> Circuit:
        return with_noise(circuit, draw_noise(made.network, kinds, circuit.analysis.stop_s, step_s=step_s, rng=rng))

    notes = (*made.notes, *noise_notes(made.network, kinds))
    options = {"rng": rng, "dialect": dialect, "level": level, "opamp": opamp, "analyses": analyses, "change": noisy}
    return network_deck(problem, made.network, start, notes, **options)  # type: ignore[arg-type]


def noise_notes(network: AnalogNetwork, kinds: Sequence[NoiseKind]) -> Iterator[str]:
    """Return lines that tell a reader of the netlist what the noise is.

    Parameters
    ----------
    network : AnalogNetwork
        Network of the inputs.
    kinds : sequence of NoiseKind
        Noise.

    Yields
    ------
    str
        One line a kind.
    """
    tau = network.time_constants_s
    for kind in kinds:
        match kind:
            case ThermalNoise(start, final):
                rms = np.sqrt(BOLTZMANN_J_K * start / network.capacitances).max()
                end = "" if final is None else f", falling to {final:g} K"
                said = f"thermal, {start:g} K{end}: sqrt(k T / C) of up to {rms:.3g} V"
            case FlickerNoise(corner, kelvin):
                said = f"1/f, equal to the thermal noise of {kelvin:g} K at {corner:g} Hz"
            case TelegraphNoise(ampere, up, down):
                volt = ampere * float(network.resistances.max())
                said = f"telegraph, {ampere:g} A, up to {volt:.3g} V; {up:g} up and {down:g} down a second"
        yield f"noise into each u: {said}"
    yield (
        f"noise is drawn from the seed, straight lines between knots, the same in every dialect; shortest R C "
        f"{float(tau.min()):.3g} s"
    )
