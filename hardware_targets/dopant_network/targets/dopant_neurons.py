r"""Neurons made of dopant units, couplings in a crossbar.

.. math:: \tau \dot u_i = \tfrac{1}{\Lambda} \Big(\sum_j W_{ij} (x_j + \eta_j) + b_i\Big) - u_i + \zeta_i, \qquad
          x_i = g_i(k(t)\, u_i), \qquad \Lambda = \max_i \Big(\sum_j |W_{ij}| + |b_i|\Big)

A dopant network cannot hold couplings that are asked for: its own are fixed by where its acceptors stand. Here it does
what it can. g_i is the trimmed curve of unit i, a sigmoid (``transfer_curves``), eta the hopping noise in the window in
which its current is collected, and W is read from phase-change cells, with their errors, or from a memory.

- relax: from the cue at full gain, until no neuron turns any more.
- minimize: k rises as in ``mean_field_annealing``; zeta is amplified current noise of a second unit a neuron. A ``Tsp``
  is held as a permutation: module ``tour_dynamics``.
- sample: neurons one after another, each firing if its field beats the charge that went through its noise unit in one
  window (module ``noise_thresholds``). A crossbar conducts both ways: the field is the mean of what comes along the
  neuron's row and its column, since W whose two cells of a pair of neurons differ would sample no exp(-beta E) at all.

Energy: sum V_k I_k of the units as simulated, amplifiers, cells, converters. Units are at 77 K: the cooler is counted.
``dopant_neurons_300k`` takes units at room temperature instead (``space_charge_units``): the same network, no cooler.
How many of the units conduct by activation, as Si:B does, is told with every program (``zero_bias_conductance``).
Source: Hopfield, PNAS 81, 3088 (1984); dopant networks: Chen et al., Nature 577, 341 (2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isqrt
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neuromorph.analog import Softassign
from neuromorph.cost import Cost
from neuromorph.datum import Datum
from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.problems.tsp import Tsp
from neuromorph.protocol import DoesNotFit, as_ising, mapping_error, require_support
from neuromorph.rng import RNG, read_seeds
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.limits import whole_parts
from neuromorph.runtime.threads import single_threaded_blas
from neuromorph.target_constants import own_parameters
from neuromorph.task import RecallFrom, Sample, Task
from neuromorph.trace import Trace

from ...analog_circuit.ising_network import largest_coupling
from ...analog_circuit.read_trace import TourObserver, trace_tour
from ...analog_circuit.readout import Stream, require_minimize
from ...memristor_crossbar.asked_cell import cell_in_own_words
from ...memristor_crossbar.chip_arrays import CORES
from ...memristor_crossbar.phase_change_cell import PhaseChange
from ...memristor_crossbar.tiled_array import CORE
from ..transport.zero_bias_conductance import summarize_regimes
from .crossbar_couplings import CrossbarCouplings
from .kept_units import ACCEPTORS, WAFER, kept_units
from .neuron_costs import CONSTANTS, NEURON_PRICED, WARM_CONSTANTS, WARM_PRICED, neuron_costs
from .neuron_dynamics import sample_neurons, settle_neurons
from .neuron_state import BATCH_COUPLINGS, NeuronReads, NeuronState
from .neuron_trace import FiringRecorder, SettlingRecorder
from .space_charge_units import select_space_charge_units
from .tour_dynamics import anneal_tours
from .trimmed_units import TrimmedUnits

_ROWS = CORE * isqrt(CORES)  # of the crossbar


@dataclass(frozen=True)
class DopantNeurons:
    """Take dopant units as neurons, and hold couplings in a crossbar or in a memory.

    Parameters
    ----------
    couplings : {"crossbar", "memory"}
        Where couplings are: in phase-change cells, or in a digital memory, exactly.
    levels : int or None
        Conductance levels of a cell in 0 .. G_max; none: continuous.
    programming_error : float or on/off
        Factor on the measured spread of programmed conductances; off: none.
    drift : float or on/off
        Factor on the measured drift exponents; off: none.
    read_noise : float or on/off
        Factor on the measured 1/f noise of each read; off: none.
    stuck : float
        Fraction of cells that do not move, half of them off, half at G_max.
    age_s : float
        Time between programming and the reads, s.
    integrators : int
        Cells of a tour (city and position) that there are units for.
    acceptors : int
        Acceptors in each unit, 2 to 8; their curves are computed once, 8 take seconds.
    wafer : int
        Seed of the units that were made; 12 kinds are kept and used over and over.
    unit : {"hopping", "space-charge"}
        Physics of the units: 77 K, or 300 K, where ``acceptors`` says nothing.
    constants : dict of Datum
        The table that it is priced by; none given: that of its units.
    """

    couplings: Literal["crossbar", "memory"] = "crossbar"
    levels: int | None = PhaseChange.levels
    programming_error: float | bool = 1.0
    drift: float | bool = 1.0
    read_noise: float | bool = 1.0
    stuck: float = 0.0
    age_s: float = PhaseChange.age_s
    integrators: int = 1024
    acceptors: int = 6
    wafer: int = 0
    unit: Literal["hopping", "space-charge"] = field(default="hopping", kw_only=True)
    constants: Mapping[str, Datum] = field(default_factory=dict, hash=False, repr=False, kw_only=True)

    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "sample", "recall"})

    def __post_init__(self) -> None:
        if not self.constants:
            object.__setattr__(self, "constants", dict(WARM_CONSTANTS if self.warm else CONSTANTS))
        if self.couplings not in ("crossbar", "memory"):
            raise ValueError(f"couplings is {self.couplings!r}; they are in the 'crossbar' or in 'memory'")
        cell_in_own_words(self.programming_error, self.drift, self.read_noise, self.levels, self.stuck, self.age_s)
        if not 2 <= self.acceptors <= 8:
            raise ValueError(f"acceptors is {self.acceptors}; their curves are computed exactly, from 2 to 8")
        if self.integrators < 1:
            raise ValueError(f"integrators is {self.integrators}; at least one")

    @property
    def warm(self) -> bool:
        """Whether the units are at room temperature."""
        return self.unit == "space-charge"

    @property
    def name(self) -> str:
        """Name of the target."""
        return "dopant-neurons-300k" if self.warm else "dopant-neurons"

    @property
    def summary(self) -> str:
        """One line about it."""
        at = "silicon units at 300 K" if self.warm else "dopant networks at 77 K"
        return f"{at} as neurons and noise sources, couplings in memristors"

    @property
    def priced(self) -> frozenset[str]:
        """Constants that decide time and energy, but no read."""
        return WARM_PRICED if self.warm else NEURON_PRICED

    @property
    def cell(self) -> PhaseChange | None:
        """Which imperfections the cells of the crossbar have; None for couplings in memory."""
        numbers = (self.programming_error, self.drift, self.read_noise, self.levels, self.stuck, self.age_s)
        return cell_in_own_words(*numbers) if self.couplings == "crossbar" else None

    @property
    def limits(self) -> dict[str, Any]:
        """The largest problems, and what is refused."""
        return {
            "spins": _ROWS,
            "cities": isqrt(self.integrators),
            "refuses": "to sample or recall a tour, which it holds as a permutation",
        }

    @property
    def units(self) -> TrimmedUnits:
        """The curves of the selected units."""
        if self.warm:
            return select_space_charge_units(self.wafer)
        if (self.acceptors, self.wafer) == (ACCEPTORS, WAFER):
            return kept_units()
        from .transfer_curves import select_trimmed_units  # with all that makes and solves a device

        return select_trimmed_units(acceptors=self.acceptors, seed=self.wafer)

    @single_threaded_blas()
    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Program the couplings of ``problem``; raise DoesNotFit if it is too large.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Couplings of the crossbar.
        """
        stream = np.random.default_rng(read_seeds(rng, 1)[0])
        tour = isinstance(problem, Tsp)
        if tour and problem.size**2 > self.integrators:
            raise DoesNotFit(
                f"{problem.size} cities need {problem.size**2} units, there are {self.integrators}; take tours of "
                f"{isqrt(self.integrators)} cities at most, or {self.name}(integrators={problem.size**2})"
            )
        if problem.size > _ROWS:
            raise _too_many(f"{problem.size} neurons or more")
        units = self.units
        notes = [
            f"{len(units.outputs)} kinds of unit {self._made}; "
            f"outputs differ by {units.spread():.1%} RMS after trimming, "
            f"memory is below {1e9 / units.rates_hz.min():.2g} ns",
        ]
        if units.regimes:
            notes.append(f"conduction at zero bias: {summarize_regimes(units.regimes)}")
        if isinstance(problem, Tsp):
            n, distances = problem.size, problem.distances()
            longest = float(distances.max()) or 1.0
            couplings = CrossbarCouplings.written(distances / longest, self.cell, stream)
            error = float(
                np.linalg.norm(couplings.read() - couplings.wanted) / (np.linalg.norm(couplings.wanted) or 1.0)
            )
            notes += [f"held as a permutation: {n * n} units; {couplings.where}"]
            state = NeuronState(couplings, longest, np.zeros(0), stream.integers(len(units.outputs), size=(n, n)))
            about = {"units": n * n, "kinds_of_unit": len(units.outputs)}
            return Program(
                self.name, problem, None, state, error, tuple(notes), couplings.setup, one_chip=True, provenance=about
            )
        asked = as_ising(problem)
        if asked.size > _ROWS:
            raise _too_many(f"{asked.size} neurons")
        scale = largest_coupling(asked)
        couplings = CrossbarCouplings.written(asked.dense_couplings() / scale, self.cell, stream)
        off = scale * (couplings.read() - couplings.wanted)
        np.fill_diagonal(off, 0.0)  # A sneak current there is a neuron's own current, not a coupling.
        held = Ising(asked.dense_couplings() + (off + off.T) / 2.0, asked.biases, asked.offset)
        lost = float(np.linalg.norm(off - off.T) / 2.0 / (np.linalg.norm(asked.dense_couplings()) or 1.0))
        notes += [
            f"{couplings.where}; held is the symmetric part, the antisymmetric one is {lost:.2%} of the couplings; "
            "to sample, rows and columns are read and averaged"
        ]
        state = NeuronState(
            couplings, scale, asked.biases / scale, stream.integers(len(units.outputs), size=asked.size)
        )
        error = mapping_error(asked, held)
        about = {"units": asked.size, "kinds_of_unit": len(units.outputs)}
        return Program(
            self.name, problem, held, state, error, tuple(notes), couplings.setup, one_chip=True, provenance=about
        )

    @single_threaded_blas()
    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Relax, anneal or sample the neurons ``reads`` times.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Final states, with the counted events of each read.
        """
        require_support(self, task)
        seeds = read_seeds(rng, reads)
        state: NeuronState = program.state
        if program.programmed is None:
            require_minimize(self.name, task)
            ends = self._tours(state, seeds)
        elif isinstance(task, Sample):
            ends = sample_neurons(self.units, state, program.programmed, task.beta, seeds)
        else:
            cues = task.cues(reads, state.biases.size) if isinstance(task, RecallFrom) else None
            step = max(1, BATCH_COUPLINGS // state.biases.size**2)
            ends = NeuronReads.joined(
                *whole_parts(
                    settle_neurons(
                        self.units, state, seeds[k : k + step], None if cues is None else cues[k : k + step], k, reads
                    )
                    for k in range(0, reads, step)
                )
            )
        about = {"parameters": self._parameters}
        return complete_run(
            program, task, ends.spins, ends.activity, converged=ends.settled, status=ends.status, provenance=about
        )

    @single_threaded_blas()
    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace outputs, potentials and gain of one read; of a sample the neurons that fire.

        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            Course of the read against time.
        """
        require_support(self, task)
        seeds, about = read_seeds(rng, 1), {"parameters": self._parameters}
        state: NeuronState = program.state
        if program.programmed is None:
            require_minimize(self.name, task)

            def anneal(observe: TourObserver) -> tuple[NDArray[np.int8], bool]:
                ends = self._tours(state, seeds, observe)
                return ends.spins[0], bool(ends.settled[0])

            system = Softassign(state.scale * state.couplings.wanted)
            seconds = system.duration_tau * self.units.tau_s
            return trace_tour(program, task, system, seconds, about, anneal)
        if isinstance(task, Sample):
            held, beta = program.programmed, task.beta
            firing = FiringRecorder(program)
            return firing.finish(task, sample_neurons(self.units, state, held, beta, seeds, firing).spins[0], about)
        cues = task.cues(1, state.biases.size) if isinstance(task, RecallFrom) else None
        settling = SettlingRecorder(program)
        ends = settle_neurons(self.units, state, seeds, cues, 0, 1, settling)
        return settling.finish(task, ends.spins[0], bool(ends.settled[0]), about)

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return neuron_costs(self.constants)

    @property
    def _made(self) -> str:
        """How the units were chosen, and at what temperature they work."""
        if self.warm:
            return f"at 300 K, of {self.units.made} whose fixed charges differ; driven by a current"
        return f"of {self.acceptors} acceptors at 77 K, the best of {self.units.made} pairs of terminals"

    @property
    def _parameters(self) -> dict[str, Any]:
        return {name: each for name, each in own_parameters(self).items() if not (self.warm and name == "acceptors")}

    def _tours(self, state: NeuronState, seeds: list[Stream], observe: TourObserver | None = None) -> NeuronReads:
        tau, window = self.units.tau_s, self.units.window_s
        distances = state.scale * state.couplings.wanted
        held = state.scale * state.couplings.of_reads(seeds)
        tours, joules = anneal_tours(Softassign(distances), seeds, held, self.units, state.which, tau, window, observe)
        n = len(distances)
        seconds = np.full(len(seeds), tours.duration_tau * tau)
        # a second unit a cell gives the noise, at the end of its range; servos of rows and columns come on top
        joules += seconds * self.units.powers_w[state.which, -1].sum()
        activity = state.activity(seconds, joules, neurons=n * n + n, units=2 * n * n)
        activity["siemens_s"] = activity["siemens_s"] * 2.0 / n
        activity["updates"] = n * n * seconds / tau
        return NeuronReads(tours.spins, tours.converged & tours.valid, activity)


def _too_many(neurons: str) -> DoesNotFit:
    return DoesNotFit(f"{neurons}; the crossbar has {_ROWS} rows: take parts of the problem, {_ROWS} spins at most")
