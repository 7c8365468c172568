r"""The mapping of a problem to a chip: one network of neurons for each task, built on demand.

.. math:: \text{recall: } T = \lambda J, \quad \text{sample: } W = 4 \beta J, \;
          b_i = 2 \beta \Bigl(h_i - \sum_j J_{ij}\Bigr), \quad
          \text{minimize: } W', b' \text{ of winner-take-all groups}

where J and h are the couplings and biases that the chip holds, T and W weights, b biases, lambda the scale of
``SpikingHopfield`` and beta the inverse temperature. To sample, strongly coupled neurons take turns
(``AbstractNeurons.suited``), and a read is as long as the network needs from rest (``periods_to_settle``), in up to
``LONGEST`` times the usual steps; both depend on the network and beta alone. A search has more neurons, two a spin or
one a city and position: W' and b' are quantized, and get their share of the fixed-pattern noise, on their own.
Sources: those of ``neuromorph.spiking``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil, isqrt
from typing import Any

import numpy as np
from scipy import sparse

from neuromorph.ising import Float, Ising
from neuromorph.problems.one_hot import OneHot
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit
from neuromorph.spiking.brian.simulator import Backend, Simulator, build_simulator
from neuromorph.spiking.brian.state_monitor import with_state_monitor
from neuromorph.spiking.lif_sampler import LifSamplerNeurons
from neuromorph.spiking.mixing import periods_to_settle
from neuromorph.spiking.rate_network import SpikingHopfield
from neuromorph.spiking.stochastic_neurons import CROWDED, AbstractNeurons
from neuromorph.spiking.winner_take_all import WinnerTakeAll
from neuromorph.task import Minimize, Sample, Task

from .chip_tables import Table
from .core_traffic import CoreTraffic
from .neurobench import ChipWorkload
from .quantization import FixedPatternNoise, SynapticWeights, cores_for, quantize

UNITS = 1024  # largest number of units of a search; more take minutes, since the energy of every state is computed
SYNAPSES = 1 << 21  # largest number of synapses in one read; more take minutes
NOISY = 0.5e-3  # time step of integrate-and-fire neurons that sample, s
LONGEST = 16  # largest number of steps of a sampling read over the usual number
FAR = 0.05  # bound on the total variation of a read's state from exp(-beta E)
_LONGEST_S = 1000.0  # of a read, s of the model: ten million steps
_AWAKE = 0.8  # fraction of a read in which most neurons are awake


@dataclass(frozen=True)
class ReadDurations:
    """Durations of a read, in seconds of the model.

    Attributes
    ----------
    relax_s, read_s : float
        Whole duration of a recall, and its last part, over which rates are counted; the cue lasts 0.1 s.
    sample_s, step_s : float
        Whole duration of a sampling read from rest, and the step of abstract neurons; a read is longer and its steps
        are finer where beta asks for it.
    search_s : float
        Duration of a search, in periods of 0.5 s.

    Raises
    ------
    ValueError
        If a duration is not positive, too long, or too short for its parts.
    """

    relax_s: float = 0.5
    read_s: float = 0.2
    sample_s: float = 0.1
    step_s: float = 0.1e-3
    search_s: float = 2.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0.0 < value <= _LONGEST_S:
                raise ValueError(f"{name} is {value}; it must be positive, {_LONGEST_S:g} s at most: give more reads")
        if not self.read_s < self.relax_s - 0.1:
            raise ValueError(f"read_s is {self.read_s}; it must end after the cue: below relax_s - 0.1 s")
        if self.sample_s < 20 * self.step_s:
            raise ValueError(f"sample_s is {self.sample_s}; give 20 steps or more")


@dataclass(frozen=True)
class SamplingPlan:
    """The neurons and the duration of a sampling read.

    Attributes
    ----------
    neurons : AbstractNeurons or LifSamplerNeurons
        The neurons.
    duration_s : float
        Duration, s of the model.
    doubts : tuple of str
        Reasons why the states may miss exp(-beta E), with remedies.
    """

    neurons: AbstractNeurons | LifSamplerNeurons
    duration_s: float
    doubts: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ChipNetwork:
    """A problem on a chip.

    Attributes
    ----------
    problem : Ising or Problem
        The requested problem.
    wires : SynapticWeights or None
        Couplings and biases as the chip holds them, in the problem's units; None for a tour.
    one_hot : OneHot or None
        The one-hot form of a tour.
    table : dict of str to Datum
        The chip's numbers.
    pattern : FixedPatternNoise
        The chip's errors.
    name : str
        The chip's name.
    analog : bool
        Whether integrate-and-fire neurons sample, and signs of weights need two synapses.
    times : ReadDurations
        Durations of a read.
    backend : str
        The back end of Brian2.
    kept : dict
        What reads before have made and later ones need again.
    """

    problem: Ising | Problem
    wires: SynapticWeights | None
    one_hot: OneHot | None
    table: Table
    pattern: FixedPatternNoise
    name: str
    analog: bool
    times: ReadDurations
    backend: Backend = "numpy"
    kept: dict[Any, Any] = field(default_factory=dict, repr=False)

    def network(self, task: Task) -> ChipWorkload:
        """Return the size of the network of a task.

        Parameters
        ----------
        task : Task
            Task.

        Returns
        -------
        ChipWorkload
            Neurons and connections on the chip.
        """
        search, sampled = isinstance(task, Minimize), isinstance(task, Sample)
        wires = self.search if search else self.couplings
        connections = int(wires.weights.nnz)
        # A connection takes two synapses: a row for each sign, or a response that goes up and, later, down.
        double = not search and (self.analog or sampled)
        weight, bias, state = (int(self.table[name].value) for name in ("weight_bits", "bias_bits", "state_bits"))
        operations = 4 if search or (sampled and not self.analog) else 8
        return ChipWorkload(wires.size, connections, (1 + double) * connections, weight, bias, state, operations)

    def cores(self, task: Task) -> int:
        """Count the cores in use for a task.

        Parameters
        ----------
        task : Task
            Task.

        Returns
        -------
        int
            Number of cores.

        Raises
        ------
        DoesNotFit
            If the chip, or its simulation, is too small.
        """
        if isinstance(task, Minimize):
            require_search(self.size if self.wires is None else 2 * self.size)
        network = self.network(task)
        if network.connections > SYNAPSES:
            raise DoesNotFit(
                f"{network.connections} synapses; beyond {SYNAPSES} the simulation takes minutes; would fit: "
                f"{isqrt(SYNAPSES)} neurons all coupled: take a sparser problem, or parts of this one"
            )
        wires = self.search if isinstance(task, Minimize) else self.couplings
        fan_in = int(np.diff(wires.weights.indptr).max()) * network.synapses // max(network.connections, 1)
        return cores_for(network.neurons, fan_in, self.table, self.name)

    def traffic(self, task: Task) -> CoreTraffic:
        """Place the network of a task on its cores.

        Parameters
        ----------
        task : Task
            Task.

        Returns
        -------
        CoreTraffic
            Network on cores, kept for later reads.
        """
        search = isinstance(task, Minimize)
        key = "traffic", "search" if search else "sample" if isinstance(task, Sample) else "recall"
        if key not in self.kept:
            wires, network = (self.search if search else self.couplings), self.network(task)
            each = network.synapses // max(network.connections, 1)
            self.kept[key] = CoreTraffic.of(wires.weights, each, self.cores(task), self.table)
        return self.kept[key]

    @property
    def size(self) -> int:
        """Number of spins."""
        return self.problem.size**2 if self.wires is None else self.wires.size

    @property
    def couplings(self) -> SynapticWeights:
        """``wires`` of any problem but a tour, for which DoesNotFit is raised."""
        if self.wires is None:
            raise DoesNotFit(f"{self.name} holds a tour as a search; give its ising() to sample or to relax")
        return self.wires

    @cached_property
    def groups(self) -> OneHot:
        """The exact one-hot problem of a search, by which the host computes energies."""
        if self.one_hot is not None:
            return self.one_hot
        return OneHot.from_spins(self.problem if isinstance(self.problem, Ising) else self.problem.ising())

    @property
    def rivals(self) -> WinnerTakeAll:
        """Winner-take-all neurons of a search.

        Tours of 6 to 20 cities come out shorter with a strength of 0.25.
        """
        return WinnerTakeAll() if self.one_hot is None else WinnerTakeAll(strength=0.25)

    @cached_property
    def search(self) -> SynapticWeights:
        """The winner-take-all network as the chip holds it, in units of the neurons' potential."""
        weights, biases = self.rivals.network(self.groups)
        return quantize(SynapticWeights(sparse.csr_array(weights), biases), self.table, self.pattern)

    @cached_property
    def memory(self) -> SpikingHopfield:
        """The rate network, scaled as ``SpikingHopfield.from_ising`` scales it."""
        j = self.couplings.weights.toarray()
        even = (j + j.T) / 2.0
        network = SpikingHopfield.from_ising(Ising(even, self.couplings.biases), backend=self.backend)
        k = np.abs(even).argmax()
        return replace(network, weights=network.weights.flat[k] / even.flat[k] * j) if even.flat[k] else network

    def sampler(self, beta: float, chains: int, record: Sequence[int] = ()) -> tuple[Simulator, dict[str, Float]]:
        """Return the simulation of samplers side by side, built once.

        Parameters
        ----------
        beta : float
            Inverse temperature.
        chains : int
            Number of samplers.
        record : sequence of int
            Neurons whose potentials are recorded, chain after chain; the spikes stay the same.

        Returns
        -------
        simulator : Simulator
            The simulation.
        parameters : dict of str to array
            Its parameters at ``beta``.
        """
        neurons, coo = self.plan(beta).neurons, sparse.coo_array(self.couplings.weights)
        post, pre = coo.coords
        offset = np.arange(chains)[:, None] * self.size
        key = (chains, neurons, *record)
        if key not in self.kept:
            model = neurons.model(chains * self.size, (offset + pre).ravel(), (offset + post).ravel())
            model = with_state_monitor(model, "cells", "v" if self.analog else "h", record)
            self.kept[key] = build_simulator(model, dt_s=neurons.dt_s, backend=self.backend)
        biases = self._biases(beta)
        parameters = neurons.parameters(np.tile(biases, chains), np.tile(4.0 * beta * coo.data, chains))
        return self.kept[key], parameters

    def plan(self, beta: float) -> SamplingPlan:
        """Choose the neurons that sample, and the duration of a read.

        Parameters
        ----------
        beta : float
            Inverse temperature.

        Returns
        -------
        SamplingPlan
            Plan, kept for later reads.
        """
        if beta not in self.kept:
            self.kept[beta] = self._planned(4.0 * beta * self.couplings.weights, self._biases(beta))
        return self.kept[beta]

    def _planned(self, weights: sparse.csr_array, biases: Float) -> SamplingPlan:
        neurons: AbstractNeurons | LifSamplerNeurons = LifSamplerNeurons(dt_s=NOISY)
        doubts, sample_s = [], self.times.sample_s
        if not self.analog:
            neurons = AbstractNeurons(dt_s=self.times.step_s).suited(weights, biases)
            if not neurons.suit(weights, biases):
                doubts.append(CROWDED)
        usual, most = _AWAKE * sample_s / neurons.tau_s, LONGEST
        if not self.analog:
            most = round(LONGEST * neurons.dt_s / self.times.step_s) or 1
        needed, away = periods_to_settle(weights, biases, FAR, max(1, int(most * usual)))
        if away > FAR:
            doubts.append(
                f"reads of {most * sample_s:g} s from rest may be too short: the bound on their total variation from "
                f"exp(-beta E) is {away:.2f}: take a lower beta, or a longer sample_s"
            )
        return SamplingPlan(neurons, sample_s * min(most, ceil(needed / usual)), tuple(doubts))

    def _biases(self, beta: float) -> Float:
        return 2.0 * beta * (self.couplings.biases - np.asarray(self.couplings.weights.sum(axis=1)).ravel())


def require_search(units: int) -> None:
    """Raise DoesNotFit for a search with so many units that its simulation takes minutes."""
    if units > UNITS:
        raise DoesNotFit(
            f"a search needs {units} neurons, two a spin or one a city and position; beyond {UNITS} its simulation "
            f"takes minutes; would fit: {UNITS // 2} spins or tours of {isqrt(UNITS)} cities: take parts of the "
            "problem, or cpu-anneal"
        )
