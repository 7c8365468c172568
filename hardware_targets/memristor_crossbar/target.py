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
A loop with ``digital_bits`` rounds and clips what each array is given and gives (``digitized_products``).
Sources: ``phase_change_cell``; Ising machine on a crossbar: Cai et al., Nat. Electron. 3, 409 (2020), of whose energy
figures none is used. Numbers: ``memristor.toml``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neuromorph.analog import AnalogNetwork, Softassign, softassign
from neuromorph.analog.mean_field_annealing import sampling_interval
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
from .asked_cell import cell_in_own_words
from .cell_table import constants_of_material
from .chip_arrays import ChipArrays
from .converters import CONVERTERS
from .crossbar_costs import CROSSBAR_PRICED, crossbar_costs
from .digitized_products import converters_asked
from .phase_change_cell import DATA, PhaseChange
from .programmed_crossbar import ProgrammedNetwork, ProgrammedTour, antisymmetric_part, count_cells, rows_of_tours
from .tiled_array import CORE, TiledArray
from .weight_code import WeightCode

_TABLE = {**DATA, **CONVERTERS}


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
        Bits of the outputs of a loop between converters, as chips do that were built: products are sampled, rounded,
        clipped and held; none: the all-analog loop, which nobody has. Tours are priced so, but not rounded.
    dac_bits : int or None
        Bits of the inputs of such a loop, with their sign; none: two fewer than those of the outputs.
    adc_percentile : float
        Percentile of the products of states on the way, by size, at which outputs clip; 100: no product clips.
    bit_serial : bool
        Whether the product of each bit of the inputs is converted on its own.
    material : str
        ``pcm``, ``reram``, ``ecram``, or the .toml or .csv file of a table of your own cell.
    kelvin : float
        Temperature of the reads, K; cells are written at 300 K.
    stuck_lines : float
        Fraction of rows and of columns that fail as a whole, half of them open, half with all their cells on.
    slices : int
        Cells over which the digits of a weight, of base ``levels``, are spread.
    offset_columns : bool
        Whether a weight is one cell beside a reference column, in place of a pair.
    compensation_steps : int
        Steps in which the compensation is refined against the exact solve of the wires.
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
    dac_bits: int | None = None
    adc_percentile: float = 99.9
    bit_serial: bool = False
    material: str = "pcm"
    kelvin: float = PhaseChange.kelvin
    stuck_lines: float = 0.0
    slices: int = 1
    offset_columns: bool = False
    compensation_steps: int = 0
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(_TABLE), hash=False, repr=False, kw_only=True)

    name: ClassVar[str] = "memristor-crossbar"
    summary: ClassVar[str] = "couplings in pairs of phase-change cells with measured noise and drift; analog neurons"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "recall"})

    priced: ClassVar[frozenset[str]] = CROSSBAR_PRICED

    def __post_init__(self) -> None:
        object.__setattr__(self, "constants", constants_of_material(self.material, self.constants, _TABLE))
        refuse_both(self.constants, DATA, "time_constant", "tau_s", self.tau_s)
        names = ("gain", "amplifier_bandwidth", "read_voltage", "slew_rate")
        check_speed(self._tau_s, *(DATA[name].value for name in names))
        _ = self._arrays  # its parameters are checked

    @property
    def cell(self) -> PhaseChange:
        """Which imperfections the cells have, and how old they are when read."""
        numbers = (self.programming_error, self.drift, self.read_noise, self.levels, self.stuck, self.age_s)
        return cell_in_own_words(*numbers, self.material, self.kelvin, self.stuck_lines)

    @property
    def limits(self) -> dict[str, Any]:
        """The largest problems, and what is refused."""
        spins = self._arrays.spins
        return {
            "spins": spins,
            "cities": min(spins, math.isqrt(self.integrators)),
            "refuses": "to sample: its noise is that of amplifiers and cells, at no temperature; to recall a tour",
        }

    @property
    def _arrays(self) -> ChipArrays:
        ohm = DATA["wire"].value if self.wire_ohm is None else self.wire_ohm
        wires = TiledArray(ohm if self.ir_drop else 0.0, self.both_ends, self.tile, self.cell.maximum_s)
        code = WeightCode(self.slices, self.offset_columns)
        converters = converters_asked(self.digital_bits, self.dac_bits, self.adc_percentile, self.bit_serial)
        return ChipArrays(self.cell, wires, code, self.compensate, self.compensation_steps, converters)

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
        (seed,) = read_seeds(rng, 1)
        stream = np.random.default_rng(child(seed, 1))
        if isinstance(problem, Tsp):
            return self._tour(problem, stream)
        return self._network(problem, stream, np.random.default_rng(child(seed, 2)))

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
        adders, interval = self._arrays.amplifiers(len(state.pairs.wanted)), 1.0
        if isinstance(state, ProgrammedNetwork):
            n, biases = state.network.size, int(np.count_nonzero(state.network.currents))
            ends = run_networks(task, reads, self._networks(state, seeds)).slowed(self._tau_s / self._simulated_tau_s)
            activity = count_activity(
                task, ends, cells=n, biases=biases, amplifiers=(AMPLIFIERS + adders) * n, siemens=0.0
            )
            drives = ends.spins[:, None, :].astype(float)
            if state.converters is not None:
                interval = sampling_interval(state.read(None))
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
            drives = rows_of_tours(tours.spins)
        activity |= count_cells(state, drives, ends.seconds, self._tau_s, interval)
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
        return crossbar_costs(self.constants, self.cell, self.tau_s, self._arrays.converters)

    def _network(self, problem: Ising | Problem, stream: np.random.Generator, states: np.random.Generator) -> Program:
        asked, arrays = as_ising(problem), self._arrays
        tiles, scale = arrays.tiles(asked.size), largest_coupling(asked)
        pairs = arrays.written(asked.dense_couplings() / scale, stream)
        error = scale * pairs.error()
        np.fill_diagonal(error, 0.0)  # Sneak currents there stay in the dynamics; a problem has no such couplings.
        held = Ising(asked.dense_couplings() + (error + error.T) / 2.0, asked.biases, asked.offset)
        swing, gain, tau_s = DATA["read_voltage"].value, DATA["gain"].value, self._simulated_tau_s
        network = network_from_ising(asked, self.cell.maximum_s, gain, swing, tau_s)
        state = ProgrammedNetwork(network, pairs).with_converters(arrays.converters, states)
        notes = (*arrays.notes(pairs, tiles), antisymmetric_part(error, asked))
        return Program(
            self.name,
            problem,
            held,
            state,
            mapping_error(asked, held),
            notes,
            arrays.setup(pairs),
            one_chip=self.cell.differs,
            provenance={"tiles": tiles},
        )

    def _networks(self, state: ProgrammedNetwork, seeds: list[Stream]) -> Iterator[tuple[AnalogNetwork, list[Stream]]]:
        """Yield the network as each read finds it: one for all without read noise, else one a read."""
        for group in [seeds] if self.read_noise == 0.0 else [[seed] for seed in seeds]:
            yield state.read(np.random.default_rng(child(group[0], 0))), group

    def _tour(self, problem: Tsp, stream: np.random.Generator) -> Program:
        n, arrays = problem.size, self._arrays
        tiles = arrays.tiles(n)
        if n * n > self.integrators:
            raise DoesNotFit(
                f"{n} cities need {n * n} integrators, there are {self.integrators}; take tours of fewer cities, "
                f"{math.isqrt(self.integrators)} at most, or memristor-crossbar(integrators={n * n})"
            )
        distances = problem.distances()
        longest = float(distances.max()) or 1.0
        pairs = arrays.written(distances / longest, stream)
        state = ProgrammedTour(distances, longest, pairs)
        error = float(np.linalg.norm(state.held() - distances) / (np.linalg.norm(distances) or 1.0))
        notes = (
            f"held as a permutation: one array serves {n} positions in turn, with {n * n} integrators",
            *arrays.notes(pairs, tiles, tour=True),
        )
        return Program(
            self.name, problem, None, state, error, notes, arrays.setup(pairs), one_chip=self.cell.differs,
            provenance={"tiles": tiles},
        )  # fmt: skip
