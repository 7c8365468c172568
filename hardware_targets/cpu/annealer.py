r"""The user's own CPU: annealing on one core, time measured. The baseline that every device is set against.

.. math:: P(s_i \to -s_i) = \min(1, e^{-2 \beta s_i f_i}), \qquad f_i = h_i + \sum_j J_{ij} s_j, \qquad
          E_{read} = P_{core}\, t_{measured}

- minimize: one Metropolis sweep at each of ``sweeps`` betas in equal ratios (``sampling.schedules``), 64 reads side by
  side on the fastest kernel for the problem, each charged a lane of their time (``core_time``); then each descends.
- a problem with one-hot groups (an assignment, a coloring, a Sudoku) is minimized within them: moves take a group from
  one spin to another, or swap two facilities, and no penalty is climbed; the read is the lowest state that was met.
- sample: every read is a chain of heat bath: ``sweeps`` / 2 from hot to beta, then 2 ``sweeps`` at beta. What relaxes
  within ``sweeps`` / 3 or so is then equilibrated beyond what 20,000 reads can tell; a glass far below its transition
  needs more than any ``sweeps``.
- relax: from the cue, each spin turns into its field, in random order, until none wants to.
- a ``Tsp`` is held as what a CPU can hold exactly, a permutation: 2-opt and or-opt moves, accepted by the heat-bath
  rule, from the mean distance of near cities as temperature to a hundredth of it. The tour itself is the answer;
  its one-hot spins stand beside it where the problem has an Ising form at all. Beyond ``MATRIX_CITIES`` distances are
  computed from the coordinates and a tour starts along a space-filling curve, for a random one is hundreds of times
  too long and takes most of an anneal to untangle.

Sources: Kirkpatrick, Gelatt and Vecchi, Science 220, 671 (1983); relaxation: Hopfield, PNAS 79, 2554 (1982);
space-filling curve: Platzman and Bartholdi, J. ACM 36, 719 (1989).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from time import perf_counter
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuromorph.cost import Cost
from neuromorph.datum import Datum, read_data
from neuromorph.ising import Float, Ising
from neuromorph.kernels.philox import LANES
from neuromorph.optimization import moves_of
from neuromorph.pricing.boundary import HOST
from neuromorph.pricing.powercap import read_cpu_energy
from neuromorph.problems import Problem, Tsp
from neuromorph.problems.tsp import MAX_ISING_CITIES
from neuromorph.protocol import DoesNotFit, as_ising, check_length, require_support
from neuromorph.rng import RNG, kernel_states, seed_sequence
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.runtime.pieces import pieces
from neuromorph.sampling.replicas import Update, replicas
from neuromorph.sampling.samples import one_sweep_at_a_time
from neuromorph.sampling.schedules import beta_range, geometric_ramp
from neuromorph.sampling.simulated_annealing import descend_to_minimum
from neuromorph.sampling.validation import decision_streams
from neuromorph.target_constants import own_parameters, refuse_both
from neuromorph.task import Minimize, RecallFrom, Sample, Task
from neuromorph.tours.city_distances import MATRIX_CITIES, CityDistances, curve_order, distances_of, near_cities
from neuromorph.trace import Trace

from .core_time import batch_seconds, lanes_filled, time_activity
from .group_annealing import GROUPS_HELD, GroupReads
from .sampler_trace import SweepWatcher, TourWatcher, watch_chain
from .tour_annealing import anneal_tour

MAX_CITIES = 1_000_000  # memory and time are linear in it: some 400 bytes and 10 us a sweep for each city
_SPINS = 1 << 25  # number of spins of all reads that are annealed at once
_NEAR = 10  # number of near cities that a move may join to a city


DATA = {**read_data(files(__package__).joinpath("digital.toml").read_text()), HOST.name: HOST}
CPU_PRICED = frozenset(DATA)
BESIDE = (
    f"{LANES} reads at a time: a read is charged a lane of their time, and one read alone takes all of it (latency_s)"
)


@dataclass(frozen=True)
class CpuAnneal:
    """Anneal on one core of this machine, time measured.

    Parameters
    ----------
    sweeps : int
        Proposals for each spin (or city) in a read.
    power_w : float or None
        Power of one busy core, W, if you know yours; None takes the range of ``digital.toml``.
    constants : dict of Datum
        The table that it is priced by.
    """

    sweeps: int = 1000
    power_w: float | None = None
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(DATA), hash=False, repr=False, kw_only=True)

    name: ClassVar[str] = "cpu-anneal"
    summary: ClassVar[str] = (
        "annealing on one core of this machine: time measured, joules too where its counters can be read"
    )
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "sample", "recall"})
    priced: ClassVar[frozenset[str]] = CPU_PRICED
    read_length: ClassVar[str] = "sweeps"
    limits: ClassVar[Mapping[str, Any]] = {
        "spins": "as many as fit into memory",
        "cities": MAX_CITIES,
        "refuses": "to sample or recall a tour, which it holds as a permutation",
    }

    def __post_init__(self) -> None:
        check_length("sweeps", self.sweeps, 2)
        if self.power_w is not None and not (np.isfinite(self.power_w) and self.power_w > 0):
            raise ValueError(f"power_w is {self.power_w}; it must be finite and positive")
        refuse_both(self.constants, DATA, "core_power_w", "power_w", self.power_w)

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Hold ``problem`` exactly: a tour as a permutation, anything else as spins.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            The problem itself.
        """
        if isinstance(problem, Tsp):
            return Program(self.name, problem, None, _Tours.of(problem), notes=("held exactly, as a permutation",))
        ising = as_ising(problem)
        plain, moves = _Spins(ising, *beta_range(ising)), moves_of(problem)
        if moves is not None:
            return Program(self.name, problem, ising, GroupReads(moves, plain), notes=("held exactly", GROUPS_HELD))
        notes = ("held exactly, in float32 at least", BESIDE)
        return Program(self.name, problem, ising, plain, notes=notes, parallel_reads=LANES)

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Run ``reads`` anneals or relaxations and measure their time.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            States or tours, with the time of each.
        """
        require_support(self, task)
        if reads < 1:
            raise ValueError(f"reads is {reads}; ask for at least one")
        before = None if self.power_w is not None else read_cpu_energy()
        parts, status = whole_parts(program.state.reads(task, seed_sequence(rng), reads, self.sweeps))
        found, updates, seconds, alone, whole, settled = (np.concatenate(each) for each in zip(*parts, strict=True))
        activity = time_activity(seconds, alone, float(whole.sum()), before) | {"updates": updates}
        about = {"parameters": own_parameters(self)}
        spins, tours = program.state.spins_and_answers(found)
        return complete_run(
            program, task, spins, activity, answers=tours, converged=settled, status=status, provenance=about
        )

    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace one read sweep by sweep: spins, or the length of a tour, and the schedule.

        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            Course of the read against sweeps.
        """
        require_support(self, task)
        tour = isinstance(program.state, _Tours)
        minimize = isinstance(task, Minimize)
        watcher: Any = TourWatcher(program) if tour else watch_chain(program, minimize)
        ((found, _, _, _, _, settled),) = program.state.reads(task, seed_sequence(rng), 1, self.sweeps, watcher)
        return watcher.finish(task, found[0], {"parameters": own_parameters(self)}, converged=bool(settled[0]))

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        data, power = self.constants, self.power_w
        joule = data["counted_joule"]
        time = Cost("device_s", "a read, all lanes filled", time=data["clock"], counted="measured")
        rest = data[HOST.name]
        host = Cost("device_s", "rest of the machine", rest, None, "system", "measured", idle=True, needs="host")
        if power is not None:
            own = Datum(power, "W", power, power, "assumed", "power_w, as given by the user")
            return time, Cost("device_s", "one busy core", own, counted="measured"), host
        return (
            time,
            Cost("unmetered_s", "one busy core", data["core_power_w"], counted="measured"),
            Cost("core_j", "one busy core, by its counters", joule, counted="measured"),
            Cost("uncore_j", "caches and memory controller, by counters", joule, scope="chip", counted="measured"),
            host,
        )


# Spins or tours, updates, seconds at full lanes, of one read alone, and as measured, settled.
_Reads: TypeAlias = tuple[NDArray[Any], Float, Float, Float, Float, NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class _Spins:
    """A problem with the betas at which an anneal of it starts and ends."""

    ising: Ising
    hot: float
    cold: float

    def spins_and_answers(self, found: NDArray[np.int8]) -> tuple[NDArray[np.int8], None]:
        """Return what the reads hand over: the spins themselves."""
        return found, None

    def reads(
        self,
        task: Task,
        sequence: np.random.SeedSequence,
        reads: int,
        sweeps: int,
        watcher: SweepWatcher | None = None,
    ) -> Iterator[_Reads]:
        """Yield the reads in parts; ``watcher`` is shown a single read and changes nothing."""
        n = self.ising.size
        checkpoint("compiling")
        if isinstance(task, RecallFrom):
            spins, streams = task.cues(reads, n).astype(np.int8), kernel_states(sequence.spawn(reads))
            descend_to_minimum(
                self.ising, spins[:1].copy(), streams[:1].copy(), 0
            )  # so that compiling is never in the time
            start = perf_counter()
            if watcher is not None:
                watcher.descent(0, spins[0])
            observe = None if watcher is None else watcher.descent
            done, settled = descend_to_minimum(self.ising, spins, streams, 10 * sweeps, observe=observe)
            each = np.full(reads, (perf_counter() - start) / reads)  # one after the other
            yield spins, n * done.astype(float), each, each, each, settled
            return
        self._side_by_side(task, np.random.SeedSequence(0), 1, 2)
        most = max(LANES, _SPINS // n)
        for first in range(0, reads, most):
            start, count = perf_counter(), min(most, reads - first)
            spins, done, settled = self._side_by_side(task, sequence, count, sweeps, watcher)
            batch_s = perf_counter() - start
            seconds, alone = batch_seconds(batch_s, count, lanes_filled(count))
            yield spins, n * done.astype(float), seconds, alone, np.full(count, batch_s / count), settled

    def _side_by_side(
        self,
        task: Task,
        sequence: np.random.SeedSequence,
        reads: int,
        sweeps: int,
        watcher: SweepWatcher | None = None,
    ) -> tuple[NDArray[np.int8], NDArray[np.int64], NDArray[np.bool_]]:
        """Run ``reads`` anneals side by side and return (spins, sweeps, settled)."""
        if isinstance(task, Sample):
            betas = np.r_[geometric_ramp(self.hot, task.beta, sweeps // 2), np.full(2 * sweeps, task.beta)]
        else:
            betas = geometric_ramp(self.hot, self.cold, sweeps)
        beside = decision_streams(sequence, reads)
        update: Update = "heat-bath" if isinstance(task, Sample) else "metropolis"
        lanes = replicas(self.ising, reads, update=update, rng=sequence, sampled=isinstance(task, Sample))
        look, descent = (None, None) if watcher is None else (watcher.look, watcher.descent)
        one_sweep_at_a_time(lanes.sweep, lanes.spins, look)(betas, f"annealing {reads} reads")
        spins, swept = lanes.spins(), np.full(reads, betas.size)
        if isinstance(task, Sample):
            return spins, swept, np.ones(reads, bool)
        more, settled = descend_to_minimum(self.ising, spins, beside, 10 * sweeps, observe=descent)
        return spins, swept + more, settled


@dataclass(frozen=True, eq=False)
class _Tours:
    """Distances and, for each city, the cities near it."""

    problem: Tsp
    distances: CityDistances
    near: NDArray[np.int64]

    @classmethod
    def of(cls, problem: Tsp) -> _Tours:
        if problem.size > MAX_CITIES:
            raise DoesNotFit(
                f"{problem.name} has {problem.size} cities; tours up to {MAX_CITIES} are annealed, in some 400 bytes "
                "a city: split it into parts"
            )
        distances = distances_of(problem)
        return cls(problem, distances, near_cities(problem, distances, min(_NEAR, problem.size - 1)))

    def spins_and_answers(self, found: NDArray[np.int32]) -> tuple[NDArray[np.int8] | None, NDArray[np.int32]]:
        """Return the tours of reads, and their n x n spins where there is an Ising form."""
        few = self.problem.size <= MAX_ISING_CITIES
        return np.array([self.problem.spins(tour) for tour in found]) if few else None, found

    def reads(
        self,
        task: Task,
        sequence: np.random.SeedSequence,
        reads: int,
        sweeps: int,
        watcher: TourWatcher | None = None,
    ) -> Iterator[_Reads]:
        """Yield the reads in parts; ``watcher`` is shown a single read and changes nothing."""
        if not isinstance(task, Minimize):
            raise DoesNotFit(
                f"cpu-anneal holds {self.problem.name} as a permutation, which it can only minimize; "
                "program problem.ising() to sample or relax its spins"
            )
        n, streams = self.problem.size, kernel_states(sequence.spawn(reads))
        # The first temperature is the mean distance of the five nearest cities; three cities have one tour only.
        five = self.near[:, :5]
        scale = float(self.problem.distance(np.arange(n)[:, None], five).mean())
        betas = geometric_ramp(1.0 / scale, 100.0 / scale, sweeps) if scale and n > 3 else np.empty(0)
        checkpoint("compiling")
        anneal_tour(self.distances, self.near, betas[:0], np.arange(n), streams[0].copy())
        curve = curve_order(self.distances) if n > MATRIX_CITIES and self.problem.matrix is None else None
        tours: dict[int, NDArray[np.int64]] = {}
        seconds, updates = np.zeros(reads), float(betas.size * n)
        for rows, part in pieces(reads, max(1, betas.size), f"annealing {reads} tours"):
            for k in range(rows.start, rows.stop):
                if k not in tours:
                    random = np.random.default_rng(streams[k])
                    tours[k] = random.permutation(n) if curve is None else curve.copy()
                start = perf_counter()
                for some in (betas[part],) if watcher is None else betas[part, None]:
                    accepted, _ = anneal_tour(self.distances, self.near, some, tours[k], streams[k])
                    if watcher is not None:
                        watcher.look(float(some[0]), self.problem.length(tours[k]), accepted / n)
                seconds[k] += perf_counter() - start
            if part.stop >= betas.size:
                for k in range(rows.start, rows.stop):
                    tour = tours.pop(k).astype(np.int32)
                    took = seconds[k : k + 1]
                    yield tour[None], np.full(1, updates), took, took, took, np.ones(1, bool)
