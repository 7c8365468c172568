r"""A spiking chip as a target: what it holds, what its reads do, how long they take.

.. math:: t = \sum_{\text{steps}} t_{step} \quad \text{(digital)}, \qquad
          t = \frac{\text{seconds of the model}}{\text{acceleration}} \quad \text{(analog)}

A digital chip steps as fast as its busiest core allows, neurons are on as few cores as hold them, evenly, and a spike
goes once to each core that has synapses of its neuron: ``core_traffic``. Not counted: the time that a host takes to
write weights and cues and to read spikes, often milliseconds.
Physics: ``network_mapping``, ``simulation``, ``quantization``; numbers with their sources: one .toml a chip.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from math import isqrt
from typing import Any

import numpy as np
from scipy import sparse

from neuromorph.cost import Cost
from neuromorph.ising import Ising
from neuromorph.problems.one_hot import OneHot
from neuromorph.problems.problem import Problem
from neuromorph.problems.tsp import Tsp
from neuromorph.protocol import as_ising, mapping_error, require_support
from neuromorph.rng import RNG, read_seeds
from neuromorph.run import Program, Run, SamplingBound, complete_run
from neuromorph.runtime.limits import whole_parts
from neuromorph.runtime.threads import single_threaded_blas
from neuromorph.spiking.brian.simulator import Backend
from neuromorph.task import Minimize, RecallFrom, Sample, Task
from neuromorph.trace import Trace

from . import simulation as ways
from .batches import batch_sizes, plan_batches
from .chip_tables import PRICED_ENDINGS, Table, chip_costs, with_own
from .core_traffic import CoreTraffic
from .network_mapping import UNITS, ChipNetwork, ReadDurations, require_search
from .neurobench import neurobench
from .quantization import FixedPatternNoise, SynapticWeights, cores_for, quantize
from .read_trace import trace_spikes, watched_cells
from .simulation import NO_SPIKES, Ends, join_ends


@dataclass(frozen=True, eq=False)
class SpikingChip:
    """Spiking chip; the functions of this package make them.

    Attributes
    ----------
    name : str
        Name of the target.
    summary : str
        Summary for people, one line.
    constants : Table
        Numbers of the chip by name; with ``acceleration`` it is analog, else digital.
    supported_tasks : frozenset of str
        Supported tasks, of "minimize", "sample" and "recall".
    times : ReadDurations
        Durations of reads.
    backend : Backend
        Backend of Brian2, for samples; searches and recalls are compiled steps.
    forecast : str
        Why its prices are projections; empty where they are not.
    """

    name: str
    summary: str
    constants: Table
    supported_tasks: frozenset[str] = frozenset({"minimize", "sample", "recall"})
    times: ReadDurations = field(default_factory=ReadDurations)
    backend: Backend = "numpy"
    forecast: str = ""

    @property
    def priced(self) -> frozenset[str]:
        """Constants that decide time and energy, but no spike."""
        return frozenset(name for name in self.constants if name.endswith(PRICED_ENDINGS))

    def with_constants(self, given: Table) -> SpikingChip:
        """Replace numbers of the chip.

        A step that is given makes a second as well known as itself.

        Parameters
        ----------
        given : Table
            Numbers that replace some of the table.

        Returns
        -------
        SpikingChip
            Chip with these numbers.
        """
        return replace(self, constants=with_own(self.constants, given))

    @property
    def limits(self) -> dict[str, Any]:
        """The largest problems, and what is refused."""
        neurons, fan_in, bits = (int(self.constants[name].value) for name in ("core_neurons", "fan_in", "weight_bits"))
        neurons *= int(self.constants["cores"].value)
        search = min(neurons, UNITS)
        found: dict[str, Any] = {"spins": neurons, "neighbors of a spin": fan_in, "bits of a coupling": bits}
        found |= {"spins to minimize": search // 2, "cities": isqrt(search)}
        refused = "" if "sample" in self.supported_tasks else "to sample, unless asked to (sample=on); "
        return found | {"refuses": f"{refused}to sample or recall a tour, which it holds as a search"}

    @property
    def analog(self) -> bool:
        """Whether the neurons are analog circuits."""
        return "acceleration" in self.constants

    @single_threaded_blas()
    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Quantize ``problem`` to the chip's weights; raise DoesNotFit if the chip is too small.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Quantized network.
        """
        pattern = FixedPatternNoise(
            read_seeds(rng, 1)[0], self._spread("synapse_spread"), self._spread("neuron_spread")
        )
        return self._tour(problem, pattern) if isinstance(problem, Tsp) else self._couplings(problem, pattern)

    @single_threaded_blas()
    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Simulate ``reads`` reads of the network of ``task`` and count their events.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Final states, with the counted events of each read.
        """
        require_support(self, task)
        seeds = read_seeds(rng, reads)
        state: ChipNetwork = program.state
        way: ways.Reader = ways.simulate_search
        asked: Any = None
        doubts: tuple[str, ...] = ()
        if isinstance(task, RecallFrom):
            way, asked = ways.simulate_recall, task.cues(reads, state.size)
        elif isinstance(task, Sample):
            way, asked = ways.simulate_sampling, task.beta
        cores, network = state.cores(task), state.network(task)
        if isinstance(task, Sample):
            doubts = (*state.plan(task.beta).doubts, *self._beyond_bound(program, task.beta))
        groups = plan_batches(seeds, *batch_sizes(network.neurons, network.synapses))
        traffic = state.traffic(task)
        parts, status = whole_parts((b.where, self._counted(way(state, asked, b), traffic)) for b in groups)
        ends = join_ends(parts)
        run = complete_run(
            program,
            task,
            ends.spins,
            ends.activity,
            converged=ends.settled,
            status=status,
            message="; ".join(doubts),
            provenance={"parameters": {"cores": cores, **asdict(self.times), "backend": self.backend}},
        )
        return replace(run, provenance={**run.provenance, "neurobench": neurobench(program, run)})

    @single_threaded_blas()
    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace spikes, potentials of some neurons, and the state that the spikes say.

        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            Course of the read against the time of the chip.
        """
        require_support(self, task)
        state: ChipNetwork = program.state
        cores, network = state.cores(task), state.network(task)
        (batch,) = plan_batches(read_seeds(rng, 1), *batch_sizes(network.neurons, network.synapses))
        inside = watched_cells(state, task)
        if isinstance(task, RecallFrom):
            ends = ways.simulate_recall(state, task.cues(1, state.size), batch, inside)
        elif isinstance(task, Sample):
            ends = ways.simulate_sampling(state, task.beta, batch, inside)
        else:
            ends = ways.simulate_search(state, None, batch, inside)
        device_s = float(self._counted(ends, state.traffic(task)).activity["device_s"][0])
        about = {"parameters": {"cores": cores, **asdict(self.times), "backend": self.backend}}
        return trace_spikes(program, task, ends, inside, device_s, about)

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return chip_costs(self.constants)

    def _spread(self, name: str) -> float:
        return self.constants[name].value if name in self.constants else 0.0

    def _couplings(self, problem: Ising | Problem, pattern: FixedPatternNoise) -> Program:
        if problem.size > int(self.constants["cores"].value * self.constants["core_neurons"].value):
            cores_for(
                problem.size, 0, self.constants, self.name
            )  # a neuron a spin at least: do not build the couplings
        asked = as_ising(problem)
        wanted = sparse.csr_array(asked.sparse_couplings())
        cores_for(asked.size, int(np.diff(wanted.indptr).max()), self.constants, self.name)  # a task may need more
        wires = quantize(SynapticWeights(wanted, asked.biases), self.constants, pattern)
        held = Ising((wires.weights + wires.weights.T) / 2.0, wires.biases, asked.offset)
        skew = float(abs(wires.weights - wires.weights.T).power(2).sum()) / 8.0
        scale = float(asked.sparse_couplings().power(2).sum()) / 2.0 + float((asked.biases**2).sum())
        error = mapping_error(asked, held)
        if scale:  # the antisymmetric part is orthogonal to the rest: squares add
            error = float(np.hypot(error, np.sqrt(skew / scale)))
        notes = [*self._notes, "to relax and to sample: a neuron a spin; to minimize: two, with synapses of their own"]
        if pattern.synapse_spread:
            notes.append("held is the symmetric part of the couplings; the rest is in the mapping error")
        if self.analog and "sample" in self.supported_tasks:
            bound = self.constants["sampling_kl_per_spin"].value * asked.size
            notes.append(
                f"integrate-and-fire neurons sample exp(-beta E) roughly: within {bound:.2g} nats where beta times the "
                f"strongest field is {self.constants['sampling_strongest_input'].value:g} at most; beyond, worse"
            )
        elif "sample" in self.supported_tasks:
            notes.append(
                "to sample strong couplings neurons take turns, a color of the graph a step; gating is not counted"
            )
        state = self._state(problem, wires, None, pattern)
        words = float(wires.weights.nnz + wires.size)
        return Program(
            self.name, problem, held, state, error, tuple(notes), {"words_written": words}, 1, pattern.differs,
            sampling_bound=self._bound(held), provenance=self._bits,
        )  # fmt: skip

    def _bound(self, held: Ising) -> SamplingBound | None:
        """State how far samples of analog neurons are from exp(-beta E), in nats a spin."""
        if not self.analog or "sample" not in self.supported_tasks:
            return None
        each, most = self.constants["sampling_kl_per_spin"], self.constants["sampling_strongest_input"].value
        reason = f"integrate-and-fire neurons, {each.value:g} nats a spin up to beta x strongest field = {most:g}: "
        return SamplingBound(each.value * held.size, reason + each.source)

    def _beyond_bound(self, program: Program, beta: float) -> tuple[str, ...]:
        """Say that nothing is known of samples at so strong an input."""
        if program.sampling_bound is None:
            return ()
        asked, most = as_ising(program.requested), self.constants["sampling_strongest_input"].value
        strongest = beta * float((abs(asked.sparse_couplings()).sum(axis=1) + abs(asked.biases)).max())
        if strongest <= most * (1.0 + 1e-9):
            return ()
        said = f"beta times the strongest field is {strongest:.2g}; the bound of samples was measured up to {most:g}"
        return (f"{said}: take a lower beta",)

    def _tour(self, problem: Tsp, pattern: FixedPatternNoise) -> Program:
        n = problem.size
        require_search(n * n)
        one_hot = OneHot.from_ising(problem.ising(), np.repeat(np.arange(n), n))
        state = self._state(problem, None, one_hot, pattern)
        state.cores(Minimize())
        ideal, _ = state.rivals.network(one_hot)
        held = state.search.weights.toarray()
        between = one_hot.groups[:, None] != one_hot.groups
        error = float(np.linalg.norm((held - ideal)[between]) / (np.linalg.norm(ideal[between]) or 1.0))
        notes = (
            *self._notes,
            f"held as {n} groups of {n} neurons, a city each; mapping error: of the inhibition between groups",
        )
        words = float(np.count_nonzero(held) + n * n)
        return Program(
            self.name, problem, None, state, error, notes, {"words_written": words}, 1, pattern.differs,
            provenance=self._bits,
        )  # fmt: skip

    def _state(
        self,
        problem: Ising | Problem,
        wires: SynapticWeights | None,
        one_hot: OneHot | None,
        pattern: FixedPatternNoise,
    ) -> ChipNetwork:
        return ChipNetwork(
            problem,
            wires,
            one_hot,
            self.constants,
            pattern,
            self.name,
            self.analog,
            self.times,
            self.backend,
        )

    @property
    def _bits(self) -> dict[str, float]:
        return {name: self.constants[name].value for name in ("weight_bits", "bias_bits")}

    @property
    def _notes(self) -> list[str]:
        bits, biases = (int(self.constants[name].value) for name in ("weight_bits", "bias_bits"))
        notes = [f"weights of {bits - 1} bits and a sign, one exponent for all; biases of {biases} bits"]
        if self.analog:
            notes.append("noise is an ideal source in every neuron; what makes it on the chip is not counted")
        else:
            notes.append(
                "thresholds of samplers and searches are logistic at random: a chip's random numbers are uniform"
            )
        spreads = self._spread("synapse_spread"), self._spread("neuron_spread")
        if any(spreads):
            notes.append(
                f"fixed pattern, assumed: {spreads[0]:.1%} of a weight, {spreads[1]:.1%} of a neuron's largest input"
            )
        return notes

    def _counted(self, ends: Ends, traffic: CoreTraffic) -> Ends:
        """Add the seconds of the device, accesses of its neurons and traffic between its cores; drop the spikes."""
        (chain, step, neuron), reads = ends.spikes, len(ends.spins)
        more = traffic.count(chain, neuron, reads)
        if self.analog:
            more["device_s"] = np.full(reads, ends.steps * ends.step_s / self.constants["acceleration"].value)
        else:
            more["membrane_accesses"] = ends.activity["membrane_updates"]  # of neurons that have something to do
            more["device_s"] = traffic.seconds(chain, step, neuron, (reads, ends.steps), self.constants)
        return replace(ends, activity=ends.activity | more, spikes=NO_SPIKES)
