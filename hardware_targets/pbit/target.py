r"""Networks of p-bits: stochastic magnetic junctions that each fluctuate between -1 and +1, steered by the others.

.. math:: m_i \leftarrow \mathrm{sgn}\bigl(\tanh(a_i (I_i + o_i)) + U(-1, 1)\bigr), \qquad
          I_i = \beta \Bigl(h_i + \sum_j J_{ij} m_j\Bigr)

each at random times of mean distance tau_i (asynchronous, Gibbs sampling without a clock), or all at once on a clock,
which has another equilibrium (module ``equilibrium``). A spread of slopes a_i and offsets o_i over the junctions of a
chip is an asymmetric w_ij = a_i J_ij: no energy describes its states, and the program states what it samples where that
can be enumerated. Synapses see flips after a delay; weights have some bits.

- minimize: 64 betas in equal ratios over nine tenths of the time, the rest at the last one; the state that is there at
  the end is read, whatever was visited before.
- sample: half the time from hot to beta, then all of it at beta.
- recall: from the cue, ten times colder than the end of an anneal.
- a ``Polynomial`` is held as it is, with terms of any order (synapses of three and four p-bits), without the variables
  that make it quadratic: 945 = 63 x 15 takes 8 p-bits.

Eight junctions with a synapse in a microcontroller were built (Borders et al., Nature 573, 390, 2019), and junctions
that only draw the random numbers of an FPGA (Nat. Commun. 15, 2685, 2024); larger arrays are a projection.
Physics and sources: modules ``junctions`` and ``p_bit_kernel``; numbers: ``pbits.toml``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from neuromorph.cost import Cost
from neuromorph.datum import Datum, read_data
from neuromorph.ising import Float, Ising
from neuromorph.problems import Polynomial, Problem
from neuromorph.protocol import as_ising, check_length, mapping_error, require_support
from neuromorph.rng import RNG, kernel_states, read_seeds
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.threads import single_threaded_blas
from neuromorph.sampling.schedules import beta_range, geometric_ramp
from neuromorph.sampling.single_spin_kernel import randomize_spins
from neuromorph.target_constants import own_parameters, refuse_both
from neuromorph.task import RecallFrom, Sample, Task
from neuromorph.trace import Trace
from neuromorph.trace_recorder import Recorder

from .equilibrium import MAX_SOLVED, little_distribution, stationary_states
from .junctions import Junctions, draw_junctions, voltage_reach
from .p_bit_costs import p_bit_costs
from .p_bit_reads import PBitChip, PBitSchedule, simulate_p_bits
from .spin_terms import SpinTerms

DATA = read_data(files(__package__).joinpath("pbits.toml").read_text())
_STEPS = 64  # temperatures of an anneal
_LAST = 0.1  # of its time is spent at the last one
_COLDER = 10.0  # times the end of an anneal, from a cue
_LOOKS = 20_000  # at a read that is traced
_PRICED = ("dwell_time_s", "p_bit_power_w", "addition_energy_j", "conversion_energy_j", "weight_write_energy_j")


@dataclass(frozen=True)
class PBits:
    """Anneal, sample and recall with stochastic junctions.

    Parameters
    ----------
    dwells : float
        Duration of an anneal in dwell times: redraws of each p-bit.
    update : str
        "asynchronous", each p-bit at its own random times, or "synchronous", all at once on a clock.
    weight_bits : int or None
        Bits of a weight with its sign; none: as fine as asked, a synapse in a microcontroller.
    synapse_delay : float
        Time until a flip has an effect on the others, in dwell times.
    slope_spread, offset_spread, barrier_spread : float or None
        Standard deviations over a chip: of ln a, of o in units of the input, of the barriers in kT; none takes those of
        ``pbits.toml``.
    compensation : float or None
        Share of a change of the barrier that the prefactor takes back; none takes that of ``pbits.toml``.
    dwell_time_s : float or None
        tau, s, if you know it; none takes the range of ``pbits.toml``.
    slope_v, middle_v, swing_v : float or None
        V_0, V_50 and V_s of junctions that a voltage drives: an input of 1 is V_0, an even p-bit takes V_50 (none: half
        of V_s), and inputs beyond 0 .. V_s are cut. Give V_0 and V_s of a measured device; none: inputs have no limits.
    constants : dict of Datum
        The table that it is priced by.
    """

    dwells: float = 200.0
    update: Literal["asynchronous", "synchronous"] = "asynchronous"
    weight_bits: int | None = None
    synapse_delay: float = 0.0
    slope_spread: float | None = None
    offset_spread: float | None = None
    barrier_spread: float | None = None
    compensation: float | None = None
    dwell_time_s: float | None = None
    slope_v: float | None = None
    middle_v: float | None = None
    swing_v: float | None = None
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(DATA), hash=False, repr=False, kw_only=True)

    name: ClassVar[str] = "p-bits"
    summary: ClassVar[str] = "stochastic magnetic junctions that flip at random, steered by the others: p-bits"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "sample", "recall"})
    priced: ClassVar[frozenset[str]] = frozenset({*_PRICED, "board_power_w"})
    read_length: ClassVar[str] = "dwells"
    forecast: ClassVar[str] = "arrays of more than the 8 junctions of 2019 with free weights: a projection"
    limits: ClassVar[Mapping[str, Any]] = {"spins": "as many as fit into memory", "refuses": "nothing"}

    def __post_init__(self) -> None:
        check_length("dwells", self.dwells)
        if self.update not in ("asynchronous", "synchronous"):
            raise ValueError(f"update is {self.update!r}; give asynchronous or synchronous")
        if self.weight_bits is not None and not 2 <= self.weight_bits <= 32:
            raise ValueError(f"weight_bits is {self.weight_bits}; give 2 to 32, or none for weights as asked")
        if not 0 <= self.synapse_delay <= 1000:
            raise ValueError(f"synapse_delay is {self.synapse_delay}; give 0 to 1000 dwell times")
        if self.synapse_delay and self.update == "synchronous":
            raise ValueError(
                f"synapse_delay is {self.synapse_delay} on a clock; a clock waits for synapses: leave it out"
            )
        for name in ("slope_spread", "offset_spread", "barrier_spread", "compensation"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and 0 <= value <= (1 if name == "compensation" else 10)):
                raise ValueError(
                    f"{name} is {value}; give a number from 0 to {1 if name == 'compensation' else 10}, or none"
                )
        if self.dwell_time_s is not None and not (math.isfinite(self.dwell_time_s) and self.dwell_time_s > 0):
            raise ValueError(f"dwell_time_s is {self.dwell_time_s}; it must be finite and positive")
        refuse_both(self.constants, DATA, "dwell_time_s", "dwell_time_s", self.dwell_time_s)
        voltage_reach(self.slope_v, self.middle_v, self.swing_v)

    @single_threaded_blas()
    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Put ``problem`` on the junctions that ``rng`` draws.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            The weights, and the junctions that they steer.
        """
        generator = np.random.default_rng(rng)
        if isinstance(problem, Polynomial):
            asked, terms = None, SpinTerms.of_polynomial(problem)
            hot, cold = terms.beta_range()
            native = ", ".join(f"{count} of order {k}" for k, count in enumerate(np.bincount(terms.orders)) if count)
            notes = [f"terms held as they are: {native or 'none'}"]
        else:
            asked = as_ising(problem)
            terms = SpinTerms.of_ising(asked)
            hot, cold = beta_range(asked)
            notes = []
        held = replace(terms, values=self._quantized(terms.values))
        chip = PBitChip(held, self._draw(terms.size, generator), min(hot, cold), cold)
        notes += self._notes(chip.junctions)
        setup = {"weights": float(terms.values.size)}
        drawn = not chip.junctions.alike or bool(np.ptp(chip.junctions.dwells))
        if asked is None:
            scale = float(np.sqrt((terms.values**2).sum())) or 1.0
            error = float(np.sqrt(((held.values - terms.values) ** 2).sum())) / scale
            return Program(self.name, problem, None, chip, error, tuple(notes), setup, one_chip=drawn)
        programmed, error = _as_held(asked, held, chip.junctions)
        return Program(
            self.name, problem, programmed, chip, error, tuple(notes), setup, one_chip=drawn,
            sampled=self._statement(chip, programmed),
        )  # fmt: skip

    @single_threaded_blas()
    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Let the p-bits fluctuate ``reads`` times, and read their states at the end.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Final states, with the counted events of each read.
        """
        schedule = self._start(program, task, reads, rng)
        counts = simulate_p_bits(program.state, schedule, **self._dynamics)
        duration, n = float(schedule.durations.sum()), program.state.terms.size
        spins = _all_variables(program.requested, schedule.spins[: len(counts.flips)])
        activity: dict[str, Any] = {
            "dwells": duration, "p_bit_dwells": duration * n, "updates": counts.attempts, "flips": counts.flips,
            "additions": counts.additions,
        }  # fmt: skip
        about = {"parameters": own_parameters(self)}
        return complete_run(program, task, spins, activity, status=counts.status, provenance=about)

    @single_threaded_blas()
    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace the telegraph of each p-bit in one read, and the inverse temperature.

        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            States of the p-bits and the inverse temperature against time.
        """
        schedule = self._start(program, task, 1, rng)
        varies = bool(np.ptp(schedule.betas) > 0.0)
        recorder = Recorder(
            program, {"inverse temperature": "1/energy"} if varies else {}, states="p-bits", state="p-bit {}"
        )

        def look(time: float, beta: float, now: NDArray[np.int8]) -> None:
            spins = _all_variables(program.requested, now[None])[0]
            recorder.look(time, spins, **({"inverse temperature": beta} if varies else {}))

        every = max(1, int(schedule.durations.sum() * program.state.terms.size) // _LOOKS)
        simulate_p_bits(program.state, schedule, **self._dynamics, observe=look, every=every)
        tau = self._dwell
        notes = [f"a dwell time is {tau.value:.3g} s ({tau.low:.3g} to {tau.high:.3g} s)"]
        if every > 1:
            notes.append(f"looked at after every {every} draws")
        spins = _all_variables(program.requested, schedule.spins)[0]
        return recorder.finish(
            task, spins, scale=tau.value, notes=notes, provenance={"parameters": own_parameters(self)}
        )

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return p_bit_costs(self.constants, self._dwell)

    @property
    def _dwell(self) -> Datum:
        given = self.dwell_time_s
        if given is None:
            return self.constants["dwell_time_s"]
        return Datum(given, "s", given, given, "assumed", "dwell_time_s, as given by the user")

    @property
    def _dynamics(self) -> dict[str, Any]:
        return {"delay": self.synapse_delay, "synchronous": self.update == "synchronous"}

    def _number(self, name: str) -> float:
        given = getattr(self, name)
        return DATA[name].value if given is None else float(given)

    def _draw(self, n: int, rng: np.random.Generator) -> Junctions:
        barrier = math.log(DATA["dwell_time_s"].value / DATA["prefactor_s"].value)
        names = ("barrier_spread", "compensation", "slope_spread", "offset_spread")
        numbers = {name: self._number(name) for name in names}
        reach = voltage_reach(self.slope_v, self.middle_v, self.swing_v)
        return draw_junctions(n, rng, barrier=barrier, reach=reach, **numbers)

    def _quantized(self, values: Float) -> Float:
        if self.weight_bits is None or not values.size:
            return values
        step = float(np.abs(values).max()) / (2 ** (self.weight_bits - 1) - 1)
        return np.asarray(np.round(values / step) * step)

    def _notes(self, junctions: Junctions) -> list[str]:
        shown = junctions.dwells
        notes = [
            f"junctions of the chip: barriers {junctions.barriers.min():.1f} to {junctions.barriers.max():.1f} kT, "
            f"dwell times {shown.min():.2f} to {shown.max():.2f} of the nominal one"
        ]
        least, largest = junctions.reach
        if math.isfinite(largest):
            notes.append(f"voltages give inputs from {least:.3g} to {largest:.3g}; what is beyond is cut")
        if not junctions.alike:
            notes.append(
                "junctions are not alike, or cut inputs: states follow no Boltzmann distribution; held is a mean"
            )
        if self.update == "synchronous":
            notes.append("all p-bits at once: equilibrium is that of Little, not exp(-beta E)")
        if self.synapse_delay:
            notes.append(f"synapses are {self.synapse_delay:g} dwell times late: the more, the more as on a clock")
        return notes

    def _statement(self, chip: PBitChip, held: Ising) -> Any:
        clocked, few = self.update == "synchronous", held.size <= MAX_SOLVED
        if few and not (chip.junctions.alike and not clocked):
            return lambda beta: stationary_states(chip.terms, chip.junctions, beta, clocked)
        if clocked and chip.junctions.alike:
            return lambda beta: little_distribution(held, beta)
        return None

    def _start(self, program: Program, task: Task, reads: int, rng: RNG) -> PBitSchedule:
        require_support(self, task)
        streams = kernel_states(read_seeds(rng, reads))
        chip: PBitChip = program.state
        n = chip.terms.size
        spins = np.empty((reads, n), np.int8)
        if isinstance(task, RecallFrom):
            asked = program.requested
            whole = n if isinstance(asked, Ising) else asked.ising().size
            spins[:] = task.cues(reads, whole)[:, :n]
            return PBitSchedule(spins, streams, np.array([_COLDER * chip.cold]), np.array([self.dwells]))
        randomize_spins(spins, streams)
        if isinstance(task, Sample):
            end, ramp, wait = task.beta, 0.5, 1.0
        else:
            end, ramp, wait = chip.cold, 1.0 - _LAST, _LAST
        betas = np.r_[geometric_ramp(chip.hot, end, _STEPS), end]
        return PBitSchedule(spins, streams, betas, self.dwells * np.r_[np.full(_STEPS, ramp / _STEPS), wait])


def _as_held(asked: Ising, terms: SpinTerms, junctions: Junctions) -> tuple[Ising, float]:
    """Return the symmetric part of what a chip holds in the units of what was asked, and the mapping error of all."""
    orders, a = terms.orders, junctions.slopes
    pairs = terms.members.reshape(-1)[np.repeat(orders == 2, orders)].reshape(-1, 2)
    singles = terms.members[np.repeat(orders == 1, orders)]
    biases = np.zeros(asked.size)
    biases[singles] = a[singles] * terms.values[orders == 1]
    from scipy import sparse

    j = terms.values[orders == 2]
    mean = (a[pairs[:, 0]] + a[pairs[:, 1]]) / 2.0 * j
    upper = sparse.coo_array((mean, (pairs[:, 0], pairs[:, 1])), shape=(asked.size, asked.size))
    held = Ising(sparse.csr_array(upper + upper.T), biases, asked.offset)
    # The part of w that no energy describes is orthogonal to the rest: squares add.
    lost = float((((a[pairs[:, 0]] - a[pairs[:, 1]]) / 2.0 * j) ** 2).sum())
    scale = float((asked.sparse_couplings().power(2)).sum()) / 2.0 + float((asked.biases**2).sum())
    error = mapping_error(asked, held)
    return held, float(np.hypot(error, np.sqrt(lost / scale))) if scale else error


def _all_variables(problem: Any, spins: NDArray[np.int8]) -> NDArray[np.int8]:
    """Add the variables that stand for products, with the values that they should have."""
    if not isinstance(problem, Polynomial):
        return spins
    up = [column for column in (spins > 0).T]
    for i, j, _ in problem.products:
        up.append(up[i] & up[j])
    return np.where(np.stack(up, axis=1), 1, -1).astype(np.int8)
