r"""Arrays of atoms with two states, which switch at random under the fields of their neighbors.

.. math:: r_\uparrow = \gamma e^{\theta f}, \qquad r_\downarrow = \gamma e^{-(1-\theta) f}, \qquad
          f_i = 2 \beta (h_i + \textstyle\sum_j J_{ij} s_j)

- ``atomic-spins``, the physical array: couplings come from where the atoms stand and from nothing else, so only a few
  atoms can hold what is asked (module ``placement``); biases by a local gate at each atom. It samples, and that is all:
  the effective temperature belongs to atoms, bias and surface, is set once for a run and follows no schedule, and
  colder atoms switch exponentially more slowly instead of descending; writing a cue, atom by atom with the tip, is not
  modelled.
- ``atomic-spins-ideal``: the same physics if every coupling and the effective temperature could be set at will. Nobody
  has built it; it says what the switching itself could do.

Physics and sources: modules ``telegraph`` and ``placement``; numbers: ``data.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, ClassVar

import numpy as np

from neuromorph.cost import Cost
from neuromorph.datum import Datum, read_data
from neuromorph.ising import Float, Ising
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit, as_ising, mapping_error, require_support
from neuromorph.rng import RNG, kernel_states, read_seeds
from neuromorph.run import Program, Run
from neuromorph.runtime.threads import single_threaded_blas
from neuromorph.sampling.schedules import beta_range, geometric_ramp
from neuromorph.target_constants import own_parameters, refuse_both
from neuromorph.task import RecallFrom, Sample, Task
from neuromorph.trace import Trace

from .atom_costs import attempt_costs, placing_cost
from .placement import CouplingLaw, Placement, place_atoms
from .stationary import MAX_ATOMS, stationary_distribution
from .switching_reads import AtomArray, SwitchingSchedule, random_states, run_switching, trace_switching
from .telegraph import skewed

__all__ = ["AtomicSpins", "AtomicSpinsIdeal"]

DATA = read_data(files(__package__).joinpath("data.toml").read_text())
MAX_PLACED = 7  # atoms; the error of the couplings is 20 % there and grows
_STEPS = 64  # temperatures of an anneal
_EQUILIBRATE = 5.0  # time at beta before a sample is taken, in times of the anneal before it
_IDEAL = ("attempt_rate_hz", "readout_time_s", "tunnelling_power_w", "microscope_power_w")  # without positions
_QUENCH = 10.0  # times beta_cold: so cold that only downhill switches happen while one looks


@dataclass(frozen=True)
class AtomicSpins:
    """Sample with atoms that are placed on a surface.

    Parameters
    ----------
    attempts : float
        When a read is taken, in attempt times 1 / gamma after a random start.
    theta : float
        Where the barrier stands between the two states, 0 to 1.
    asymmetry : float
        Under a tip w_ij and w_ji are J_ij (1 +- this times a normal number).
    attempt_rate_hz : float or None
        gamma, 1/s, if you know it; None takes the range of ``data.toml``.
    starts : int
        Random arrangements that ``program`` tries.
    constants : dict of Datum
        The table that it is priced by.
    """

    attempts: float = 1000.0
    theta: float = 0.5
    asymmetry: float = 0.0
    attempt_rate_hz: float | None = None
    starts: int = 1024
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(DATA), hash=False, repr=False, kw_only=True)

    name: ClassVar[str] = "atomic-spins"
    summary: ClassVar[str] = f"two-state atoms placed on a surface, couplings by position: up to {MAX_PLACED}, samples"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"sample"})
    priced: ClassVar[frozenset[str]] = frozenset({*_IDEAL, "placing_time_s"})
    limits: ClassVar[Mapping[str, Any]] = {
        "spins": MAX_PLACED,
        "refuses": "to minimize and to recall: the temperature follows no schedule, and writing a cue is not modelled",
    }

    def __post_init__(self) -> None:
        _check(self)

    @single_threaded_blas()
    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Place atoms; raise DoesNotFit for more spins than positions can couple.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Positions of the atoms, and their couplings.
        """
        if problem.size > MAX_PLACED:  # a problem has at least as many spins as its own size: do not build them
            raise _too_many(f"{problem.size} or more")
        asked = as_ising(problem)
        if asked.size > MAX_PLACED:
            raise _too_many(str(asked.size))
        generator = np.random.default_rng(rng)
        wanted = asked.dense_couplings()
        notes = ["biases by a local gate at each atom"]
        placement, held = None, asked
        if wanted.any():
            placement = place_atoms(wanted, CouplingLaw.of(DATA), generator, self.starts)
            held = Ising(placement.scale * placement.couplings, asked.biases, asked.offset)
            notes.append(
                f"positions chosen among {2 * asked.size - 2} coordinates for {asked.size * (asked.size - 1) // 2} "
                f"couplings; kT_eff is {1.0 / placement.scale:.3g} meV / beta; the coupling law is illustrative"
            )
        return _program(self, problem, asked, held, generator, placement, notes, {"atoms_placed": asked.size})

    @single_threaded_blas()
    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Read every atom once, ``attempts`` attempt times after a random start.

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
        """Trace the telegraph of each atom in one read.

        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            States of the atoms against time.
        """
        schedule, about = self._start(program, task, 1, rng), {"parameters": own_parameters(self)}
        return trace_switching(program, task, schedule, self.theta, _attempt_rate(self), about)

    def _start(self, program: Program, task: Task, reads: int, rng: RNG) -> SwitchingSchedule:
        require_support(self, task)
        streams = kernel_states(read_seeds(rng, reads))
        spins = random_states(streams, program.state.biases.size)
        betas = np.array([task.beta]) if isinstance(task, Sample) else np.empty(0)
        return SwitchingSchedule(spins, streams, betas, np.array([self.attempts]))

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return (*attempt_costs(self.constants, _attempt_rate(self)), placing_cost(self.constants))


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
        default_factory=lambda: {name: DATA[name] for name in _IDEAL}, hash=False, repr=False, kw_only=True
    )

    name: ClassVar[str] = "atomic-spins-ideal"
    summary: ClassVar[str] = "the same atoms, idealised: every coupling and the temperature freely programmable"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "sample", "recall"})
    priced: ClassVar[frozenset[str]] = frozenset(_IDEAL)
    read_length: ClassVar[str] = "attempts"
    forecast: ClassVar[str] = "atoms with any couplings: nobody has built them"
    limits: ClassVar[Mapping[str, Any]] = {"spins": "as many as fit into memory", "refuses": "nothing: an idealization"}

    def __post_init__(self) -> None:
        _check(self)

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
        return _program(self, problem, asked, asked, np.random.default_rng(rng), None, notes, {})

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
        return trace_switching(program, task, schedule, self.theta, _attempt_rate(self), about)

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
        return attempt_costs(self.constants, _attempt_rate(self), counted="forecast")  # nobody has built it


def _program(
    device: AtomicSpins | AtomicSpinsIdeal,
    problem: Ising | Problem,
    asked: Ising,
    held: Ising,
    rng: np.random.Generator,
    placement: Placement | None,
    notes: list[str],
    setup: Mapping[str, float],
) -> Program:
    w = skewed(held.sparse_couplings(), device.asymmetry, rng)
    error = mapping_error(asked, held)
    if device.asymmetry:
        # The part of w that no energy describes is orthogonal to the rest: squares add.
        lost = float(abs(w - held.sparse_couplings()).power(2).sum()) / 2.0
        scale = float(asked.sparse_couplings().power(2).sum()) / 2.0 + float((asked.biases**2).sum())
        error = float(np.hypot(error, np.sqrt(lost / scale))) if scale else error
        notes = [*notes, "w is not symmetric: its states follow no Boltzmann distribution; held is its symmetric part"]

    def sampled(beta: float) -> Float:
        return stationary_distribution(w, held.biases, beta, device.theta)

    own = sampled if device.asymmetry and held.size <= MAX_ATOMS else None
    state = AtomArray(w, held.biases.copy(), *beta_range(held), placement)
    drawn = placement is not None or device.asymmetry > 0.0
    return Program(device.name, problem, held, state, error, tuple(notes), setup, one_chip=drawn, sampled=own)


def _check(device: AtomicSpins | AtomicSpinsIdeal) -> None:
    if not (np.isfinite(device.attempts) and device.attempts > 0):
        raise ValueError(f"attempts is {device.attempts}; it must be finite and positive")
    if not 0.0 <= device.theta <= 1.0:
        raise ValueError(f"theta is {device.theta}; the barrier stands between the two states: 0 to 1")
    if not (np.isfinite(device.asymmetry) and device.asymmetry >= 0):
        raise ValueError(f"asymmetry is {device.asymmetry}; it must be finite and not negative")
    rate = device.attempt_rate_hz
    if rate is not None and not (np.isfinite(rate) and rate > 0):
        raise ValueError(f"attempt_rate_hz is {rate}; it must be finite and positive")
    refuse_both(device.constants, DATA, "attempt_rate_hz", "attempt_rate_hz", rate)


def _too_many(spins: str) -> DoesNotFit:
    return DoesNotFit(
        f"{spins} spins; positions of atoms cannot set the couplings of more than {MAX_PLACED}: "
        "atomic-spins-ideal (an idealisation, freely programmable) would hold it"
    )


def _attempt_rate(device: AtomicSpins | AtomicSpinsIdeal) -> Datum:
    given = device.attempt_rate_hz
    if given is None:
        return device.constants["attempt_rate_hz"]
    return Datum(given, "1/s", given, given, "assumed", "attempt_rate_hz, as given by the user")
