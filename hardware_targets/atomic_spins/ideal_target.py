r"""The same atoms if every coupling and the effective temperature could be set at will: ``atomic-spins-ideal``.

.. math:: r_\uparrow = \gamma e^{\theta f}, \qquad r_\downarrow = \gamma e^{-(1-\theta) f}, \qquad
          f_i = 2 \beta (h_i + \textstyle\sum_j J_{ij} s_j)

Nobody has built it; it says what the switching itself could do. Physics and sources: module ``telegraph``; numbers:
``data.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from neuromorph.cost import Cost
from neuromorph.datum import Datum
from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.protocol import as_ising, require_support
from neuromorph.rng import RNG, kernel_states, read_seeds
from neuromorph.run import Program, Run
from neuromorph.runtime.threads import single_threaded_blas
from neuromorph.sampling.schedules import geometric_ramp
from neuromorph.target_constants import own_parameters
from neuromorph.task import RecallFrom, Sample, Task
from neuromorph.trace import Trace

from .atom_costs import DATA, IDEAL_CONSTANTS, attempt_costs, attempt_rate_of
from .programmed_atoms import check_atoms, programmed_atoms
from .switching_reads import SwitchingSchedule, random_states, run_switching, trace_switching

_STEPS = 64  # temperatures of an anneal
_EQUILIBRATE = 5.0  # time at beta before a sample is taken, in times of the anneal before it
_QUENCH = 10.0  # times beta_cold: so cold that only downhill switches happen while one looks


@dataclass(frozen=True)
class AtomicSpinsIdeal:
    """Switch freely programmable atoms, an idealization.

    Couplings, effective temperature and start are free.

    Parameters
    ----------
    attempts : float
        Duration of an anneal in attempt times 1 / gamma.
    theta : float
        Where the barrier stands between the two states, 0 to 1.
    asymmetry : float
        Under a tip w_ij and w_ji are J_ij (1 +- this times a normal number).
    attempt_rate_hz : float or None
        gamma, 1/s, if you know it; None takes the range of ``data.toml``.
    constants : dict of Datum
        The table that it is priced by.

    Notes
    -----
    minimize: 64 temperatures of ``annealing.schedule``, then a quench of a tenth of the time. sample: 64 temperatures
    from hot to beta, then five times as long at beta. relax: quenched from the cue, for the time of an anneal.
    """

    attempts: float = 200.0
    theta: float = 0.5
    asymmetry: float = 0.0
    attempt_rate_hz: float | None = None
    constants: Mapping[str, Datum] = field(
        default_factory=lambda: {name: DATA[name] for name in IDEAL_CONSTANTS}, hash=False, repr=False, kw_only=True
    )

    name: ClassVar[str] = "atomic-spins-ideal"
    summary: ClassVar[str] = "the same atoms, idealised: every coupling and the temperature freely programmable"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "sample", "recall"})
    priced: ClassVar[frozenset[str]] = frozenset(IDEAL_CONSTANTS)
    read_length: ClassVar[str] = "attempts"
    forecast: ClassVar[str] = "atoms with any couplings: nobody has built them"
    limits: ClassVar[Mapping[str, Any]] = {"spins": "as many as fit into memory", "refuses": "nothing: an idealization"}

    def __post_init__(self) -> None:
        check_atoms(self)

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Hold ``problem`` exactly, with any couplings.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            The problem itself.
        """
        asked = as_ising(problem)
        notes = ["idealised: no array of atoms can be programmed freely today"]
        return programmed_atoms(self, problem, asked, asked, np.random.default_rng(rng), None, notes, {})

    @single_threaded_blas()
    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Anneal, sample or relax the atoms ``reads`` times.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Final states, with the counted events of each read.
        """
        schedule, about = self._start(program, task, reads, rng), {"parameters": own_parameters(self)}
        return run_switching(program, task, schedule, self.theta, about)

    @single_threaded_blas()
    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace the telegraph of each atom in one read, and the inverse temperature.

        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            States of the atoms and the inverse temperature against time.
        """
        schedule, about = self._start(program, task, 1, rng), {"parameters": own_parameters(self)}
        return trace_switching(
            program, task, schedule, self.theta, attempt_rate_of(self.constants, self.attempt_rate_hz), about
        )

    def _start(self, program: Program, task: Task, reads: int, rng: RNG) -> SwitchingSchedule:
        require_support(self, task)
        streams = kernel_states(read_seeds(rng, reads))
        state = program.state
        if isinstance(task, RecallFrom):
            spins = task.cues(reads, state.biases.size).copy()
            betas, shares = np.array([_QUENCH * state.cold]), np.ones(1)
        else:
            spins = random_states(streams, state.biases.size)
            # The anneal, and what follows at its end: waiting at beta, or a quench.
            if isinstance(task, Sample):
                end, last, wait = task.beta, task.beta, _EQUILIBRATE
            else:
                end, last, wait = state.cold, _QUENCH * state.cold, 0.1
            betas = np.r_[geometric_ramp(state.hot, end, _STEPS), last]
            shares = np.r_[np.full(_STEPS, 1.0 / _STEPS), wait]
        return SwitchingSchedule(spins, streams, betas, shares * self.attempts)

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return attempt_costs(
            self.constants, attempt_rate_of(self.constants, self.attempt_rate_hz), counted="forecast"
        )  # nobody has built it
