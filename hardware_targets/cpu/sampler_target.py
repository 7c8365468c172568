r"""A sampler on one core as a target: reads are drawn side by side, and each is charged the lanes that it fills.

.. math:: E_{read} = P_{core}\, t_{read}

Seconds, lanes and joules: ``core_time``. Compiling is not counted. Ladders and schedules belong to the problem, not to
a read: finding them is timed as ``prepare_s``, once, as programming is (in one process, ladders are found once). Spins
of a minimizing read go downhill at its end until no flip lowers the energy.

By default a read that samples has a chain (a ladder, a population) of its own, so that reads are independent. A sampler
with ``chains`` draws them from a few long chains in turn instead: read r is of chain r mod chains. Its run says so
(``provenance["chains"]``), with the diagnostics of the sampler (``provenance["sampler"]``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuromorph.cost import Cost
from neuromorph.datum import Datum
from neuromorph.files.json_values import json_value
from neuromorph.ising import Ising
from neuromorph.kernels.philox import LANES
from neuromorph.pricing.powercap import read_cpu_energy
from neuromorph.problems import Problem, Tsp
from neuromorph.protocol import DoesNotFit, as_ising, require_support
from neuromorph.rng import RNG, seed_sequence
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.sampling import default_range
from neuromorph.sampling.samples import Samples, SweepObserver
from neuromorph.sampling.simulated_annealing import descend_to_minimum
from neuromorph.sampling.validation import decision_streams
from neuromorph.task import Minimize, Sample, Task
from neuromorph.trace import Trace

from .annealer import BESIDE, CPU_PRICED, DATA, CpuAnneal
from .core_time import Activity, batch_seconds, lanes_filled, time_activity
from .sampler_trace import Watch, watch_chain

MAX_PENALTY_CITIES = 20  # most cities as n x n spins under penalties; more take minutes for poor tours
_SPINS = 1 << 25  # number of spins of all replicas in one batch of reads
_Spins: TypeAlias = NDArray[np.int8]
Draw: TypeAlias = Callable[[int, np.random.SeedSequence, SweepObserver | None], _Spins]  # reads, rng -> (reads, n)
Plan: TypeAlias = Callable[[Ising, float, bool, int], tuple[Draw, int]]  # problem, beta, to minimize?, sweeps
Together: TypeAlias = Callable[[Ising, float, int, np.random.SeedSequence], tuple[Samples, float]]

_ALL = 1 << 31  # reads of one batch, where all are drawn together
_FROZEN = 1e6  # beta times the strongest field, beyond which no spin of a chain flips
_MOST_TOGETHER = 1_000_000  # chains, members, slices: memory holds no more


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
        Map from (ising, beta, minimize, sweeps) to (draw, lanes): ladders and schedules, which are counted once; a read
        takes ``lanes`` replicas.
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
    together : callable or None
        Map from (ising, beta, reads, rng) to chains or populations (samples) and updates of spins, all reads together;
        None: reads are independent.
    beside : str
        Target that stands for it in studies of all targets; empty of one that stands for itself.
    macro_reads : int
        Reads of a path of a tour, of which the best counts: as many as take the time of one.
    macros_together : int
        Paths that are minimized as one problem.
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
    together: Together | None = None
    supported_tasks: frozenset[str] = frozenset({"minimize", "sample"})
    beside: str = ""
    macro_reads: int = 1
    macros_together: int = 32
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(DATA), hash=False, repr=False, kw_only=True)

    priced: ClassVar[frozenset[str]] = CPU_PRICED
    read_length: ClassVar[str] = "sweeps"
    limits: ClassVar[Mapping[str, Any]] = {
        "spins": "as many as fit into memory",
        "cities": MAX_PENALTY_CITIES,
        "refuses": "larger tours, whose n x n spins under penalties take minutes and end in poor tours",
    }

    def __post_init__(self) -> None:
        CpuAnneal(self.sweeps, self.power_w, constants=self.constants)  # the same rules
        for name, value in self.more.items():
            least = 0 if name in ("chains", "populations", "step_sweeps") else 1
            if not isinstance(value, str) and not least <= value <= _MOST_TOGETHER:
                raise ValueError(f"{name} is {value}; it must be at least {least}, {_MOST_TOGETHER:,} at most")

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
        notes: tuple[str, ...] = ("held exactly, in float32 at least",)
        if self.together is not None:
            notes += ("reads that sample are draws of a few chains, and not independent",)
        elif self.parallel_reads > 1:
            notes += (BESIDE,)
        at_once = self.parallel_reads if self.together is None else _ALL
        return Program(self.name, problem, as_ising(problem), notes=notes, parallel_reads=at_once)

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Draw ``reads`` states side by side and charge each the lanes that it fills.

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
        prepare_s = perf_counter() - start
        if self.together is not None and isinstance(task, Sample):
            run = self._draws_of_chains(self.together, program, task, reads, sequence)
            return replace(run, setup={**run.setup, "prepare_s": prepare_s})
        before, start = None if self.power_w is not None else read_cpu_energy(), perf_counter()
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
        batch_s, done = parts[-1][1] - start, len(spins)
        sizes = [len(each) for each, _ in parts]
        width = self.parallel_reads
        held = sum(lanes_filled(size, lanes, width) if width > 1 else size for size in sizes)
        seconds, together = batch_seconds(batch_s, done, held)
        # Without lanes reads follow each other; with them the first batch is what one read has to wait for.
        alone = together * (sizes[0] / done) if self.parallel_reads > 1 else seconds
        activity = time_activity(seconds, alone, batch_s, before) | {"updates": float(self.sweeps * lanes * ising.size)}
        run = complete_run(program, task, spins, activity, status=status, provenance=self._about())
        return replace(run, setup={**run.setup, "prepare_s": prepare_s})

    def _about(self) -> dict[str, Any]:
        return {"parameters": {"sweeps": self.sweeps, "power_w": self.power_w, **self.more}}

    def _draws_of_chains(
        self, together: Together, program: Program, task: Sample, reads: int, sequence: np.random.SeedSequence
    ) -> Run:
        """Draw all reads together; after an interruption the draws that every chain has."""
        ising = as_ising(program.requested)
        strongest = float((abs(ising.sparse_couplings()).sum(axis=1) + abs(ising.biases)).max())
        if task.beta * strongest > _FROZEN:
            raise DoesNotFit(
                f"beta is {task.beta:g} where fields reach {strongest:g}; nothing moves that cold: give "
                f"{_FROZEN / strongest:.3g} at most, or minimize"
            )
        spins, activity, status, about = self._drawn(together, ising, task.beta, reads, sequence)
        return complete_run(program, task, spins, activity, status=status, provenance=about)

    def _drawn(
        self, together: Together, ising: Ising, beta: float, reads: int, sequence: np.random.SeedSequence
    ) -> tuple[_Spins, Activity, str, dict[str, Any]]:
        """Return the spins of reads, their activity, status and provenance; chains are freed with this frame."""
        before, start = None if self.power_w is not None else read_cpu_energy(), perf_counter()
        samples, updates = together(ising, beta, reads, sequence)
        spins = samples.spins.swapaxes(0, 1).reshape(-1, ising.size)[:reads]
        batch_s = perf_counter() - start
        seconds, whole = batch_seconds(batch_s, len(spins), len(spins))
        activity = time_activity(seconds, whole, batch_s, before) | {"updates": updates / len(spins)}
        told = {name: json_value(value) for name, value in samples.diagnostics.items() if name != "lowest_spins"}
        about = {**self._about(), "chains": len(samples.spins), "method": samples.method, "sampler": told}
        return spins, activity, "ok" if samples.status == "ok" else "interrupted", about

    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace one read sweep by sweep: states, schedule, and what the method has besides.

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
        return watcher.finish(task, spins[0], self._about())

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        costs = CpuAnneal(power_w=self.power_w, constants=self.constants).costs()
        core = next(cost for cost in costs if cost.what == "one busy core")
        host = next(cost for cost in costs if cost.needs == "host")
        about = "finding temperatures, once"
        return (
            *costs,
            Cost("prepare_s", about, core.energy, self.constants["clock"], counted="measured"),
            Cost("prepare_s", f"rest of the machine, {about}", host.energy, None, "system", "measured", needs="host"),
        )


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
