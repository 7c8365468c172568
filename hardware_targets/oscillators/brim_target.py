r"""BRIM: bistable nodes with resistors between them, whose voltages choose a sign while the gain rises.

.. math:: C \dot V_i = \sum_j G_{ij} (\sigma_{ij} V_j - V_i) + |h_i| G (\sigma_i V_s - V_i)
          - g(t) V_i \Bigl(\frac{V_i^2}{V_s^2} - 1\Bigr), \qquad s_i = \mathrm{sgn} V_i

- minimize: from voltages near 0; the gain rises from 0 to ``gain`` times the strongest load of a node; forced flips of
  nodes become rarer to the end. A gain well below the loads leaves frustrated nodes near 0, one above them freezes
  signs early: of 40 to 60 nodes most reads end a few percent short of the best cut.
- recall: from half the swing along the cue, at the last gain from the start, without forced flips.

Resistors have their thermal noise (300 K), weights levels. It samples no Boltzmann distribution at a beta that one
could ask for. No such chip was measured: speed and energy of its authors are simulations, and prices here are assumed.
Physics and source: module ``bistable_model``; circuit: ``bistable_netlist``; numbers: ``brim.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neuromorph.cost import Cost
from neuromorph.datum import Datum, multiply_data, read_data
from neuromorph.ising import Float, Ising
from neuromorph.problems import Problem
from neuromorph.protocol import as_ising, check_length, mapping_error, require_support
from neuromorph.rng import RNG, kernel_states, read_seeds
from neuromorph.run import Program, Run, complete_run
from neuromorph.target_constants import own_parameters
from neuromorph.task import RecallFrom, Task
from neuromorph.trace import Trace
from neuromorph.trace_recorder import Recorder

from .bistable_model import BistableNetwork, VoltageObserver, simulate_voltages
from .start_values import random_uniform
from .weights import check_levels, levels_text, quantized_ising, weights_written

DATA = read_data(files(__package__).joinpath("brim.toml").read_text())
_THERMAL_J = 1.380649e-23 * 300.0
_NEAR_ZERO = 0.01  # V_s, of the voltages that an anneal starts from
_CUE = 0.5  # V_s
_STILL = 0.05  # of the gain, in V_s in a time constant
_LOOKS = 4000  # at a read that is traced


@dataclass(frozen=True)
class Brim:
    """Settle the voltages of bistable nodes that resistors couple.

    Parameters
    ----------
    time_constants : float
        Duration of a read in time constants R C of the strongest coupling.
    gain : float
        Negative conductance of a node at the end, in loads of the node with the strongest load.
    flips : float
        Forced flips of a node in a time constant at the start of an anneal.
    noise : float or on/off
        Factor on the thermal noise of the resistors (amplitude); off: none.
    weight_levels : int or None
        Largest weight in steps of the smallest; none: as fine as asked.
    constants : dict of Datum
        The table that it is priced by.
    """

    time_constants: float = 100.0
    gain: float = 0.8
    flips: float = 0.05
    noise: float | bool = 1.0
    weight_levels: int | None = None
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(DATA), hash=False, repr=False, kw_only=True)

    name: ClassVar[str] = "brim"
    summary: ClassVar[str] = "bistable nodes coupled by resistors: an RC cell with one nonlinear resistor more"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "recall"})
    priced: ClassVar[frozenset[str]] = frozenset(DATA)
    read_length: ClassVar[str] = "time_constants"
    forecast: ClassVar[str] = "known from simulations of its authors alone, at assumed powers: a projection"
    limits: ClassVar[Mapping[str, Any]] = {
        "spins": "as many as fit into memory",
        "refuses": "to sample: its noise is that of resistors, at no temperature that is asked for",
    }

    def __post_init__(self) -> None:
        check_length("time_constants", self.time_constants)
        if not 0 < self.gain < 1e3:
            raise ValueError(f"gain is {self.gain}; give a number above 0, below 1000")
        for name in ("flips", "noise"):
            if not 0 <= getattr(self, name) < 1e3:
                raise ValueError(f"{name} is {getattr(self, name)}; give 0 or more, below 1000")
        check_levels(self.weight_levels)

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Put ``problem`` into resistors.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Couplings, in levels, and the nodes.
        """
        asked = as_ising(problem)
        held = quantized_ising(asked, self.weight_levels)
        network = BistableNetwork.of_ising(held)
        error, notes = mapping_error(asked, held), (levels_text(self.weight_levels),)
        return Program(self.name, problem, held, network, error, notes, weights_written(held))

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Let the voltages settle ``reads`` times.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Final states, with the counted events of each read.
        """
        volts, streams, dynamics = self._start(program, task, reads, rng)
        counts = simulate_voltages(program.state, volts, streams, **dynamics)
        done, n, duration = len(counts.lost), volts.shape[1], dynamics["duration"]
        activity: dict[str, Any] = {
            "time_constants": duration, "node_time_constants": duration * n, "coupling_cv2": counts.lost,
            "forced_flips": counts.flips, "node_reads": float(n),
        }  # fmt: skip
        settled = _settled(program.state, volts[:done], dynamics["gain"][1])
        about = {"parameters": own_parameters(self)}
        return complete_run(
            program, task, _spins(volts[:done]), activity, converged=settled, status=counts.status, provenance=about
        )

    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace the voltages of one read.

        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            Voltage of each node against time, and the gain.
        """
        volts, streams, dynamics = self._start(program, task, 1, rng)
        swing, duration = DATA["swing_v"].value, dynamics["duration"]
        recorder = Recorder(program, {"voltages": "V"}, columns={"voltages": "node {}"}, states="")

        def look(time: float, now: Float) -> None:
            recorder.look(time, _spins(now), voltages=swing * now)

        watch: VoltageObserver = look
        loads = program.state.loads
        every = max(1, int(duration * 10.0 * (float(loads.max()) + max(dynamics["gain"]))) // _LOOKS)
        simulate_voltages(program.state, volts, streams, **dynamics, observe=watch, every=every)
        start, end = dynamics["gain"]
        tau = self._time_constant
        return recorder.finish(
            task,
            _spins(volts[0]),
            converged=bool(_settled(program.state, volts, dynamics["gain"][1])[0]),
            scale=tau.value,
            schedules={"gain": ("1", lambda time: start + (end - start) * time / duration)},
            first=("voltages", "gain"),
            notes=[f"a time constant is {tau.value:.3g} s ({tau.low:.3g} to {tau.high:.3g} s)"],
            provenance={"parameters": own_parameters(self)},
        )

    def files(self, program: Program) -> dict[str, str]:
        """Return what can be taken away: the netlist of an anneal without noise and forced flips.

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
        from circuits import netlist_text

        from .bistable_netlist import bistable_circuit

        network: BistableNetwork = program.state
        start = _NEAR_ZERO * np.random.default_rng(0).uniform(-1.0, 1.0, network.pulls.size)
        circuit = bistable_circuit(
            network, start, self.time_constants, gain=(0.0, self._last_gain(network)), swing_v=DATA["swing_v"].value,
            coupling_ohm=DATA["coupling_ohm"].value, capacitance_f=DATA["node_capacitance_f"].value,
            title=f"{self.name}: {network.pulls.size} nodes", comments=("node i is the pair p_i, m_i", *program.notes),
        )  # fmt: skip
        return {"netlist.cir": netlist_text(circuit)}

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        data, tau = self.constants, self._time_constant
        charge = multiply_data(data["node_capacitance_f"], multiply_data(data["swing_v"], data["swing_v"], "V^2"), "J")
        node, board = (multiply_data(data[name], tau, "J") for name in ("node_power_w", "board_power_w"))
        return (
            Cost("coupling_cv2", "coupling resistors", charge, counted="forecast"),
            Cost("node_time_constants", "bistable nodes", node, counted="forecast"),
            Cost("node_reads", "nodes read", data["node_read_j"], scope="chip", counted="forecast"),
            Cost("time_constants", "board: supply, gain, controller", board, tau, "system", "forecast", True),
            Cost("weights", "weights written", data["weight_write_j"], scope="chip", counted="forecast"),
        )

    @property
    def _time_constant(self) -> Datum:
        return multiply_data(self.constants["coupling_ohm"], self.constants["node_capacitance_f"], "s")

    def _last_gain(self, network: BistableNetwork) -> float:
        return self.gain * (float(network.loads.max()) or 1.0)

    def _start(
        self, program: Program, task: Task, reads: int, rng: RNG
    ) -> tuple[Float, NDArray[np.uint64], dict[str, Any]]:
        require_support(self, task)
        streams = kernel_states(read_seeds(rng, reads))
        network: BistableNetwork = program.state
        n, last = network.pulls.size, self._last_gain(network)
        heat = float(self.noise) ** 2 * _THERMAL_J / (DATA["node_capacitance_f"].value * DATA["swing_v"].value ** 2)
        if isinstance(task, RecallFrom):
            volts = _CUE * task.cues(reads, n).astype(float)
            return volts, streams, {"duration": self.time_constants, "gain": (last, last), "heat": heat}
        volts = np.empty((reads, n))
        random_uniform(volts, streams)
        dynamics = {"duration": self.time_constants, "gain": (0.0, last), "heat": heat, "flips": self.flips}
        return _NEAR_ZERO * (2.0 * volts - 1.0), streams, dynamics


def _settled(network: BistableNetwork, volts: Float, gain: float) -> NDArray[np.bool_]:
    """Whether voltages stand still but for noise: frustrated nodes do so at less than half the swing."""
    return np.asarray((np.abs(network.rate(volts, gain)) < _STILL * gain).all(axis=1))


def _spins(volts: Float) -> NDArray[np.int8]:
    return np.where(volts >= 0.0, 1, -1).astype(np.int8)
