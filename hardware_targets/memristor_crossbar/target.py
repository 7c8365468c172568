r"""A crossbar of phase-change cells holds the couplings of an analog Hopfield network.

.. math:: J_{ij} \to \frac{s}{G_{max}} (G^+_{ij} - G^-_{ij}), \qquad s = \max |J|

- An ``Ising``: n x n pairs of cells (none on the diagonal), each column into an amplifier that adds its currents, so
  that cells do not load the neuron; then the same neurons, relaxing and annealing as in ``analog_circuit``. Biases are
  currents from DACs. Errors of G_ij and G_ji are independent: ``programmed`` has their mean, the dynamics have both.
- A ``Tsp``: one n x n array of distances, shared by all positions of the tour in turn. One slot drives the rows with
  the two neighboring positions and samples the forces onto the integrators of one position; a round of n slots is one
  step of the softassign dynamics.

The matrix W that the terminals of the arrays see through their wires (``tiled_array``) stands in place of G. Targets
are compensated for the wires to first order; ``programmed`` says what is left. An array larger than a tile is several,
whose columns have an amplifier each and one that adds them. Drift is compensated by one factor for all: the sum of
currents after programming over that at the time of the reads (Joshi et al. 2020). Read noise is drawn for each read and
held during it. Energy: the arrays at the rails that a read ends at, by nodal analysis, wires included, and the rest of
what their drivers draw from a supply.
Sources: ``phase_change_cell``; Ising machine on a crossbar: Cai et al., Nat. Electron. 3, 409 (2020), of whose energy
figures none is used. Numbers: ``memristor.toml``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neuromorph.analog import AnalogNetwork, Softassign, softassign
from neuromorph.analog.softassign import softassign_steps
from neuromorph.cost import Cost
from neuromorph.datum import Datum
from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.problems.tsp import Tsp
from neuromorph.protocol import DoesNotFit, as_ising, mapping_error, require_support
from neuromorph.rng import RNG, child, read_seeds
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.threads import single_threaded_blas
from neuromorph.target_constants import own_parameters, refuse_both
from neuromorph.task import Task
from neuromorph.trace import Trace

from ..analog_circuit.ising_network import largest_coupling, network_from_ising
from ..analog_circuit.read_trace import TourObserver, trace_network, trace_tour
from ..analog_circuit.readout import (
    AMPLIFIERS,
    NetworkReads,
    Stream,
    check_speed,
    count_activity,
    require_minimize,
    run_networks,
)
from .converters import CONVERTERS
from .crossbar_costs import CROSSBAR_PRICED, crossbar_costs
from .differential_pairs import DifferentialPairs
from .phase_change_cell import DATA, PhaseChange
from .programmed_crossbar import ProgrammedNetwork, ProgrammedTour, cell_in_own_words, count_cells
from .tiled_array import TiledArray
from .write_verify import notes_on_prices, pulses_of_pairs

_TABLE = {**DATA, **CONVERTERS}
CORE, CORES = int(DATA["core_rows"].value), int(DATA["cores"].value)


@dataclass(frozen=True)
class MemristorCrossbar:
    """Hold couplings in differential pairs of phase-change cells.

    Parameters
    ----------
    levels : int or None
        Conductance levels that the programming circuit can ask for in 0 .. G_max; none: continuous.
    programming_error : float or on/off
        Factor on the measured spread of programmed conductances, paid for in pulses; off: none.
    drift : float or on/off
        Factor on the measured drift exponents; off: none.
    read_noise : float or on/off
        Factor on the measured 1/f noise of each read, paid for in cells in parallel; off: none.
    stuck : float
        Fraction of cells that do not move, half of them off, half at G_max.
    age_s : float
        Time between programming and the reads, s; the cells are written again as often.
    integrators : int
        Cells of a tour (city and position) that there are integrators for.
    tau_s : float or None
        R C of every neuron, s; none: the 5 us of ``memristor.toml``.
    ir_drop : bool
        Whether the wires have a resistance; off: ideal ones, as ``wire_ohm=0``.
    wire_ohm : float or None
        Resistance of the wire from one cell to the next; none: the 0.35 ohm of ``memristor.toml``.
    both_ends : bool
        Whether rows are driven at both of their ends.
    compensate : bool
        Whether targets are scaled to make up for the IR drop. Cells get weaker, and their noise counts more: 60 neurons
        recall 100 % of 200 cues either way at 100 ohm, 88 % instead of 98 % at 300 ohm (100 % of noiseless cells),
        58 % instead of 0 % at 1000 ohm (examples/crossbar_wires.py).
    tile : int
        Rows and columns of an array: those of a core, 256, or fewer of cores that are cut up.
    digital_bits : int or None
        Price of a loop that digitizes its outputs to so many bits once in every R C, as chips do that were built; none:
        the all-analog loop that is simulated, which nobody has. No state of the simulation is rounded.
    constants : dict of Datum
        The table that it is priced by.
    """

    levels: int | None = PhaseChange.levels
    programming_error: float | bool = 1.0
    drift: float | bool = 1.0
    read_noise: float | bool = 1.0
    stuck: float = 0.0
    age_s: float = PhaseChange.age_s
    integrators: int = 20_000
    tau_s: float | None = None
    ir_drop: bool = True
    wire_ohm: float | None = None
    both_ends: bool = False
    compensate: bool = True
    tile: int = CORE
    digital_bits: int | None = None
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(_TABLE), hash=False, repr=False, kw_only=True)

    name: ClassVar[str] = "memristor-crossbar"
    summary: ClassVar[str] = "couplings in pairs of phase-change cells with measured noise and drift; analog neurons"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "recall"})

    priced: ClassVar[frozenset[str]] = CROSSBAR_PRICED

    def __post_init__(self) -> None:
        _ = self.cell  # its parameters are checked
        refuse_both(self.constants, DATA, "time_constant", "tau_s", self.tau_s)
        names = ("gain", "amplifier_bandwidth", "read_voltage", "slew_rate")
        check_speed(self._tau_s, *(DATA[name].value for name in names))
        if not 0.0 <= self._wires.ohm < math.inf:
            raise ValueError(f"wire_ohm is {self.wire_ohm}; it must be finite and not negative, 0 for ideal wires")
        if not 1 <= self.tile <= CORE:
            raise ValueError(f"tile is {self.tile}; a core of {CORE} x {CORE} cells is cut into tiles of 1 to {CORE}")
        if self.digital_bits is not None and not 3 <= self.digital_bits <= 10:
            raise ValueError(f"digital_bits is {self.digital_bits}; give 3 to 10, or none for an analog loop")

    @property
    def cell(self) -> PhaseChange:
        """Which imperfections the cells have, and how old they are when read."""
        numbers = (self.programming_error, self.drift, self.read_noise, self.levels, self.stuck, self.age_s)
        return cell_in_own_words(*numbers)

    @property
    def limits(self) -> dict[str, Any]:
        """The largest problems, and what is refused."""
        spins = self.tile * math.isqrt(CORES * (CORE // self.tile) ** 2)
        return {
            "spins": spins,
            "cities": min(spins, math.isqrt(self.integrators)),
            "refuses": "to sample: its noise is that of amplifiers and cells, at no temperature; to recall a tour",
        }

    @property
    def _wires(self) -> TiledArray:
        ohm = DATA["wire"].value if self.wire_ohm is None else self.wire_ohm
        return TiledArray(ohm if self.ir_drop else 0.0, self.both_ends, self.tile)

    @property
    def _tau_s(self) -> float:
        return self.constants["time_constant"].value if self.tau_s is None else self.tau_s

    @property
    def _simulated_tau_s(self) -> float:
        return DATA["time_constant"].value if self.tau_s is None else self.tau_s

    @single_threaded_blas()
    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Program ``problem`` into cells that ``rng`` draws; raise DoesNotFit if it is too large.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Cells, and the couplings that they hold.
        """
        stream = np.random.default_rng(child(read_seeds(rng, 1)[0], 1))
        return self._tour(problem, stream) if isinstance(problem, Tsp) else self._network(problem, stream)

    @single_threaded_blas()
    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Read the programmed crossbar ``reads`` times, each read with its own read noise.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Final states, with the counted events of each read.
        """
        require_support(self, task)
        seeds = read_seeds(rng, reads)
        state: ProgrammedNetwork | ProgrammedTour = program.state
        across = self._wires.across(len(state.pairs.wanted))
        adders = across + (across > 1)  # A column has one amplifier a tile, and one that adds their outputs.
        if isinstance(state, ProgrammedNetwork):
            n, biases = state.network.size, int(np.count_nonzero(state.network.currents))
            ends = run_networks(task, reads, self._networks(state, seeds)).slowed(self._tau_s / self._simulated_tau_s)
            activity = count_activity(
                task, ends, cells=n, biases=biases, amplifiers=(AMPLIFIERS + adders) * n, siemens=0.0
            )
            drives = ends.spins[:, None, :].astype(float)
        else:
            require_minimize(self.name, task)
            n = len(state.distances)
            # Children, for the dynamics draw from the seeds themselves.
            held = np.array([state.held(np.random.default_rng(child(seed, 0))) for seed in seeds])
            tours = softassign(state.distances, seeds, held=held)
            seconds = np.full(reads, tours.steps * n * DATA["read_pulse"].value)
            ends = NetworkReads(tours.spins, seconds, tours.converged & tours.valid)
            # Integrators of variable gain (two amplifiers), servos of rows and columns, a driver and receivers a line.
            parts = 2 * n * n + (3 + adders) * n
            activity = count_activity(task, ends, cells=n * n, biases=0, amplifiers=parts, siemens=0.0)
            # Each slot drives the cities at the two neighboring positions.
            up = (tours.spins.reshape(reads, n, n) > 0).transpose(0, 2, 1)
            drives = np.roll(up, 1, axis=1).astype(float) + np.roll(up, -1, axis=1)
        activity |= count_cells(state, drives, ends.seconds, self._tau_s)
        activity["rewriting_pulses"] = program.setup["pulses"] * ends.seconds / self.age_s
        about = {"parameters": own_parameters(self)}
        return complete_run(
            program, task, ends.spins, activity, converged=ends.settled, status=ends.status, provenance=about
        )

    @single_threaded_blas()
    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace one read with its own read noise: as of analog-circuit.

        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            Course of the read against time.
        """
        require_support(self, task)
        (seed,) = read_seeds(rng, 1)
        state: ProgrammedNetwork | ProgrammedTour = program.state
        about = {"parameters": own_parameters(self)}
        if isinstance(state, ProgrammedNetwork):
            ((network, _),) = self._networks(state, [seed])
            slower = self._tau_s / self._simulated_tau_s
            return trace_network(program, task, network, seed, about, slower)
        require_minimize(self.name, task)
        system, held = Softassign(state.distances), state.held(np.random.default_rng(child(seed, 0)))

        def anneal(observe: TourObserver) -> tuple[NDArray[np.int8], bool]:
            tours = softassign(system, [seed], held=held, observe=observe)
            return tours.spins[0], bool((tours.converged & tours.valid)[0])

        seconds = softassign_steps(system) * system.size * DATA["read_pulse"].value
        return trace_tour(program, task, system, seconds, about, anneal)

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return crossbar_costs(self.constants, self.cell, self.tau_s, self.digital_bits)

    def _network(self, problem: Ising | Problem, stream: np.random.Generator) -> Program:
        asked = as_ising(problem)
        n = asked.size
        tiles = self._tiles(n)
        scale = largest_coupling(asked)
        pairs = DifferentialPairs.written(
            asked.dense_couplings() / scale, self.cell, self._wires, self.compensate, stream
        )
        error = scale * pairs.error()
        np.fill_diagonal(error, 0.0)  # Sneak currents there stay in the dynamics; a problem has no such couplings.
        held = Ising(asked.dense_couplings() + (error + error.T) / 2.0, asked.biases, asked.offset)
        swing = DATA["read_voltage"].value
        network = network_from_ising(
            asked, DATA["maximum_conductance"].value, DATA["gain"].value, swing, self._simulated_tau_s
        )
        lost = float(np.linalg.norm(error - error.T) / 2.0 / (np.linalg.norm(asked.dense_couplings()) or 1.0))
        notes = (
            *self._account(pairs, tiles),
            f"held is the symmetric part; the antisymmetric part is {lost:.2%} of the couplings",
        )
        state = ProgrammedNetwork(network, pairs)
        return self._program(problem, held, state, mapping_error(asked, held), notes)

    def _networks(self, state: ProgrammedNetwork, seeds: list[Stream]) -> Iterator[tuple[AnalogNetwork, list[Stream]]]:
        """Yield the network as each read finds it: one for all without read noise, else one a read."""
        for group in [seeds] if self.read_noise == 0.0 else [[seed] for seed in seeds]:
            error = state.pairs.error(np.random.default_rng(child(group[0], 0)))
            siemens = state.network.conductances + DATA["maximum_conductance"].value * error
            yield replace(state.network, conductances=siemens), group

    def _tour(self, problem: Tsp, stream: np.random.Generator) -> Program:
        n = problem.size
        tiles = self._tiles(n)
        if n * n > self.integrators:
            raise DoesNotFit(
                f"{n} cities need {n * n} integrators, there are {self.integrators}; take tours of fewer cities, "
                f"{math.isqrt(self.integrators)} at most, or memristor-crossbar(integrators={n * n})"
            )
        distances = problem.distances()
        longest = float(distances.max()) or 1.0
        pairs = DifferentialPairs.written(distances / longest, self.cell, self._wires, self.compensate, stream)
        state = ProgrammedTour(distances, longest, pairs)
        error = float(np.linalg.norm(state.held() - distances) / (np.linalg.norm(distances) or 1.0))
        notes = (
            f"held as a permutation: one array serves {n} positions in turn, with {n * n} integrators",
            *self._account(pairs, tiles),
        )
        return self._program(problem, None, state, error, notes)

    def _program(
        self,
        problem: Ising | Problem,
        held: Ising | None,
        state: ProgrammedNetwork | ProgrammedTour,
        error: float,
        notes: tuple[str, ...],
    ) -> Program:
        setup = {"written_cells": float(state.pairs.cells), "pulses": pulses_of_pairs(state.pairs.wanted, self.cell)}
        about, drawn = {"tiles": self._tiles(len(state.pairs.wanted))}, self.cell.differs
        return Program(self.name, problem, held, state, error, notes, setup, one_chip=drawn, provenance=about)

    def _tiles(self, n: int) -> int:
        """Count the tiles of pairs that an n x n matrix takes; raise DoesNotFit if there are too few."""
        tiles, there = self._wires.across(n) ** 2, CORES * (CORE // self.tile) ** 2
        if tiles > there:
            raise DoesNotFit(
                f"an array of {n} x {n} pairs takes {tiles} cores of {self.tile} x {self.tile}, the chip has {there} "
                f"({self.tile * math.isqrt(there)} spins at most); take parts of the problem one after the other"
            )
        return tiles

    def _account(self, pairs: DifferentialPairs, tiles: int) -> tuple[str, ...]:
        n, there = len(pairs.wanted), CORES * (CORE // self.tile) ** 2
        scaling = f", targets scaled by {pairs.scale:.3g} to make up for them" if pairs.scale != 1.0 else ""
        return (
            f"{n * (n - 1)} pairs of cells on {tiles} of {there} cores, {self.cell.age_s:g} s after programming",
            f"wires of {self._wires.ohm:g} ohm from cell to cell, rows driven at "
            f"{'both ends' if self.both_ends else 'one end'}: {pairs.lost:.2%} of the current lost{scaling}",
            *notes_on_prices(self.cell, self.digital_bits),
        )
