r"""The Hopfield network of 1984 as boards of operational amplifiers, resistors and capacitors.

.. math:: \tau \dot u_i = R_i \Big(\sum_j T_{ij} V_j + I_i\Big) - u_i, \qquad V = g(u), \qquad \tau = R_i C_i

- An ``Ising`` is held as resistors, 1 / abs(T_ij), that one can buy. A neuron has two gain stages, and an inverter if a
  synapse takes its inverted output; its bias is a current from a DAC. *Relax* starts at the cue and ends when the
  network rests; *minimize* raises the gain under falling noise (``neuromorph.analog.mean_field_anneal``).
- A ``Tsp`` is held as a permutation: n x n integrators whose exponential currents are shared among row and column by
  translinear normalizers, a servo amplifier each; every cell has two multipliers, as its gains for U / T and gamma V
  vary while it anneals, and a driver for the sum of its two neighboring positions, which feeds the other cities through
  resistors proportional to 1 / d_ij (``neuromorph.analog.softassign``).

Energy, from data sheets: the quiescent supply of every amplifier for as long as a read takes, noise sources,
converters, control. From the simulation: along the trajectory of a network, what its synapses, leaks, output stages and
capacitors take (``circuits.energy.ode_energy``). A tour needs no trajectory: its rows and columns of V add up to the
swing at every moment, so that the drivers' current is 2 sum G times the swing, and it flows from one rail through the
integrators to the other. What of it becomes heat in which of the parts is not told apart. Not counted: the making of
the boards.
Source: Hopfield, PNAS 81, 3088 (1984). Constants with their sources: ``analog_circuit.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import circuits_needed  # noqa: F401

# isort: split
from circuits.energy.ode_energy import Rails
from circuits.synthesis.board_network import (
    BOARD,
    DEFAULT_SERIES,
    EXACT,
    TourBoard,
    board_network,
    fit_distances,
    inverted_neurons,
    largest_coupling,
)
from neuromorph.analog import AnalogNetwork, Softassign, softassign
from neuromorph.cost import Cost
from neuromorph.datum import Datum, multiply_data, read_data
from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.problems.tsp import Tsp
from neuromorph.protocol import as_ising, mapping_error, require_support
from neuromorph.rng import RNG, read_seeds
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas
from neuromorph.target_constants import own_parameters, refuse_both
from neuromorph.task import Task
from neuromorph.trace import Trace

from .board_room import most_cities, require_room
from .netlist_export import network_netlist, tour_netlist
from .read_trace import TourObserver, trace_network, trace_tour
from .readout import (
    STAGES,
    NetworkReads,
    check_speed,
    count_activity,
    read_time,
    require_minimize,
    run_networks,
)
from .trajectory_energy import EVENTS

DATA = {**BOARD, **read_data(files(__package__).joinpath("analog_circuit.toml").read_text())}
VARIED_GAINS = 2  # of a cell of a tour: U / T and gamma V
_PRICED = frozenset([
    "time_constant", "supply", "amplifier_power", "multiplier_power", "simulated", "tour_drive", "unit_current",
    "noise_power", "comparison", "cue_conversion", "control_power", "drive_loss",
])  # fmt: skip


@dataclass(frozen=True)
class AnalogCircuit:
    """Hold couplings in resistors between operational amplifiers with capacitors.

    Parameters
    ----------
    neurons : int
        Neurons, or cells of a tour (city and position), that there is room for on the boards.
    resistors : int
        Synapses that there is room for.
    series : str or None
        E series of the resistors; none or "exact": any value within the range that one can buy.
    tau_s : float or None
        R C of every neuron, s; none: the 20 us of ``analog_circuit.toml``.
    resistor_tolerance : float
        Largest relative deviation of each resistor, such as 0.01; drawn once a board, when it is programmed.
    offset_mv : float
        Standard deviation of the input offset of each neuron's amplifier, mV; drawn with the resistors. Boards of tours
        take neither.
    constants : dict of Datum
        The table that it is priced by.
    """

    neurons: int = 20_000
    resistors: int = 2_500_000
    series: str | None = DEFAULT_SERIES
    tau_s: float | None = None
    resistor_tolerance: float = 0.0
    offset_mv: float = 0.0
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(DATA), hash=False, repr=False, kw_only=True)

    name: ClassVar[str] = "analog-circuit"
    summary: ClassVar[str] = "op-amps, resistors and capacitors; time and power modelled from data sheets"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "recall"})

    priced: ClassVar[frozenset[str]] = _PRICED

    def __post_init__(self) -> None:
        from circuits.synthesis.component_values import SERIES

        if self._series is not None and self.series not in SERIES:
            raise ValueError(f"series is {self.series!r}; known are {', '.join(SERIES)}, or {EXACT!r}")
        if not 0.0 <= self.resistor_tolerance < 0.5:
            raise ValueError(
                f"resistor_tolerance is {self.resistor_tolerance}; give a fraction below 0.5, such as 0.01 for 1 %"
            )
        if not 0.0 <= self.offset_mv < 1e3:
            raise ValueError(f"offset_mv is {self.offset_mv}; give 0 or more, below 1000 mV")
        refuse_both(self.constants, DATA, "time_constant", "tau_s", self.tau_s)
        if self.constants["supply"].value < 2.0 * DATA["swing"].value:
            least = 2.0 * DATA["swing"].value
            raise ValueError(f"supply is {self.constants['supply'].value:g} V; outputs swing over {least:g} V of it")
        names = ("gain", "amplifier_bandwidth", "swing", "slew_rate")
        check_speed(self._tau_s, *(DATA[name].value for name in names))

    @property
    def limits(self) -> dict[str, Any]:
        """The largest problems, and what is refused."""
        return {
            "spins": self.neurons,
            "couplings": self.resistors // 2,
            "cities": most_cities(self.neurons, self.resistors),
            "refuses": "to sample: its noise has no temperature; couplings of one neuron that overload its amplifier",
        }

    @property
    def _series(self) -> str | None:
        return None if self.series == EXACT else self.series

    @property
    def _tau_s(self) -> float:
        return self.constants["time_constant"].value if self.tau_s is None else self.tau_s

    @property
    def _simulated_tau_s(self) -> float:
        return DATA["time_constant"].value if self.tau_s is None else self.tau_s

    @single_threaded_blas()
    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Choose resistors for ``problem``; raise DoesNotFit if the boards are too small.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Resistors, and the couplings that they make.
        """
        return self._tour(problem) if isinstance(problem, Tsp) else self._network(problem, rng)

    @single_threaded_blas()
    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Relax or anneal the programmed boards ``reads`` times.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Final states, with the counted events of each read.
        """
        require_support(self, task)
        seeds = read_seeds(rng, reads)
        state: AnalogNetwork | TourBoard = program.state
        if isinstance(state, AnalogNetwork):
            n, biases = state.size, int(np.count_nonzero(state.currents))
            rail = self.constants["supply"].value / 2.0
            ends = run_networks(task, reads, [(state, seeds)], Rails(-rail, rail))
            ends = ends.slowed(self._tau_s / self._simulated_tau_s)
            parts = STAGES * n + len(inverted_neurons(state))
            activity = count_activity(task, ends, cells=n, biases=biases, amplifiers=parts, siemens=0.0)
            activity |= {**ends.joules, "unit_s": 0.0, "multiplier_s": 0.0, "updates": n * ends.seconds / self._tau_s}
        else:
            require_minimize(self.name, task)
            n = len(state.distances)
            tours = softassign(state.distances, seeds, held=state.held)
            ends = NetworkReads(
                tours.spins, np.full(reads, tours.duration_tau * self._tau_s), tours.converged & tours.valid
            )
            # Integrator and driver each, and the servos. The outputs of each position add up to the swing, and each
            # drives the cells of two positions.
            parts = 2 * n * n + 2 * n
            siemens = 2.0 * float(state.conductances.sum())
            activity = count_activity(task, ends, cells=n * n, biases=0, amplifiers=parts, siemens=siemens)
            activity |= {**dict.fromkeys(EVENTS, 0.0), "unit_s": n * ends.seconds}
            activity["multiplier_s"] = VARIED_GAINS * n * n * ends.seconds
            activity["updates"] = n * n * ends.seconds / self._tau_s
            activity["drawn_j"] = self.constants["tour_drive"].value * activity["siemens_s"]
        about = {"parameters": own_parameters(self)}
        return complete_run(
            program, task, ends.spins, activity, converged=ends.settled, status=ends.status, provenance=about
        )

    @single_threaded_blas()
    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace outputs, potentials and gain, or cells and temperature of a tour.

        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            Course of the read against the time of the boards.
        """
        require_support(self, task)
        (seed,) = read_seeds(rng, 1)
        state: AnalogNetwork | TourBoard = program.state
        about = {"parameters": own_parameters(self)}
        if isinstance(state, AnalogNetwork):
            slower = self._tau_s / self._simulated_tau_s
            return trace_network(program, task, state, seed, about, slower)
        require_minimize(self.name, task)
        system, held = Softassign(state.distances), state.held

        def anneal(observe: TourObserver) -> tuple[NDArray[np.int8], bool]:
            tours = softassign(system, [seed], held=held, observe=observe)
            return tours.spins[0], bool((tours.converged & tours.valid)[0])

        return trace_tour(program, task, system, system.duration_tau * self._tau_s, about, anneal)

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        data = self.constants
        unit_power = multiply_data(data["supply"], data["unit_current"], "W")
        loss = multiply_data(data["amplifier_power"], data["drive_loss"], "W")
        lost = multiply_data(data["multiplier_power"], data["drive_loss"], "W")
        return (
            read_time(data["time_constant"], self.tau_s),
            Cost("amplifier_s", "amplifiers", data["amplifier_power"], idle=True),
            Cost("multiplier_s", "multipliers", data["multiplier_power"], idle=True),
            Cost("synapse_j", "synapses", data["simulated"], idle=True),
            Cost("leak_j", "leaks", data["simulated"], idle=True),
            Cost("output_j", "output stages of neurons", data["simulated"], idle=True),
            Cost("inverter_j", "output stages of inverters", data["simulated"], idle=True),
            Cost("bias_j", "bias currents", data["simulated"], idle=True),
            Cost("charge_j", "charge on the capacitors", data["simulated"]),
            Cost("siemens_s", "distances of a tour", data["tour_drive"], idle=True),
            Cost("unit_s", "unit currents of a tour", unit_power, idle=True),
            Cost("noise_s", "noise sources", data["noise_power"]),
            Cost("comparisons", "comparators", data["comparison"]),
            Cost("conversions", "DACs for starts and biases", data["cue_conversion"], scope="chip"),
            Cost("device_s", "controller", data["control_power"], scope="chip"),
            Cost("amplifier_s", "loss in the supply", loss, scope="system", idle=True),
            Cost("multiplier_s", "loss in the supply of multipliers", lost, scope="system", idle=True),
            Cost(
                "drawn_j", "loss in the supply of what amplifiers drive", data["drive_loss"], scope="system", idle=True
            ),
        )

    def files(self, program: Program) -> dict[str, str]:
        """Return ``netlist.cir`` for ngspice; raise DoesNotFit if it is too long.

        A network has its final gain; a tour anneals. Noise sources are left out.

        Parameters
        ----------
        program : Program
            Program of this target.

        Returns
        -------
        dict of str to str
            Netlist by file name.
        """
        state: AnalogNetwork | TourBoard = program.state
        if isinstance(state, TourBoard):
            return {"netlist.cir": tour_netlist(program, state, self._tau_s)}
        network = replace(state, capacitances=self._tau_s / self._simulated_tau_s * state.capacitances)
        return {"netlist.cir": network_netlist(program, network)}

    def _network(self, problem: Ising | Problem, rng: RNG) -> Program:
        from circuits import ComponentRange, fit_to_components
        from circuits.tolerances.sampled_board import sample_board
        from circuits.tolerances.tolerances import Tolerances

        require_room((problem.size, 0), (self.neurons, self.resistors))
        asked = as_ising(problem)
        require_room((asked.size, asked.sparse_couplings().nnz), (self.neurons, self.resistors))
        wanted, ohms = board_network(asked, self._simulated_tau_s)
        checkpoint("choosing resistors")
        made = fit_to_components(wanted, ComponentRange(ohms, series=self._series))
        checkpoint("choosing resistors")
        network, notes, biases = made.network, made.notes, asked.biases
        unit = ohms[0] * largest_coupling(asked)
        spread = Tolerances(resistor=self.resistor_tolerance, offset_v=1e-3 * self.offset_mv)
        if spread != Tolerances():
            network = sample_board(made.network, spread, read_seeds(rng, 1)[0]).network
            pushed = (network.currents - made.network.currents) / made.conductance_factor
            biases = asked.biases + pushed * (unit / DATA["swing"].value)
            parts = f"resistors within {100 * self.resistor_tolerance:g} %, offsets of {self.offset_mv:g} mV"
            notes = (*made.notes, f"one board drawn: {parts}")
        # Add the difference to the request, so that perfect parts hold exactly the requested couplings. Synapses i to j
        # and j to i are two resistors: what both do together is their mean.
        difference = network.conductances / made.conductance_factor - wanted.conductances
        held = Ising(asked.couplings + (difference + difference.T) * (0.5 * unit), biases, asked.offset)
        about = {"resistors": float((made.network.conductances != 0.0).sum()), "strongest_resistor_ohm": ohms[0]}
        error = mapping_error(asked, held)
        return Program(self.name, problem, held, network, error, notes, provenance=about)

    def _tour(self, problem: Tsp) -> Program:
        if self.resistor_tolerance or self.offset_mv:
            raise ValueError(
                "resistor_tolerance and offset_mv are of networks; for boards of a tour take circuits.estimate_yield"
            )
        n = problem.size
        require_room((n * n, n * n * (n - 1)), (self.neurons, self.resistors), tour=True)
        held = fit_distances(problem.distances(), self._series)
        return Program(self.name, problem, None, held, held.error, held.notes)
