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
Source: Hopfield, PNAS 81, 3088 (1984); dopant networks: Chen et al., Nature 577, 341 (2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isqrt
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neuromorph.analog import Softassign
from neuromorph.analog.mean_field_annealing import GainRamp
from neuromorph.cost import Cost
from neuromorph.datum import Datum
from neuromorph.ising import Float, Ising
from neuromorph.problems.problem import Problem
from neuromorph.problems.tsp import Tsp
from neuromorph.protocol import DoesNotFit, as_ising, mapping_error, require_support
from neuromorph.rng import RNG, kernel_states, read_seeds
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.runtime.pieces import pieces, run_aside
from neuromorph.runtime.threads import single_threaded_blas
from neuromorph.sampling.schedules import beta_range, geometric_ramp
from neuromorph.sampling.single_spin_kernel import randomize_spins
from neuromorph.target_constants import own_parameters
from neuromorph.task import RecallFrom, Sample, Task

from ...analog_circuit.readout import Stream, largest_coupling, require_minimize
from ...memristor_crossbar.phase_change_cell import PhaseChange
from ...memristor_crossbar.target import CORE, CORES, cell_in_own_words
from .crossbar_couplings import CrossbarCouplings
from .interface_data import DATA
from .neuron_costs import CONSTANTS, NEURON_PRICED, neuron_costs
from .noise_thresholds import noise_thresholds, threshold_sweep
from .tour_dynamics import anneal_tours
from .transfer_curves import TrimmedUnits, select_trimmed_units

_GAIN = 8.0  # the input range of a unit over the swing of u
_HOT, _HOLD = 0.9, 0.1  # first gain over the critical one; last part of an anneal, at full gain and without noise
_ANNEAL_TAU, _STEP_TAU = 200.0, 0.25
_NOISE = 0.7  # sigma of mean_field_annealing
_SCATTER = 1e-3
_SETTLED, _WINDOW, _WINDOWS = 0.05, 10.0, 20  # RMS of R T V - u over the swing; window in tau; most windows
_WARM, _EQUILIBRATE = 32, 64  # sweeps from hot to beta and at beta
_BITS = 10  # bits of the converters of a firing neuron
_FLOATS = 1 << 22  # number of couplings in one batch


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
    constants : dict of Datum
        The table that it is priced by.
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
    constants: Mapping[str, Datum] = field(
        default_factory=lambda: dict(CONSTANTS), hash=False, repr=False, kw_only=True
    )

    name: ClassVar[str] = "dopant-neurons"
    summary: ClassVar[str] = "dopant networks at 77 K as neurons and noise sources, couplings in memristors"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "sample", "recall"})

    priced: ClassVar[frozenset[str]] = NEURON_PRICED

    def __post_init__(self) -> None:
        if self.couplings not in ("crossbar", "memory"):
            raise ValueError(f"couplings is {self.couplings!r}; they are in the 'crossbar' or in 'memory'")
        cell_in_own_words(self.programming_error, self.drift, self.read_noise, self.levels, self.stuck, self.age_s)
        if not 2 <= self.acceptors <= 8:
            raise ValueError(f"acceptors is {self.acceptors}; their curves are computed exactly, from 2 to 8")
        if self.integrators < 1:
            raise ValueError(f"integrators is {self.integrators}; at least one")

    @property
    def cell(self) -> PhaseChange | None:
        """Which imperfections the cells of the crossbar have; None for couplings in memory."""
        numbers = (self.programming_error, self.drift, self.read_noise, self.levels, self.stuck, self.age_s)
        return cell_in_own_words(*numbers) if self.couplings == "crossbar" else None

    @property
    def limits(self) -> dict[str, Any]:
        """The largest problems, and what is refused."""
        return {
            "spins": CORE * isqrt(CORES),
            "cities": isqrt(self.integrators),
            "refuses": "to sample or recall a tour, which it holds as a permutation",
        }

    @property
    def units(self) -> TrimmedUnits:
        """The curves of the selected units."""
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
                f"{problem.size} cities need {problem.size**2} units, there are {self.integrators}; take fewer cities"
            )
        most = CORE * isqrt(CORES)
        if problem.size > most:
            raise DoesNotFit(f"{problem.size} neurons or more; the crossbar has {most} rows: take parts of the problem")
        units = self.units
        notes = [
            f"{len(units.outputs)} kinds of unit of {self.acceptors} acceptors at 77 K, the best of {units.made} pairs "
            f"of terminals; outputs differ by {units.spread():.1%} RMS after trimming, "
            f"memory is below {1e9 / units.rates_hz.min():.2g} ns",
        ]
        if isinstance(problem, Tsp):
            n, distances = problem.size, problem.distances()
            longest = float(distances.max()) or 1.0
            couplings = CrossbarCouplings.written(distances / longest, self.cell, stream)
            error = float(
                np.linalg.norm(couplings.read() - couplings.wanted) / (np.linalg.norm(couplings.wanted) or 1.0)
            )
            notes += [f"held as a permutation: {n * n} units; {couplings.where}"]
            state = _State(couplings, longest, np.zeros(0), stream.integers(len(units.outputs), size=(n, n)))
            return Program(self.name, problem, None, state, error, tuple(notes), couplings.setup, one_chip=True)
        asked = as_ising(problem)
        if asked.size > most:
            raise DoesNotFit(f"{asked.size} neurons; the crossbar has {most} rows: take parts of the problem")
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
        state = _State(couplings, scale, asked.biases / scale, stream.integers(len(units.outputs), size=asked.size))
        error = mapping_error(asked, held)
        return Program(self.name, problem, held, state, error, tuple(notes), couplings.setup, one_chip=True)

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
        state: _State = program.state
        if program.held is None:
            require_minimize(self.name, task)
            ends = self._tours(state, seeds)
        elif isinstance(task, Sample):
            ends = self._sample(state, program.held, task.beta, seeds)
        else:
            cues = task.cues(reads, state.biases.size) if isinstance(task, RecallFrom) else None
            step = max(1, _FLOATS // state.biases.size**2)
            ends = _Ends.joined(
                *whole_parts(
                    self._settle(state, seeds[k : k + step], None if cues is None else cues[k : k + step], k, reads)
                    for k in range(0, reads, step)
                )
            )
        about = {"parameters": own_parameters(self)}
        return complete_run(
            program, task, ends.spins, ends.activity, converged=ends.settled, status=ends.status, provenance=about
        )

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return neuron_costs(self.constants)

    def _settle(
        self, state: _State, seeds: list[Stream], cues: NDArray[np.int8] | None, before: int, reads: int
    ) -> _Ends:
        """Relax from ``cues`` (reads, n), or anneal if None; ``before`` of all ``reads`` are done."""
        units, tau, n = self.units, DATA["neuron_time_constant"].value, state.biases.size
        streams = [np.random.default_rng(seed) for seed in seeds]
        w = state.couplings.of_reads(seeds)
        load = state.load
        bound = units.range_v * _GAIN
        lowest, highest = state.extreme_modes
        # a longer step would let the most negative mode overshoot
        tick = min(_STEP_TAU, 1.0 / (1.0 + max(0.0, -lowest) / highest)) if highest > 0.0 else _STEP_TAU
        blur = np.sqrt(1.0 / (2.0 * max(tick * tau, DATA["unit_integration_time"].value)))
        approach = -np.expm1(-tick)
        joules, time = np.zeros(len(seeds)), np.zeros(len(seeds))

        def step(u: Float, factor: float, kick: Float) -> Float:
            """R T V - u, and the units' energy on the way."""
            volts = bound * factor * u
            x = units.look_up(units.outputs, state.which, volts)
            x += blur * np.sqrt(units.look_up(units.noise, state.which, volts)) * kick
            joules[:] += active * units.look_up(units.powers_w, state.which, volts).sum(axis=1) * (tick * tau)
            return ((w @ x[:, :, None])[:, :, 0] + state.biases) / load - u

        active = np.ones(len(seeds))
        if cues is None:
            slope = bound * units.slope()
            critical = 1.0 / (slope * highest) if highest > 0.0 else 1.0
            steps = int(np.ceil(_ANNEAL_TAU / tick))
            course = GainRamp(min(1.0, _HOT * critical), (1.0 - _HOLD) * _ANNEAL_TAU)
            u = _SCATTER * np.array([stream.standard_normal(n) for stream in streams])
            for k, kicks in enumerate(_kicks(streams, steps, n)):
                checkpoint("annealing", before + len(seeds) * k / steps, reads)
                factor = course(k * tick)
                rest = step(u, factor, kicks[:, 0])
                u = u + approach * rest
                if k < (1.0 - _HOLD) * steps:
                    u += _NOISE * np.sqrt(2.0 * tick) / (slope * factor) * kicks[:, 1]
            time[:] = _ANNEAL_TAU * tau
            joules += time * units.powers_w[state.which, -1].sum()  # noise units, at the end of their range
            settled = np.sqrt((rest**2).mean(axis=1)) < _SETTLED
            noisy = 2
        else:
            u = cues.astype(float) / _GAIN
            settled, noisy = np.zeros(len(seeds), bool), 1
            length = int(np.ceil(_WINDOW / tick))
            for window in range(_WINDOWS):
                was, still = u > 0.0, np.ones(len(seeds), bool)
                for kicks in _kicks(streams, length, n):
                    checkpoint("settling", before + len(seeds) * window / _WINDOWS, reads)
                    rest = step(u, 1.0, kicks[:, 0])
                    u = u + (active * approach)[:, None] * rest
                    still &= ((u > 0.0) == was).all(axis=1)
                time += active * (_WINDOW * tau)
                settled |= still & (np.sqrt((rest**2).mean(axis=1)) < _SETTLED)
                active = (~settled).astype(float)
                if settled.all():
                    break
        spins = np.where(u > 0.0, 1, -1).astype(np.int8)
        activity = state.activity(time, joules, neurons=n, units=noisy * n)
        activity["da_conversions"] = np.count_nonzero(state.biases) + (0.0 if cues is None else float(n))
        return _Ends(spins, settled, activity)

    def _sample(self, state: _State, held: Ising, beta: float, seeds: list[Stream]) -> _Ends:
        units, n, window = self.units, state.biases.size, DATA["unit_integration_time"].value
        hot = min(beta_range(held)[0], beta) or beta
        betas = (
            state.scale
            * np.r_[geometric_ramp(hot, beta, _WARM) if beta > 0.0 else np.zeros(_WARM), np.full(_EQUILIBRATE, beta)]
        )
        streams = kernel_states(seeds)
        spins = np.empty((len(seeds), n), np.int8)
        randomize_spins(spins, streams)
        table = noise_thresholds(betas, state.load, _BITS)
        step = max(1, _FLOATS // n**2) if state.couplings.noisy else len(seeds)

        def fired(k: int) -> int:
            w = state.couplings.of_reads(seeds[k : k + step])
            w = (w + w.swapaxes(1, 2)) / 2.0
            mine, own = spins[k : k + step], streams[k : k + step]
            before, total = k * len(table), len(seeds) * len(table)
            for rows, sweeps in pieces(len(mine), len(table), "firing", before=before, total=total):
                each = w[rows] if len(w) > 1 else w
                threshold_sweep(each, state.biases, table[sweeps], state.load, mine[rows], own[rows])
            return len(mine)

        parts, status = whole_parts(map(fired, range(0, len(seeds), step)))
        spins = spins[: sum(parts)]
        firings = float(len(betas) * n)
        # one neuron at a time: its noise unit conducts for a window
        joules = firings * window * float(units.powers_w[state.which, -1].mean())
        activity = state.activity(np.full(len(spins), firings * window), joules, neurons=1, units=1)
        activity |= {
            "siemens_s": 2.0 * activity["siemens_s"] / n,  # a row and a column at a time
            "comparisons": firings,
            "ad_conversions": 2.0 * firings,
            "da_conversions": firings + np.count_nonzero(state.biases),
            "table_accesses": activity["table_accesses"] + firings,
        }
        return _Ends(spins, np.ones(len(spins), bool), activity, status)

    def _tours(self, state: _State, seeds: list[Stream]) -> _Ends:
        tau = DATA["neuron_time_constant"].value
        distances = state.scale * state.couplings.wanted
        held = state.scale * state.couplings.of_reads(seeds)
        window = DATA["unit_integration_time"].value
        tours, joules = anneal_tours(Softassign(distances), seeds, held, self.units, state.which, tau, window)
        n = len(distances)
        seconds = np.full(len(seeds), tours.duration_tau * tau)
        # a second unit a cell gives the noise, at the end of its range; servos of rows and columns come on top
        joules += seconds * self.units.powers_w[state.which, -1].sum()
        activity = state.activity(seconds, joules, neurons=n * n + n, units=2 * n * n)
        activity["siemens_s"] = activity["siemens_s"] * 2.0 / n
        return _Ends(tours.spins, tours.converged & tours.valid, activity)


@dataclass(frozen=True, eq=False)
class _Ends:
    spins: NDArray[np.int8]
    settled: NDArray[np.bool_]
    activity: dict[str, Any]
    status: str = "ok"

    @classmethod
    def joined(cls, parts: list[_Ends], status: str) -> _Ends:
        counts = {
            name: np.concatenate([np.broadcast_to(part.activity[name], len(part.spins)) for part in parts])
            for name in parts[0].activity
        }
        spins, settled = (np.concatenate([getattr(part, name) for part in parts]) for name in ("spins", "settled"))
        return cls(spins, settled, counts, status)


@dataclass(frozen=True, eq=False)
class _State:
    """Couplings in units of ``scale``; biases (n,) in the same; which: the kind of unit of each neuron."""

    couplings: CrossbarCouplings
    scale: float
    biases: Float
    which: NDArray[np.int64]

    @cached_property
    def load(self) -> float:
        """Lambda, the largest input of a neuron."""
        return float((abs(self.couplings.read()).sum(axis=1) + np.abs(self.biases)).max()) or 1.0

    @cached_property
    def extreme_modes(self) -> tuple[float, float]:
        """Lowest and highest eigenvalue of the couplings' symmetric part over Lambda, without the noise of reads."""
        calm = self.couplings.read()
        even = (calm + calm.T) / (2.0 * self.load)
        lowest, highest = run_aside(lambda: np.linalg.eigvalsh(even))[[0, -1]]
        return float(lowest), float(highest)

    def activity(self, seconds: Float, joules: Any, *, neurons: int, units: int) -> dict[str, Any]:
        words = float(len(self.couplings.wanted) ** 2) if self.couplings.pairs is None else 0.0
        return {
            "device_s": seconds,
            "unit_j": joules,
            "receiver_s": units * seconds,
            "driver_s": 2 * neurons * seconds,
            "siemens_s": self.couplings.siemens * seconds,
            "comparisons": float(neurons),
            "ad_conversions": 0.0,
            "da_conversions": 0.0,
            "table_accesses": words,
        }


def _kicks(streams: list[np.random.Generator], steps: int, n: int) -> Any:
    """Draw normal numbers (reads, 2, n) for each of ``steps``, many at once."""
    block = max(1, (1 << 20) // (len(streams) * n))
    for k in range(0, steps, block):
        yield from np.stack([s.standard_normal((min(block, steps - k), 2, n)) for s in streams], axis=1)
