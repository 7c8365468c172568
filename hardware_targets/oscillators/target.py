r"""Coupled oscillators as an Ising machine: phases that an injected second harmonic makes binary.

.. math:: \dot\phi_i = \Delta\omega_i - K \sum_j J_{ij} \sin(\phi_i - \phi_j) - K h_i \sin \phi_i
          - K_s(t) \sin 2 \phi_i + \sqrt{2 D}\,\xi_i, \qquad s_i = \mathrm{sgn} \cos \phi_i

- minimize: from random phases; K_s rises from 0 to its end, so that phases first settle freely and then choose 0 or pi.
- recall: from phases 0 and pi of the cue, blurred by a twentieth of a cycle, with the same rise.

Frequencies of a chip differ, weights have levels, phases diffuse. The couplings are scaled so that the oscillator with
the strongest field is pulled by ``coupling`` rad a cycle over random phases of the others: the averaged equation holds
for weak couplings alone. It samples no Boltzmann distribution at a beta that one could ask for.

``compare`` hands over a netlist of LC tanks (``circuits.oscillators``): differential tanks, resistors in parallel or
crossed, a pump at twice the frequency. Its phases obey the equation with K = G / (2 C) and K_s = g_s / (4 C), at weaker
couplings over more cycles, with the same K t and K_s / K and without noise. In ngspice phases against each other stay
within .05 rad of the equation on the way to the cut of four nodes all with all, and within .35 rad on a square, whose
tanks swing more where their neighbors agree; a weaker load brings them closer (tests/hardware_targets/test_tanks.py).
A cue starts under the whole pump. ``neuromorph netlist FILE --cell lc`` writes such a netlist for any dialect.

Chips with all couplings have 48 oscillators (65 nm, weights -14 to 14; Nat. Electron. 2023, s41928-023-01021-y); more
of them with free weights are a projection. Physics and sources: module ``phase_model``; numbers: ``oscillators.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neuromorph.cost import Cost
from neuromorph.datum import Datum, invert_datum, multiply_data, read_data
from neuromorph.ising import Float, Ising
from neuromorph.problems import Problem
from neuromorph.protocol import as_ising, check_length, mapping_error, require_support
from neuromorph.rng import RNG, kernel_states, read_seeds
from neuromorph.run import Program, Run, complete_run
from neuromorph.target_constants import own_parameters
from neuromorph.task import RecallFrom, Task
from neuromorph.trace import Trace
from neuromorph.trace_recorder import Recorder

from .phase_model import PhaseNetwork, simulate_phases
from .start_values import random_uniform
from .weights import check_levels, levels_text, quantized_ising, strongest_field, weights_written

DATA = read_data(files(__package__).joinpath("oscillators.toml").read_text())
_BLUR = 0.05  # of a cycle, around the phases of a cue
_LOOKS = 4000  # at a read that is traced
_PRICED = ("frequency_hz", "oscillator_power_w", "coupling_power_w", "phase_read_j", "weight_write_j", "board_power_w")


@dataclass(frozen=True)
class Oscillators:
    """Settle the phases of coupled oscillators.

    Parameters
    ----------
    cycles : float
        Duration of a read in cycles of the oscillators.
    coupling : float
        Pull on the oscillator with the strongest field, rad a cycle.
    harmonic : float
        K_s at the end, rad a cycle.
    noise : float or None
        D, rad^2 a cycle; none takes that of ``oscillators.toml``.
    frequency_spread : float or None
        Relative standard deviation of the frequencies of a chip; none takes that of ``oscillators.toml``.
    weight_levels : int or None
        Largest weight in steps of the smallest; none: as fine as asked.
    constants : dict of Datum
        The table that it is priced by.
    """

    cycles: float = 100.0
    coupling: float = 1.0
    harmonic: float = 0.5
    noise: float | None = None
    frequency_spread: float | None = None
    weight_levels: int | None = 14
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(DATA), hash=False, repr=False, kw_only=True)

    name: ClassVar[str] = "oscillators"
    summary: ClassVar[str] = "coupled oscillators whose phases an injected second harmonic makes binary"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "recall"})
    priced: ClassVar[frozenset[str]] = frozenset(_PRICED)
    read_length: ClassVar[str] = "cycles"
    forecast: ClassVar[str] = "free couplings among more oscillators than chips have, at assumed powers: a projection"
    limits: ClassVar[Mapping[str, Any]] = {
        "spins": "as many as fit into memory",
        "refuses": "to sample: phase noise is that of the oscillators, at no temperature that is asked for",
    }

    def __post_init__(self) -> None:
        check_length("cycles", self.cycles)
        if not 0 < self.coupling < 100:
            raise ValueError(f"coupling is {self.coupling}; give a number above 0, below 100")
        for name in ("harmonic", "noise", "frequency_spread"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < 100:
                raise ValueError(f"{name} is {value}; give 0 or more, below 100")
        check_levels(self.weight_levels)

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Put ``problem`` on oscillators that ``rng`` draws.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Couplings, in levels, and the oscillators.
        """
        asked = as_ising(problem)
        held = quantized_ising(asked, self.weight_levels)
        spread = DATA["frequency_spread"].value if self.frequency_spread is None else self.frequency_spread
        detuning = 2.0 * np.pi * spread * np.random.default_rng(rng).standard_normal(held.size)
        strength = self.coupling / strongest_field(held)
        notes = (
            f"frequencies differ by {spread:.2%}; a coupling of 1 pulls by {strength:.3g} rad a cycle",
            levels_text(self.weight_levels),
        )
        network = PhaseNetwork.of_ising(held, strength, detuning)
        error = mapping_error(asked, held)
        return Program(self.name, problem, held, network, error, notes, weights_written(held), one_chip=spread > 0.0)

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Let the phases settle ``reads`` times.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Final states, with the counted events of each read.
        """
        phases, streams = self._start(program, task, reads, rng)
        done, status = simulate_phases(program.state, phases, streams, self.cycles, **self._dynamics)
        n, pairs = phases.shape[1], program.state.couplings.nnz / 2
        activity = {
            "cycles": self.cycles, "oscillator_cycles": self.cycles * n, "coupling_cycles": self.cycles * pairs,
            "phase_reads": float(n),
        }  # fmt: skip
        settled = (np.abs(np.cos(phases[:done])) > 0.5).all(axis=1)
        about = {"parameters": own_parameters(self)}
        return complete_run(
            program, task, _spins(phases[:done]), activity, converged=settled, status=status, provenance=about
        )

    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace the phases of one read.

        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            Cosine of each phase against time, and the second harmonic.
        """
        phases, streams = self._start(program, task, 1, rng)
        recorder = Recorder(program, {"cosines": ""}, columns={"cosines": "oscillator {}"}, states="")

        def look(cycles: float, now: Float) -> None:
            recorder.look(cycles, _spins(now), cosines=np.cos(now))

        network: PhaseNetwork = program.state
        every = max(1, int(self.cycles / network.longest_step(self.harmonic)) // _LOOKS)
        simulate_phases(network, phases, streams, self.cycles, **self._dynamics, observe=look, every=every)
        rate = self.constants["frequency_hz"]
        return recorder.finish(
            task,
            _spins(phases[0]),
            converged=bool((np.abs(np.cos(phases)) > 0.5).all()),
            scale=1.0 / rate.value,
            schedules={"second harmonic": ("rad/cycle", lambda cycles: self.harmonic * cycles / self.cycles)},
            first=("cosines", "second harmonic"),
            notes=[f"a cycle is {1.0 / rate.value:.3g} s ({1.0 / rate.high:.3g} to {1.0 / rate.low:.3g} s)"],
            provenance={"parameters": own_parameters(self)},
        )

    def files(self, program: Program) -> dict[str, str]:
        """Return what can be taken away: the netlist of a read in LC tanks, without noise.

        Parameters
        ----------
        program : Program
            Result of :meth:`program`.

        Returns
        -------
        dict of str to str
            Text by the name of its file.
        """
        from .. import circuits_needed  # noqa: F401  before circuits

        # isort: split
        from circuits import design_tank_array, tank_netlist
        from circuits.oscillators.tank_circuit import task_circuit

        held, network = as_ising(program.programmed or program.requested), program.state
        array = design_tank_array(held, angle=self.coupling * self.cycles, ratio=self.harmonic / self.coupling)
        slower = self.cycles / array.cycles
        circuit = task_circuit(
            program.requested, array, detuning=slower * network.detuning / (2.0 * np.pi),
            title=f"{self.name}: {held.size} LC tanks",
            comments=(f"couplings, pump and detuning are {slower:.4g} of the chip's, for more cycles", *program.notes),
        )  # fmt: skip
        return {"netlist.cir": tank_netlist(circuit)}

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        data = self.constants
        period = invert_datum(data["frequency_hz"], "s")
        ring, wire, board = (
            multiply_data(data[name], period, "J")
            for name in ("oscillator_power_w", "coupling_power_w", "board_power_w")
        )
        return (
            Cost("oscillator_cycles", "oscillators", ring, counted="forecast"),
            Cost("coupling_cycles", "couplings", wire, counted="forecast"),
            Cost("phase_reads", "phases read", data["phase_read_j"], scope="chip", counted="forecast"),
            Cost("cycles", "board: injected signal, supply, controller", board, period, "system", "forecast", True),
            Cost("weights", "weights written", data["weight_write_j"], scope="chip", counted="forecast"),
        )

    @property
    def _dynamics(self) -> dict[str, Any]:
        noise = DATA["phase_noise"].value if self.noise is None else self.noise
        return {"harmonic": (0.0, self.harmonic), "noise": noise}

    def _start(self, program: Program, task: Task, reads: int, rng: RNG) -> tuple[Float, NDArray[np.uint64]]:
        require_support(self, task)
        streams = kernel_states(read_seeds(rng, reads))
        n = program.state.pulls.size
        phases = np.empty((reads, n))
        random_uniform(phases, streams)
        if isinstance(task, RecallFrom):
            cue = np.where(task.cues(reads, n) > 0, 0.0, np.pi)
            return cue + 2.0 * np.pi * _BLUR * (2.0 * phases - 1.0), streams
        return 2.0 * np.pi * phases, streams


def _spins(phases: Float) -> NDArray[np.int8]:
    return np.where(np.cos(phases) >= 0.0, 1, -1).astype(np.int8)
