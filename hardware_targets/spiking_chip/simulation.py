r"""Reads of a programmed chip: relaxing rate networks, spike-based samplers, winner-take-all groups.

.. math:: x_i = 2 r_i / r - 1 \;\text{(recall)}, \qquad s_i = +1 \;\text{while neuron } i \text{ is refractory (sample)}

where r_i is the rate of neuron i and r the rate of x = 1. Each task has its own network of the same couplings:

- recall: a neuron a spin with output x_i (``SpikingHopfield``; ``recall_compiled`` is the same without Brian2); spins
  are the signs of the outputs, from spikes that are counted over the last part of a read.
- sample: a neuron a spin, up while it is refractory (``BoltzmannSampler``). Abstract stochastic neurons on a digital
  chip have a rectangular response that takes two synapses, one up and a delayed one down; an analog chip has
  integrate-and-fire neurons with colored noise. A read is the state at the end. The circuit by which neurons take turns
  is not counted.
- minimize: a neuron a unit of ``OneHot``, two for a spin, n for a city (``solve_by_spikes``; ``search_compiled`` is the
  same without Brian2). The host sees every spike, hence every state, and keeps the one of lowest requested energy.

Idealizations: random thresholds are logistic and neurons' noise is normal, where chips have uniform pseudo-random
numbers or background spikes; potentials and currents are not rounded; spikes take no time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuromorph.ising import Float
from neuromorph.rng import child
from neuromorph.spiking.rate_network_kernel import recall_compiled
from neuromorph.spiking.spike_states import SpikeStates
from neuromorph.spiking.winner_take_all_kernel import search_compiled

from .batches import ReadBatchPlan
from .network_mapping import ChipNetwork

Spikes: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
NO_SPIKES: Spikes = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True, eq=False)
class Ends:
    """Results of a batch of reads.

    Attributes
    ----------
    spins : (reads, n) int8
        Final states.
    settled : (reads,) bool
        Whether the read has a decided state.
    activity : dict of str to (reads,) float
        Numbers of spikes, synaptic_operations, membrane_updates and words_read.
    steps : int
        Steps of the model in a read.
    step_s : float
        Duration of a step of the model, s.
    spikes : tuple of (spikes,) int
        Read of these, step and neuron of each spike; empty once they are counted.
    """

    spins: NDArray[np.int8]
    settled: NDArray[np.bool_]
    activity: dict[str, Float]
    steps: int
    step_s: float
    spikes: Spikes = NO_SPIKES


Reader: TypeAlias = Callable[[ChipNetwork, Any, ReadBatchPlan], Ends]


@dataclass(eq=False)
class Inside:
    """Neurons of one chain of a batch whose potentials are recorded, and what they did.

    Attributes
    ----------
    cells : (k,) int
        Neurons of the chain.
    times_s : (m,) float
        Times of the potentials, s.
    potentials : (m, k) float
        Potentials of ``cells``.
    spike_steps, spike_neurons : (spikes,) int
        Step and neuron of every spike of the chain.
    """

    cells: NDArray[np.int64]
    times_s: Float = field(default_factory=lambda: np.empty(0))
    potentials: Float = field(default_factory=lambda: np.empty((0, 0)))
    spike_steps: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    spike_neurons: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def record(self, chain: int, neurons: int) -> list[int]:
        """Return the numbers of the cells among all chains.

        Parameters
        ----------
        chain : int
            Number of the chain.
        neurons : int
            Neurons of each chain.

        Returns
        -------
        list of int
            Numbers.
        """
        return [int(cell) for cell in chain * neurons + self.cells]

    def keep(self, potentials: tuple[Float, Float] | None, mine: Any, steps: Any, neurons: Any) -> None:
        """Keep the spikes of the chain, and potentials at their times.

        Parameters
        ----------
        potentials : ((m,) float, (m, k) float)
            Times, s, and potentials of the cells.
        mine : (spikes,) bool
            Whether each spike is one of the chain.
        steps, neurons : (spikes,) int
            Step and neuron of every spike.
        """
        assert potentials is not None
        self.times_s, self.potentials = potentials
        self.spike_steps, self.spike_neurons = np.asarray(steps)[mine], np.asarray(neurons)[mine]


def simulate_recall(
    state: ChipNetwork, cues: NDArray[np.int8], batch: ReadBatchPlan, inside: Inside | None = None
) -> Ends:
    """Relax the rate network from cues.

    Parameters
    ----------
    state : ChipNetwork
        The programmed chip.
    cues : (reads, n) int8
        Cues of all requested reads.
    batch : ReadBatchPlan
        The reads of this batch.
    inside : Inside or None
        Neurons whose potentials are recorded, and where they are kept.

    Returns
    -------
    Ends
        Signs of the final rates; a read is settled if every rate is clear of its middle.
    """
    seeds, batch = _alone(batch)
    memory, times = state.memory, state.times
    found = recall_compiled(
        memory, cues[batch.where], seeds, duration_s=times.relax_s, read_s=times.read_s, bin_s=times.relax_s,
        record=() if inside is None else inside.record(0, memory.neurons),
    )  # fmt: skip
    if inside is not None:
        steps = np.rint(found.spike_times_s / memory.neuron.step_s).astype(np.int64)
        inside.keep(found.potentials, found.spike_trials == 0, steps, found.spike_neurons)
    activity = {name: count[batch.chains] for name, count in found.activity.items()}
    activity["words_read"] = np.full(len(batch.chains), 2.0 * state.size)  # a cue, and a count of spikes
    spins = found.spins[batch.chains]
    # A neuron within a tenth of its range of 0 has no decided sign.
    sure = np.all(np.abs(found.outputs[batch.chains, -1]) > 0.1, axis=1)
    step = memory.neuron.step_s
    spikes = _spikes_of(batch, found.spike_trials, found.spike_times_s / step, found.spike_neurons)
    return Ends(spins, sure, activity, round(times.relax_s / step), step, spikes)


def simulate_sampling(state: ChipNetwork, beta: float, batch: ReadBatchPlan, inside: Inside | None = None) -> Ends:
    """Draw one state a chain, from rest; neurons wake up at different times of its beginning.

    Parameters
    ----------
    state : ChipNetwork
        The programmed chip.
    beta : float
        Inverse temperature.
    batch : ReadBatchPlan
        The reads of this batch.
    inside : Inside or None
        Neurons whose potentials are recorded, and where they are kept.

    Returns
    -------
    Ends
        States at the end.
    """
    n, plan, own = state.size, state.plan(beta), int(batch.chains[0])
    neurons, duration = plan.neurons, plan.duration_s
    watched = [] if inside is None else inside.record(own, n)
    simulator, values = state.sampler(beta, batch.size, watched)
    values["cells.start"] = (
        state.times.sample_s / 2.0 * np.random.default_rng(batch.seed).beta(4.0, 4.0, batch.size * n)
    )
    key = (beta, batch.size, str(batch.seed.entropy), batch.seed.spawn_key, duration, *watched)
    last = state.kept.get("last batch")
    if last is None or last[0] != key:  # other reads of the same batch are asked for one after the other
        last = state.kept["last batch"] = key, simulator.run(duration, values, rng=batch.seed)
    record = last[1]
    chain, neuron = np.divmod(np.asarray(record["spikes.i"], dtype=np.int64), n)
    steps = np.rint(record["spikes.t"] / neurons.dt_s).astype(np.int64)
    if inside is not None:
        v = record["inside.v"].T if state.analog else record["inside.h"].T + values["cells.b"][watched]
        inside.keep((record["inside.t"], v), chain == own, steps, neuron)
    last = SpikeStates(
        steps, chain, neuron, (batch.size, n), neurons.dt_s, neurons.tau_s, duration - neurons.dt_s, duration,
        np.zeros((batch.size, n), np.int8),
    ).spins(neurons.dt_s)[:, 0]  # fmt: skip
    fan_out = np.bincount(state.couplings.weights.indices, minlength=n) * (1 if state.analog else 2)
    count = round(duration / neurons.dt_s)
    activity = {
        "spikes": np.bincount(chain, minlength=batch.size)[batch.chains].astype(float),
        "synaptic_operations": np.bincount(chain, fan_out[neuron], minlength=batch.size)[batch.chains],
        "membrane_updates": np.full(len(batch.chains), float(count * n)),
        "words_read": np.full(len(batch.chains), float(n)),
    }
    sure = np.full(len(batch.chains), not plan.doubts)
    spikes = _spikes_of(batch, chain, steps, neuron)
    return Ends(last[batch.chains], sure, activity, count, neurons.dt_s, spikes)


def simulate_search(state: ChipNetwork, _: None, batch: ReadBatchPlan, inside: Inside | None = None) -> Ends:
    """Search by winner-take-all groups and keep the best state of each chain.

    Parameters
    ----------
    state : ChipNetwork
        The programmed chip.
    batch : ReadBatchPlan
        The reads of this batch.
    inside : Inside or None
        Neurons whose potentials are recorded, and where they are kept.

    Returns
    -------
    Ends
        The state of lowest energy that each chain visited; a read is settled if every group had a winner.
    """
    groups, neurons = state.groups, state.rivals
    network = state.search.weights.toarray(), state.search.biases
    seeds, batch = _alone(batch)
    record = () if inside is None else inside.record(0, groups.size)
    found = search_compiled(groups, state.times.search_s, seeds, neurons, network, record)
    if inside is not None and found.spikes is not None:
        steps = np.rint(found.spikes[0] / neurons.dt_s).astype(np.int64)
        inside.keep(found.potentials, found.spikes[1] == 0, steps, found.spikes[2])
    winners = found.winners[batch.chains]
    whole = np.all(winners >= 0, axis=1)
    spins = spins_of_winners(state, winners)
    activity = {name: np.asarray(count)[batch.chains] for name, count in found.activity.items()}
    activity["words_read"] = activity["spikes"].copy()
    assert found.spikes is not None
    spikes = _spikes_of(batch, found.spikes[1], found.spikes[0] / neurons.dt_s, found.spikes[2])
    return Ends(spins, whole, activity, round(state.times.search_s / neurons.dt_s), neurons.dt_s, spikes)


def _alone(batch: ReadBatchPlan) -> tuple[list[np.random.SeedSequence], ReadBatchPlan]:
    """Return a stream for each requested read, and the batch without any other."""
    seeds = [child(batch.seed, int(each)) for each in batch.chains]
    return seeds, replace(batch, chains=np.arange(len(seeds)), size=len(seeds))


def _spikes_of(batch: ReadBatchPlan, chains: Any, steps: Any, neurons: Any) -> Spikes:
    """Return the spikes of the reads that were requested, in their order."""
    place = np.full(batch.size, -1)
    place[batch.chains] = np.arange(len(batch.chains))
    read = place[chains]
    mine = read >= 0
    return read[mine], np.rint(np.asarray(steps)[mine]).astype(np.int64), np.asarray(neurons)[mine].astype(np.int64)


def spins_of_winners(state: ChipNetwork, winners: NDArray[np.int64]) -> NDArray[np.int8]:
    """Return the spins of states of winner-take-all groups.

    Parameters
    ----------
    state : ChipNetwork
        Programmed chip.
    winners : (k, groups) int64
        Unit that is on in each group; negative: none.

    Returns
    -------
    (k, n) int8
        Spins.
    """
    if state.one_hot is None:
        return np.where(winners % 2 == 1, 1, -1).astype(np.int8)
    whole = np.all(winners >= 0, axis=1)
    spins = np.full((len(winners), state.groups.size), -1, np.int8)
    spins[whole] = state.groups.spins(winners[whole])
    return spins


def join_ends(parts: list[tuple[Any, Ends]]) -> Ends:
    """Join the results of batches in the order of the reads.

    Parameters
    ----------
    parts : list of tuple
        Positions of the reads of a batch, and their results.

    Returns
    -------
    Ends
        Results of all reads.
    """
    order = np.argsort(np.concatenate([where for where, _ in parts]))
    ends = [end for _, end in parts]
    return Ends(
        np.concatenate([end.spins for end in ends])[order],
        np.concatenate([end.settled for end in ends])[order],
        {name: np.concatenate([end.activity[name] for end in ends])[order] for name in ends[0].activity},
        ends[0].steps,
        ends[0].step_s,
    )
