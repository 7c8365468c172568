r"""A sampler on one core as a target: reads are drawn side by side, and each has an equal part of the measured time.

.. math:: E_{read} = P_{core}\, t_{measured}

Compiling is not counted. Spins of a minimizing read go downhill at its end until no flip lowers the energy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuromorph.cost import Cost
from neuromorph.datum import Datum
from neuromorph.ising import Ising
from neuromorph.kernels.philox import LANES
from neuromorph.problems import Problem, Tsp
from neuromorph.protocol import DoesNotFit, as_ising, require_support
from neuromorph.rng import RNG, seed_sequence
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.sampling import default_range
from neuromorph.sampling.samples import SweepObserver
from neuromorph.sampling.simulated_annealing import descend_to_minimum
from neuromorph.sampling.validation import decision_streams
from neuromorph.task import Minimize, Sample, Task
from neuromorph.trace import Trace

from .annealer import CPU_PRICED, DATA, CpuAnneal
from .sampler_trace import Watch, watch_chain

MAX_PENALTY_CITIES = 20  # most cities as n x n spins under penalties; more take minutes for poor tours
_SPINS = 1 << 25  # number of spins of all replicas in one batch of reads
_Spins: TypeAlias = NDArray[np.int8]
Draw: TypeAlias = Callable[[int, np.random.SeedSequence, SweepObserver | None], _Spins]  # reads, rng -> (reads, n)
Plan: TypeAlias = Callable[[Ising, float, bool, int], tuple[Draw, int]]  # problem, beta, to minimize?, sweeps


@dataclass(frozen=True)
class CpuSampler:
    """Sampler as a target; the functions of ``samplers`` make them.

    Attributes
    ----------
    name : str
        Name of the target.
    summary : str
        Summary for people, one line.
    plan : callable
        Map from (ising, beta, minimize, sweeps) to (draw, lanes): ladders and schedules, which are counted as well; a
        read takes ``lanes`` replicas.
    sweeps : int
        Sweeps of each replica in a read.
    power_w : float or None
        Power of one busy core, W, as of ``CpuAnneal``.
    parallel_reads : int
        Reads that take about the time of one.
    streams_by_lane : bool
        Whether each replica has a random stream, or else each read.
    more : dict of str to object
        Parameters of ``plan`` by name, for the provenance.
    supported_tasks : frozenset of str
        Tasks; to sample is one only where reads follow the distribution.
    watch : callable
        Map from (program, minimize) to the watcher that is shown one read.
    constants : dict of str to Datum
        Table by which it is priced.
    """

    name: str
    summary: str
    plan: Plan
    sweeps: int
    power_w: float | None = None
    parallel_reads: int = LANES
    streams_by_lane: bool = True
    more: Mapping[str, Any] = field(default_factory=dict, hash=False)
    watch: Watch = watch_chain
    supported_tasks: frozenset[str] = frozenset({"minimize", "sample"})
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(DATA), hash=False, repr=False, kw_only=True)

    priced: ClassVar[frozenset[str]] = CPU_PRICED
    limits: ClassVar[Mapping[str, Any]] = {
        "spins": "as many as fit into memory",
        "cities": MAX_PENALTY_CITIES,
        "refuses": "larger tours, whose n x n spins under penalties take minutes and end in poor tours",
    }

    def __post_init__(self) -> None:
        CpuAnneal(self.sweeps, self.power_w, constants=self.constants)  # the same rules
        for name, value in self.more.items():
            if not isinstance(value, str) and value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1")

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Hold ``problem`` exactly; raise DoesNotFit for tours that are too large as spins.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            The problem itself.
        """
        if isinstance(problem, Tsp) and problem.size > MAX_PENALTY_CITIES:
            raise DoesNotFit(
                f"{problem.size} cities are {problem.size**2} spins under penalties, taking minutes and ending in poor "
                f"tours; {MAX_PENALTY_CITIES} at most: cpu-anneal holds a tour as a permutation"
            )
        notes = ("held exactly, in float32 at least",)
        return Program(self.name, problem, as_ising(problem), notes=notes, parallel_reads=self.parallel_reads)

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Draw ``reads`` states side by side and charge each an equal part of the time.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            States, with the time of each.
        """
        require_support(self, task)
        if reads < 1:
            raise ValueError(f"reads is {reads}; ask for at least one")
        ising, sequence, minimize = as_ising(program.requested), seed_sequence(rng), isinstance(task, Minimize)
        beta = task.beta if isinstance(task, Sample) else default_range(ising)[1]
        checkpoint("compiling")
        self.plan(ising, beta, minimize, 2)[0](1, np.random.SeedSequence(0), None)
        start = perf_counter()
        draw, lanes = self.plan(ising, beta, minimize, self.sweeps)
        most = max(1, _SPINS // (lanes * ising.size))

        own = _streams_of_reads(sequence, reads)

        def part(first: int) -> tuple[_Spins, float]:
            count = min(most, reads - first)
            beside = decision_streams(own(first, lanes), count, lanes, tag=1)
            spins = draw(count, own(first, lanes if self.streams_by_lane else 1), None)
            if minimize:
                descend_to_minimum(ising, spins, beside)
            return spins, perf_counter()

        parts, status = whole_parts(map(part, range(0, reads, most)))
        spins = np.concatenate([each for each, _ in parts])
        seconds = (parts[-1][1] - start) / len(spins)
        activity = {"device_s": seconds, "updates": float(self.sweeps * lanes * ising.size)}
        about = {"parameters": {"sweeps": self.sweeps, "power_w": self.power_w, **self.more}}
        return complete_run(program, task, spins, activity, status=status, provenance=about)

    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace one read sweep by sweep: states, the schedule, and what the method has beside them.

        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            Course of the read against sweeps.
        """
        require_support(self, task)
        ising, sequence, minimize = as_ising(program.requested), seed_sequence(rng), isinstance(task, Minimize)
        beta = task.beta if isinstance(task, Sample) else default_range(ising)[1]
        draw, lanes = self.plan(ising, beta, minimize, self.sweeps)
        own = _streams_of_reads(sequence, 1)
        beside = decision_streams(own(0, lanes), 1, lanes, tag=1)
        watcher = self.watch(program, minimize)
        spins = draw(1, own(0, lanes if self.streams_by_lane else 1), watcher.look)
        if minimize:
            descend_to_minimum(ising, spins, beside, observe=watcher.descent)
        about = {"parameters": {"sweeps": self.sweeps, "power_w": self.power_w, **self.more}}
        return watcher.finish(task, spins[0], about)

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return CpuAnneal(power_w=self.power_w, constants=self.constants).costs()


def _streams_of_reads(sequence: np.random.SeedSequence, reads: int) -> Callable[[int, int], np.random.SeedSequence]:
    """Take ``reads`` reads of ``sequence`` and return own(read, each), whose next children are those of that read.

    Read k has the children k each, k each + 1, ..: a batch that goes on shares none with the one before.
    """
    first = sequence.n_children_spawned
    sequence.spawn(reads)

    def own(read: int, each: int) -> np.random.SeedSequence:
        spawned = (first + read) * each
        return np.random.SeedSequence(sequence.entropy, spawn_key=sequence.spawn_key, n_children_spawned=spawned)

    return own
