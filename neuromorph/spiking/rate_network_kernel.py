r"""Compiled steps of rate networks, each trial on a stream of its own: what Brian2 simulates in ``rate_network``.

Importing Brian2 and building a small network there takes longer than the steps of many trials. The order of a step is
Brian2's: Euler's step of v where the neuron is not refractory, and of I_s; spikes arrive; v is reset.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike
from scipy import sparse

from ..ising import Float
from ..runtime.limits import checkpoint
from .rate_network import SpikingHopfield
from .rate_recall import SpikingRecall, check_cues, recall_from_spikes

_DRAWN = 1 << 17  # normal numbers at once


@njit(cache=True, nogil=True)
def trial_spikes(synapses, numbers, state, kicks, shown, first, spikes, cells, kept):
    """Simulate a step for each row of ``kicks``.

    Parameters
    ----------
    synapses : (n + 1,) int, (m,) int, (m,) float
        CSR; row i: what a spike of neuron i adds to the currents of the others, V.
    numbers : tuple of float and int
        dt / tau_m, dt / tau_s, E_L, V_th and V_r, and the steps from a spike to the next that moves v.
    state : tuple of (n,) array
        v, I_s, I_b and I_cue in V, and the step of the last spike; v, I_s and this one in place.
    kicks : (k, n) float
        Noise of v in each step, V.
    shown : (k,) float
        1 while the cue is there, else 0.
    first : int
        Number of the first step.
    spikes : (k n, 2) int
        Step and neuron of each spike, in place.
    cells, kept : (c,) int, (k, c) float
        Recorded neurons, and their v at the beginning of each step, in place.

    Returns
    -------
    int
        Number of spikes.
    """
    starts, targets, weights = synapses
    leak, fall, rest, threshold, reset, refractory = numbers
    v, current, bias, cue, last = state
    found = 0
    for k in range(len(kicks)):
        for c in range(len(cells)):
            kept[k, c] = v[cells[c]]
        begin = found
        for i in range(len(v)):
            drive = current[i] + bias[i] + cue[i] * shown[k]
            current[i] -= fall * current[i]
            if first + k - last[i] >= refractory:
                v[i] += leak * (rest - v[i] + drive) + kicks[k, i]
                if v[i] > threshold:
                    spikes[found, 0], spikes[found, 1] = first + k, i
                    found += 1
        for at in range(begin, found):
            fired = spikes[at, 1]
            v[fired], last[fired] = reset, first + k
            for place in range(starts[fired], starts[fired + 1]):
                current[targets[place]] += weights[place]
    return found


def recall_compiled(
    network: SpikingHopfield,
    cues: ArrayLike,
    seeds: Sequence[np.random.SeedSequence],
    *,
    duration_s: float = 0.6,
    cue_s: float = 0.1,
    read_s: float = 0.2,
    bin_s: float = 0.05,
    record: Sequence[int] = (),
) -> SpikingRecall:
    """Recall as :meth:`.SpikingHopfield.recall` does, each trial on its own random stream.

    Parameters
    ----------
    network : SpikingHopfield
        The network.
    cues : (trials, n) array_like
        Cue of each trial.
    seeds : sequence of SeedSequence
        Stream of each trial.
    duration_s, cue_s, read_s, bin_s
        As in :meth:`.SpikingHopfield.recall`.
    record : sequence of int
        Neurons of the first trial whose potentials are recorded.

    Returns
    -------
    SpikingRecall
        The spikes and outputs.
    """
    neuron, n = network.neuron, network.neurons
    dt = neuron.step_s
    c, edges = check_cues(cues, network.size, duration_s, cue_s, bin_s, dt)
    values, steps = network.start_values(c, cue_s), round(float(edges[-1]) / dt)
    source, sink, jumps = network.synapses
    rows = sparse.csr_array((jumps, (source, sink)), shape=(n, n))
    synapses = rows.indptr.astype(np.int64), rows.indices.astype(np.int64), rows.data
    leak, refractory = dt / neuron.membrane_s, round(neuron.refractory_s / dt)
    numbers = leak, dt / neuron.synapse_s, neuron.rest_v, neuron.threshold_v, neuron.reset_v, refractory
    noise = neuron.noise_v * np.sqrt(2.0 * leak)
    shown = (np.arange(steps) * dt < cue_s).astype(float)
    block = max(1, _DRAWN // n)
    places = np.empty((block * n, 2), np.int64)
    parts: list[Any] = []
    counts: list[int] = []
    courses: list[Float] = []
    for trial, seed in enumerate(seeds):
        stream, mine = np.random.default_rng(seed), slice(trial * n, (trial + 1) * n)
        state = (
            *(values[f"units.{name}"][mine].copy() for name in ("v", "I_s", "I_b", "I_cue")),
            np.full(n, -refractory, np.int64),
        )
        cells, count = np.array(record if trial == 0 else (), np.int64), 0
        for first in range(0, steps, block):
            checkpoint("spikes of the networks", trial * steps + first, len(seeds) * steps)
            kicks = noise * stream.standard_normal((min(block, steps - first), n))
            kept = np.empty((len(kicks), len(cells)))
            now = shown[first : first + len(kicks)]
            made = trial_spikes(synapses, numbers, state, kicks, now, first, places, cells, kept)
            parts.append(places[:made].copy())
            count += made
            courses.append(kept)
        counts.append(count)
    events = np.concatenate(parts)
    spikes = events[:, 0] * dt, np.repeat(np.arange(len(counts)), counts), events[:, 1]
    found = recall_from_spikes(network, spikes, len(counts), edges, read_s, {})
    if not len(record):
        return found
    course = np.concatenate([each for each in courses if each.shape[1]])
    times = np.arange(steps, dtype=float) * dt
    return replace(found, potentials=(np.asarray(times), course))
