r"""Digital annealers: annealing in integer arithmetic, with all variables at a time.

- ``digital-annealer``: 1024 variables, each coupled to all, J of 16 bits and h of 26; all flips are tried at once and
  one is made, with an offset that grows where none is (``parallel_trial``). It keeps the lowest state that it saw. To
  sample is refused: its law is not exp(-beta E), see there.
- ``cellular-automaton``: all spins at once, held back by a replica (``cellular_automaton``). It samples a law that is
  known in closed form, and is stated with the program; where it cannot be enumerated sampling is refused.

Words, scales and why nothing overflows: ``fixed_point``. Prices: ``annealer_costs``.
Sources: Aramon et al., Front. Phys. 7, 48 (2019): "up to 1,024 variables"; Yamamoto et al., IEEE J. Solid-State
Circuits 56, 165 (2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np

from neuromorph.cost import Cost
from neuromorph.datum import Datum
from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit, as_ising, check_length, mapping_error, require_support
from neuromorph.rng import RNG, kernel_states, read_seeds
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.threads import single_threaded_blas
from neuromorph.sampling.schedules import beta_range, geometric_ramp
from neuromorph.target_constants import own_parameters
from neuromorph.task import Sample, Task

from .annealer_costs import annealer_costs, annealer_table
from .cellular_automaton import automaton_law, automaton_reads, least_pinning
from .fixed_point import IntegerWords, binary_words, fixed_temperatures, largest_word, spin_words
from .parallel_trial import parallel_trial

_STATED = 16  # most spins whose law is enumerated


@dataclass(frozen=True)
class DigitalAnnealer:
    """Minimize by parallel trial with a dynamic offset, in integers.

    Parameters
    ----------
    steps : int
        Steps of a read, at each of which all variables are tried.
    offset : float
        Growth of the offset where nothing is accepted, in units of the last temperature; 0 for none.
    variables : int
        Variables that there is room for.
    coupling_bits, bias_bits : int
        Bits of W and b, with the sign.
    constants : dict of Datum
        The table that it is priced by.
    """

    steps: int = 2000
    offset: float = 1.0
    variables: int = 1024
    coupling_bits: int = 16
    bias_bits: int = 26
    constants: Mapping[str, Datum] = field(
        default_factory=lambda: annealer_table("trial_step_s"), hash=False, repr=False, kw_only=True
    )

    name: ClassVar[str] = "digital-annealer"
    summary: ClassVar[str] = "parallel trial with dynamic offset in integers: 1024 variables, each coupled to all"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize"})
    priced: ClassVar[frozenset[str]] = frozenset(annealer_table("trial_step_s"))
    read_length: ClassVar[str] = "steps"

    def __post_init__(self) -> None:
        check_length("steps", self.steps, 4)
        largest_word(self.coupling_bits, "coupling_bits"), largest_word(self.bias_bits, "bias_bits")
        if not (np.isfinite(self.offset) and self.offset >= 0.0):
            raise ValueError(f"offset is {self.offset}; it must be finite and not negative")

    @property
    def limits(self) -> dict[str, Any]:
        """The largest problems, and what is refused."""
        return {"spins": self.variables, "refuses": "to sample: parallel trial does not follow exp(-beta E)"}

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Round ``problem`` to words; raise DoesNotFit for more variables than there are.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Words, and what they stand for.
        """
        asked = _fitting(problem, self.variables, self.name)
        words = binary_words(asked, self.coupling_bits, self.bias_bits)
        return _program(self.name, problem, asked, words)

    @single_threaded_blas()
    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Anneal ``reads`` times; a read is the lowest state that it saw.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            States, with the counted events of each read.
        """
        require_support(self, task)
        streams, words = kernel_states(read_seeds(rng, reads)), program.state
        hot, cold = beta_range(words.held)
        temperatures = fixed_temperatures(geometric_ramp(hot, cold, self.steps), words.scale)
        increment = int(np.ceil(self.offset * words.scale / cold))
        found = parallel_trial(words, temperatures, increment, streams)
        return _finished(program, task, found.best, found.flips, self.steps, reads, own_parameters(self))

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return annealer_costs(self.constants, "trial_step_s", self.coupling_bits)


@dataclass(frozen=True)
class CellularAutomaton:
    """Update all spins at once, held back by a second replica, in integers.

    Parameters
    ----------
    steps : int
        Updates of all spins in a read.
    pinning : float
        q of sampling: larger is nearer to exp(-beta E), and slower. To minimize it follows beta.
    spins : int
        Spins that there is room for.
    coupling_bits, bias_bits : int
        Bits of J and h, with the sign.
    constants : dict of Datum
        The table that it is priced by.
    """

    steps: int = 1000
    pinning: float = 2.0
    spins: int = 512
    coupling_bits: int = 8
    bias_bits: int = 16
    constants: Mapping[str, Datum] = field(
        default_factory=lambda: annealer_table("automaton_step_s"), hash=False, repr=False, kw_only=True
    )

    name: ClassVar[str] = "cellular-automaton"
    summary: ClassVar[str] = "stochastic cellular automaton: 512 spins updated all at once, held back by a replica"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "sample"})
    priced: ClassVar[frozenset[str]] = frozenset(annealer_table("automaton_step_s"))
    read_length: ClassVar[str] = "steps"

    def __post_init__(self) -> None:
        check_length("steps", self.steps, 4)
        largest_word(self.coupling_bits, "coupling_bits"), largest_word(self.bias_bits, "bias_bits")
        if not 0.0 <= self.pinning <= 20.0:
            raise ValueError(f"pinning is {self.pinning}; it must be 0 to 20: spins flip exp(-pinning) as often")

    @property
    def limits(self) -> dict[str, Any]:
        """The largest problems, and what is refused."""
        return {"spins": self.spins, "refuses": f"to sample more than {_STATED} spins, whose law is not enumerated"}

    @single_threaded_blas()
    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Round ``problem`` to words; raise DoesNotFit for more spins than there are.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Words, what they stand for, and the law that is sampled.
        """
        asked = _fitting(problem, self.spins, self.name)
        words = spin_words(asked, self.coupling_bits, self.bias_bits)
        return _program(self.name, problem, asked, words, self.pinning)

    @single_threaded_blas()
    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Anneal or sample ``reads`` times.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Last states, with the counted events of each read.
        """
        require_support(self, task)
        streams, words = kernel_states(read_seeds(rng, reads)), program.state
        hot, cold = beta_range(words.held)
        if isinstance(task, Sample):
            if words.held.size > _STATED:
                raise DoesNotFit(
                    f"{words.held.size} spins; the law of a cellular automaton is stated for {_STATED} at most: "
                    "minimize, or sample with cpu-gibbs"
                )
            warm = self.steps // 4
            betas = np.r_[geometric_ramp(hot, task.beta, warm), np.full(self.steps - warm, task.beta)]
            share = np.full(self.steps, self.pinning)
        else:
            betas = geometric_ramp(hot, cold, self.steps)
            share = betas * least_pinning(words.held)
        temperatures = fixed_temperatures(betas, words.scale)
        pinnings = np.rint(share * (temperatures / 256.0)).astype(np.int64)
        spins, flips = automaton_reads(words, temperatures, pinnings, streams)
        return _finished(program, task, spins, flips, self.steps, reads, own_parameters(self))

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return annealer_costs(self.constants, "automaton_step_s", self.coupling_bits)


def _fitting(problem: Ising | Problem, room: int, name: str) -> Ising:
    if problem.size > room or (asked := as_ising(problem)).size > room:
        size = max(problem.size, 0)
        raise DoesNotFit(f"needs {size} variables or more, {name} has {room}; take parts of the problem, or cpu-anneal")
    return asked


def _program(
    name: str, problem: Ising | Problem, asked: Ising, words: IntegerWords, pinning: float | None = None
) -> Program:
    error = mapping_error(asked, words.held)
    notes = ["held exactly, in integers" if error == 0.0 else f"rounded to integers, {words.scale:.4g} in a unit"]
    sampled = None
    if pinning is not None and asked.size <= _STATED:
        sampled = partial(automaton_law, words.held, pinning=pinning)
        notes.append("to sample: the law of a replica at its pinning, not exp(-beta E)")
    return Program(name, problem, words.held, words, error, tuple(notes), sampled=sampled)


def _finished(
    program: Program, task: Task, spins: Any, flips: Any, steps: int, asked: int, parameters: dict[str, Any]
) -> Run:
    n = program.state.biases.size
    activity = {"steps": float(steps), "updates": float(steps * n), "flips": flips, "row_words": flips * n}
    status = "ok" if len(spins) == asked else "interrupted"
    return complete_run(program, task, spins, activity, status=status, provenance={"parameters": parameters})
