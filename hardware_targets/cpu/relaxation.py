r"""Memories on the user's own CPU: a cue relaxes by updates of single spins, or of all at once; time measured.

.. math:: s_i \to \mathrm{sgn}\, f_i, \quad f_i = h_i + \sum_j J_{ij} s_j \quad (\beta = \infty); \qquad
          P(s_i = +1) = \frac{1}{1 + e^{-2 \beta f_i}} \quad \text{otherwise}

for rules that make couplings (``relaxation``). The rules ``dense`` and ``modern`` make none: single spins flip by the
change of the dense energy (``dense``), or the state takes steps of attention and is read by its signs
(``modern_hopfield``). ``cpu-anneal`` relaxes cues as well, on couplings alone.

Hidden spins of a cue start at 0: those of couplings at the sign of the field that the others make, those of a modern
memory at 0 itself; a dense memory starts them at their coins.
Sources: Hopfield, PNAS 79, 2554 (1982); Little, Math. Biosci. 19, 101 (1974); Krotov and Hopfield, NeurIPS 29 (2016);
Ramsauer et al., ICLR 2021 (arXiv 2008.02217).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neuromorph.associative_memory import DenseMemory, ModernHopfield, RelaxationResult, relax
from neuromorph.associative_memory.relaxation import Order
from neuromorph.cost import Cost
from neuromorph.datum import Datum
from neuromorph.ising import Float, Ising
from neuromorph.pricing.powercap import read_cpu_energy
from neuromorph.problems import Problem, Recall
from neuromorph.problems.recall import MAX_ISING_PIXELS
from neuromorph.protocol import DoesNotFit, as_ising, require_support
from neuromorph.rng import RNG, seed_sequence
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.limits import checkpoint
from neuromorph.target_constants import own_parameters
from neuromorph.task import RecallFrom, Task
from neuromorph.trace import Trace
from neuromorph.trace_recorder import Recorder

from .annealer import CPU_PRICED, DATA, CpuAnneal
from .core_time import batch_seconds, time_activity

_LOOKS, _MOST = 20, 200  # of a trace in a sweep, and in all


@dataclass(frozen=True)
class CpuRelaxation:
    """Relax cues on one core of this machine, time measured.

    Parameters
    ----------
    order : {"asynchronous", "synchronous"}
        Single spins in random order, or all spins at once; not for the rules dense and modern.
    beta : float or None
        Inverse temperature of the updates in 1 / energy; None is descent.
    sweeps : int
        Largest number of sweeps, or steps of a modern memory.
    power_w : float or None
        Power of one busy core, W, if you know yours; None takes the range of ``digital.toml``.
    constants : dict of Datum
        The table that it is priced by.
    """

    order: Order = "asynchronous"
    beta: float | None = None
    sweeps: int = 100
    power_w: float | None = None
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(DATA), hash=False, repr=False, kw_only=True)

    name: ClassVar[str] = "cpu-relaxation"
    summary: ClassVar[str] = "recall of any memory, spin by spin, on one core: time measured"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"recall"})
    priced: ClassVar[frozenset[str]] = CPU_PRICED
    limits: ClassVar[Mapping[str, Any]] = {
        "spins": "as many as fit into memory with all their couplings",
        "pixels": f"{MAX_ISING_PIXELS}; more by the rules dense and modern, which need no couplings",
        "refuses": "all but recall",
    }

    def __post_init__(self) -> None:
        CpuAnneal(self.sweeps, self.power_w, constants=self.constants)  # the same rules
        if self.order not in ("asynchronous", "synchronous"):
            raise ValueError(f"order is {self.order!r}; it must be asynchronous or synchronous")
        if self.beta is not None and not (np.isfinite(self.beta) and self.beta > 0):
            raise ValueError(f"beta is {self.beta}; it must be finite and positive, or none for descent")

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Hold ``problem`` exactly: couplings, or the patterns of a memory that makes none.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            The problem itself.
        """
        memory = problem.memory if isinstance(problem, Recall) else None
        if memory is None:
            ising = as_ising(problem)
            return Program(self.name, problem, ising, ising, notes=("held exactly, in float64",))
        if self.order == "synchronous":
            raise DoesNotFit(
                f"synchronous is not offered for rule {problem.rule!r}; leave order out"  # type: ignore[union-attr]
            )
        if self.beta is not None and isinstance(memory, ModernHopfield):
            raise DoesNotFit(
                f"a modern memory takes steps without temperature, and beta is {self.beta:g}; give that of its energy "
                f"as rule modern(beta={self.beta:g})"
            )
        return Program(self.name, problem, None, memory, notes=("held exactly, as its patterns",))

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Relax the cue of each read and charge each an equal part of the time.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Final states; a read has not converged where it is at no fixed point.
        """
        require_support(self, task)
        assert isinstance(task, RecallFrom)
        if reads < 1:
            raise ValueError(f"reads is {reads}; ask for at least one")
        cues, stream = task.cues(reads, program.requested.size), seed_sequence(rng)
        checkpoint("compiling")
        hidden = None if task.hidden is None else np.asarray(task.hidden, dtype=bool)
        self._relaxed(program, cues[:1], np.random.SeedSequence(0), 1, hidden)
        before, start = None if self.power_w is not None else read_cpu_energy(), perf_counter()
        spins, updates, settled = self._relaxed(program, cues, stream, self.sweeps, hidden)
        batch_s = perf_counter() - start
        seconds, whole = batch_seconds(batch_s, reads, reads)
        activity = time_activity(seconds, whole, batch_s, before) | {"updates": updates.astype(float)}
        about = {"parameters": own_parameters(self)}
        return complete_run(program, task, spins, activity, converged=settled, provenance=about)

    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace one read: its states, and the overlaps with the patterns, against sweeps.

        A relaxation is repeated from the same cue and stream, a little longer each time.
        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            Course of the read against sweeps.
        """
        require_support(self, task)
        assert isinstance(task, RecallFrom)
        hidden = None if task.hidden is None else np.asarray(task.hidden, dtype=bool)
        (cue,), stream = task.cues(1, program.requested.size), seed_sequence(rng)
        patterns = program.requested if isinstance(program.requested, Recall) else None
        series = {} if patterns is None else {"overlap": ""}
        recorder = Recorder(program, series, columns={"overlap": "pattern {}"})

        def look(sweep: float, spins: NDArray[np.int8]) -> None:
            recorder.look(sweep, spins, **({} if patterns is None else {"overlap": patterns.overlaps(spins)}))

        def after(sweeps: float) -> tuple[NDArray[np.int8], NDArray[np.int64], NDArray[np.bool_]]:
            again = np.random.SeedSequence(stream.entropy, spawn_key=stream.spawn_key,
                                           n_children_spawned=stream.n_children_spawned)  # fmt: skip
            return self._relaxed(program, cue[None], again, sweeps, hidden)

        spins, updates, settled = after(self.sweeps)
        last = int(updates[0]) / program.requested.size
        whole = self.order == "synchronous" or isinstance(program.state, ModernHopfield)
        looks = ceil(min(last * (1 if whole else _LOOKS), _MOST))
        look(0, cue)
        for sweep in np.linspace(0.0, last, looks + 1)[1:]:
            sweep = ceil(sweep - 1e-9) if whole else float(sweep)
            look(sweep, after(sweep)[0][0])
        notes = [] if settled[0] else ["at no fixed point when it ended"]
        about = {"parameters": own_parameters(self)}
        return recorder.finish(
            task, spins[0], time_unit="sweep", converged=bool(settled[0]), first=("spins", "overlap"), notes=notes,
            provenance=about,
        )  # fmt: skip

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return CpuAnneal(power_w=self.power_w, constants=self.constants).costs()

    def _relaxed(
        self,
        program: Program,
        cues: NDArray[np.int8],
        stream: np.random.SeedSequence,
        sweeps: float,
        hidden: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.int8], NDArray[np.int64], NDArray[np.bool_]]:
        """Return (spins, updates, settled) of each cue."""
        held, n = program.state, program.requested.size
        if isinstance(held, ModernHopfield):
            found = held.recall(cues if hidden is None else np.where(hidden, 0, cues), steps=int(sweeps))
            stream.spawn(len(cues))  # as the others do, so that a next batch has streams of its own
            return _signs(found.states), n * found.steps, found.settled
        beta = np.inf if self.beta is None else self.beta
        every = None if float(sweeps).is_integer() else 1  # a fraction of a sweep ends at its last update
        ends: RelaxationResult
        if isinstance(held, DenseMemory):
            ends = held.recall(cues, beta=beta, sweeps=sweeps, every=every, rng=stream)
        else:
            cues = cues if hidden is None else _first_field(held, cues, hidden)
            ends = relax(held, cues, beta=beta, order=self.order, sweeps=sweeps, every=every, rng=stream)
        return ends.spins, ends.updates, ends.settled


def _first_field(ising: Ising, cues: NDArray[np.int8], hidden: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Give hidden spins the sign of the field of those that are shown; where it is 0, the coin's."""
    shown: Float = np.where(hidden, 0.0, cues)
    field = shown @ ising.couplings + ising.biases
    return np.where(hidden & (field != 0.0), np.sign(field), cues).astype(np.int8)


def _signs(states: Float) -> NDArray[np.int8]:
    return np.where(states >= 0.0, 1, -1).astype(np.int8)
