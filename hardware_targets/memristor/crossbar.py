r"""A crossbar of phase-change cells holds the couplings of an analog Hopfield network.

.. math:: J_{ij} \to \frac{s}{G_{max}} (G^+_{ij} - G^-_{ij}), \qquad s = \max |J|

- An ``Ising``: n x n pairs of cells (none on the diagonal), each column into an amplifier that adds its currents, so
  that cells do not load the neuron; then the same neurons, relaxing and annealing as in ``analog_circuit``. Biases are
  currents from DACs. Errors of G_ij and G_ji are independent: ``held`` has their mean, the dynamics have both.
- A ``Tsp``: one n x n array of distances, shared by all positions of the tour in turn. One slot drives the rows with
  the two neighbouring positions and samples the forces onto the integrators of one position; a round of n slots is one
  step of the softassign dynamics.

Wires are ideal. Drift is compensated by one factor for the whole array: the sum of its currents after programming over
that at the time of the reads (Joshi et al. 2020). Read noise is drawn for each read and held during it.
Sources: cells, see ``pcm``; Ising machine on a crossbar: Cai et al., Nat. Electron. 3, 409 (2020), of whose energy
figures none is used. Numbers: ``memristor.toml``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import ClassVar

import numpy as np

from neuromorph.analog import AnalogNetwork
from neuromorph.annealing import softassign
from neuromorph.cost import Cost, multiply
from neuromorph.ising import Float, Ising
from neuromorph.problems.problem import Problem
from neuromorph.problems.tsp import Tsp
from neuromorph.protocol import DoesNotFit, Program, Task, ising_of, mapping_error, require_claim
from neuromorph.rng import RNG, read_seeds
from neuromorph.run import Run, finish

from ..reads import (
    AMPLIFIERS,
    Reads,
    Stream,
    activity_of,
    check_speed,
    largest_coupling,
    network_of,
    read_networks,
    read_time,
    require_minimise,
)
from .pcm import DATA, Pairs, PhaseChange

CORE, CORES = int(DATA["core_rows"].value), int(DATA["cores"].value)


@dataclass(frozen=True)
class MemristorCrossbar:
    """Differential pairs of phase-change cells.

    cell : PhaseChange       which imperfections the cells have, and how old they are when read
    integrators : int        cells of a tour (city and position) that there are integrators for
    tau_s : float or None    R C of every neuron, s; None: the 5 us of ``memristor.toml``
    """

    cell: PhaseChange = field(default_factory=PhaseChange)
    integrators: int = 20_000
    tau_s: float | None = None

    name: ClassVar[str] = "memristor-crossbar"
    summary: ClassVar[str] = "couplings in pairs of phase-change cells with measured noise and drift; analog neurons"
    claims: ClassVar[frozenset[str]] = frozenset({"minimise", "relax"})

    def __post_init__(self) -> None:
        names = ("gain", "amplifier_bandwidth", "read_voltage", "slew_rate")
        check_speed(self._tau_s, *(DATA[name].value for name in names))

    @property
    def _tau_s(self) -> float:
        return DATA["time_constant"].value if self.tau_s is None else self.tau_s

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        stream = _own_stream(read_seeds(rng, 1)[0], 1)
        return self._tour(problem, stream) if isinstance(problem, Tsp) else self._network(problem, stream)

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        require_claim(self, task)
        seeds = read_seeds(rng, reads)
        state: _Network | _Tour = program.state
        siemens = state.pairs.siemens
        if isinstance(state, _Network):
            n, biases = state.network.size, int(np.count_nonzero(state.network.currents))
            ends = read_networks(task, reads, self._networks(state, seeds))
            parts = (AMPLIFIERS + 1) * n  # those of a neuron, and the one that adds the currents of its column
            activity = activity_of(task, ends, cells=n, biases=biases, amplifiers=parts, siemens=siemens)
        else:
            require_minimise(self.name, task)
            n = len(state.distances)
            held = np.array([state.held(_own_stream(seed, 0)) for seed in seeds])
            tours = softassign(state.distances, seeds, held=held)
            seconds = np.full(reads, tours.steps * n * DATA["read_pulse"].value)
            ends = Reads(tours.spins, seconds, tours.converged & tours.valid)
            # Integrators of variable gain (two amplifiers), servos of rows and columns, a driver and a receiver a line.
            # Two rows conduct at a time.
            parts = 2 * n * n + 4 * n
            siemens *= 2.0 / n
            activity = activity_of(task, ends, cells=n * n, biases=0, amplifiers=parts, siemens=siemens)
        return finish(
            program, task, ends.spins, activity, converged=ends.settled, provenance={"parameters": asdict(self)}
        )

    def costs(self) -> tuple[Cost, ...]:
        pulses = DATA["programming_pulses"]
        # A cell dissipates V^2 G, but its driver takes the current V G from a rail. Low: outputs rest in the middle.
        drive = replace(multiply(DATA["half_supply"], DATA["read_voltage"], "V^2"), low=0.0)
        return (
            read_time(DATA["time_constant"], self.tau_s, DATA["read_pulse"]),
            Cost("siemens_s", "cells", drive),
            Cost("amplifier_s", "amplifiers", DATA["amplifier_power"]),
            Cost("noise_s", "noise sources", DATA["noise_power"]),
            Cost("comparisons", "comparators", DATA["comparison"]),
            Cost("written_cells", "programming, shared by all reads", multiply(pulses, DATA["pulse_energy"], "J")),
            Cost(
                "written_cells",
                "ADC that verifies every pulse, shared by all reads",
                multiply(pulses, DATA["verify_conversion"], "J"),
                scope="system",
            ),
            Cost("conversions", "DACs for starts and biases", DATA["cue_conversion"], scope="system"),
            Cost("device_s", "control", DATA["control_power"], scope="system"),
            Cost("amplifier_s", "loss in the supply", DATA["supply_loss"], scope="system"),
        )

    def _network(self, problem: Ising | Problem, stream: np.random.Generator) -> Program:
        asked = ising_of(problem)
        n = asked.size
        cores = _cores(n)
        scale = largest_coupling(asked)
        pairs = Pairs.written(asked.dense_couplings() / scale, self.cell, stream)
        error = scale * pairs.error()
        held = Ising(asked.dense_couplings() + (error + error.T) / 2.0, asked.biases, asked.offset)
        swing = DATA["read_voltage"].value
        network = network_of(asked, DATA["maximum_conductance"].value, DATA["gain"].value, swing, self._tau_s)
        lost = float(np.linalg.norm(error - error.T) / 2.0 / (np.linalg.norm(asked.dense_couplings()) or 1.0))
        notes = (
            self._account(n, cores),
            f"held is the symmetric part; the antisymmetric part is {lost:.2%} of the couplings",
        )
        state = _Network(network, pairs)
        return Program(self.name, problem, held, state, mapping_error(asked, held), notes, _setup(pairs))

    def _networks(self, state: _Network, seeds: list[Stream]) -> Iterator[tuple[AnalogNetwork, list[Stream]]]:
        """The network as each read finds it: one for all without read noise, else one for each."""
        for group in [seeds] if self.cell.read == 0.0 else [[seed] for seed in seeds]:
            error = state.pairs.error(_own_stream(group[0], 0))
            siemens = state.network.conductances + DATA["maximum_conductance"].value * error
            yield replace(state.network, conductances=siemens), group

    def _tour(self, problem: Tsp, stream: np.random.Generator) -> Program:
        n = problem.size
        cores = _cores(n)
        if n * n > self.integrators:
            raise DoesNotFit(
                f"{n} cities need {n * n} integrators, there are {self.integrators}; take tours of fewer cities one "
                f"after the other, or MemristorCrossbar(integrators={n * n})"
            )
        distances = problem.distances()
        longest = float(distances.max()) or 1.0
        state = _Tour(distances, longest, Pairs.written(distances / longest, self.cell, stream))
        error = float(np.linalg.norm(state.held() - distances) / (np.linalg.norm(distances) or 1.0))
        notes = (
            f"held as a permutation: one array serves {n} positions in turn, with {n * n} integrators",
            self._account(n, cores),
        )
        return Program(self.name, problem, None, state, error, notes, _setup(state.pairs))

    def _account(self, n: int, cores: int) -> str:
        return f"{n * (n - 1)} pairs of cells on {cores} of {CORES} cores, {self.cell.age_s:g} s after programming"


@dataclass(frozen=True, eq=False)
class _Network:
    """The network as it would be with perfect cells, and the cells."""

    network: AnalogNetwork
    pairs: Pairs


@dataclass(frozen=True, eq=False)
class _Tour:
    """Distances (n, n) as asked for, the longest of them, and the cells."""

    distances: Float
    longest: float
    pairs: Pairs

    def held(self, read: np.random.Generator | None = None) -> Float:
        """The distances (n, n) as the cells have them, in one read or without its noise."""
        return self.distances + self.longest * self.pairs.error(read)


def _cores(n: int) -> int:
    """Cores that an n x n array takes; DoesNotFit if there are not as many."""
    cores = math.ceil(n / CORE) ** 2
    if cores > CORES:
        raise DoesNotFit(
            f"an array of {n} x {n} pairs takes {cores} cores of {CORE} x {CORE}, the chip has {CORES} "
            f"({CORE * math.isqrt(CORES)} x {CORE * math.isqrt(CORES)}); take parts of the problem one after the other"
        )
    return cores


def _setup(pairs: Pairs) -> dict[str, float]:
    return {"written_cells": float(pairs.cells)}


def _own_stream(seed: Stream, number: int) -> np.random.Generator:
    """A stream of what ``seed`` is for that the dynamics, which draw from ``seed`` itself, do not share."""
    return np.random.default_rng(seed.spawn(number + 1)[number])
