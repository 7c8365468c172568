"""Compiled steps of winner-take-all networks, each on its own stream: what Brian2 simulates in ``winner_take_all``.

A search of a small problem, or of a macro of a tour, is a network of some hundred neurons that is asked once; importing
Brian2 and building the network there takes longer than its steps. The order of a step is Brian2's: traces fall,
thresholds are drawn, spikes arrive.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit
from scipy import sparse

from ..ising import Float
from ..kernels.xoshiro import uniform
from ..problems.one_hot import OneHot
from ..rng import kernel_states
from ..runtime.limits import checkpoint
from .search_result import SearchResult, best_of_spikes
from .winner_take_all import WinnerTakeAll

_PIECE = 64  # steps with a spike of each neuron that the places for spikes hold
_MOST = 60.0  # |beta u| beyond which a threshold is sure


@njit(cache=True, nogil=True)
def search_spikes(synapses, biases, betas, chance, decay, refractory, spikes, traces, last, first, state):
    """Simulate steps from ``first`` on, until they or the places for spikes end.

    Parameters
    ----------
    synapses : (n + 1,) int, (m,) int, (m,) float
        CSR; row i: what a spike of neuron i adds to the traces of the others.
    biases : (n,) float
        Biases.
    betas : (steps,) float
        Gain at each step.
    chance, decay : float
        r dt, and the factor of the traces in a step.
    refractory : int
        Steps from a spike to the next one at least.
    spikes : (m, 2) int
        Step and neuron of each spike, in place.
    traces : (n,) float
        Inhibition of each neuron, in place.
    last : (n,) int
        Step of the last spike of each neuron, in place.
    first : int
        Step to begin with.
    state : (4,) uint64
        State of the generator, in place.

    Returns
    -------
    spikes, step : int
        Number of spikes, and the step that comes next.
    """
    starts, targets, weights = synapses
    n = len(biases)
    found = 0
    for step in range(first, len(betas)):
        if found + n > len(spikes):
            return found, step
        begin = found
        for i in range(n):
            traces[i] *= decay
            if step - last[i] < refractory:
                continue
            drive = betas[step] * (biases[i] + traces[i])
            if drive < -_MOST:
                continue
            if uniform(state) * (1.0 + math.exp(-min(drive, _MOST))) < chance:
                spikes[found, 0], spikes[found, 1] = step, i
                last[i] = step
                found += 1
        for k in range(begin, found):
            fired = spikes[k, 1]
            for at in range(starts[fired], starts[fired + 1]):
                traces[targets[at]] += weights[at]
    return found, len(betas)


def search_compiled(
    problem: OneHot,
    duration_s: float,
    seeds: list[np.random.SeedSequence],
    neurons: WinnerTakeAll,
    network: tuple[Float, Float],
    record: Sequence[int] = (),
) -> SearchResult:
    """Search as :func:`.solve_by_spikes` does, each chain on its own random stream.

    Parameters
    ----------
    problem : OneHot
        Problem.
    duration_s : float
        Duration in s.
    seeds : list of SeedSequence
        Stream of each chain.
    neurons : WinnerTakeAll
        Parameters.
    network : tuple of (n, n) float, (n,) float
        Weights and biases as a device has them.
    record : sequence of int
        Neurons whose potentials are computed from the spikes, chain after chain.

    Returns
    -------
    SearchResult
        The best states.
    """
    weights, biases = network
    rows, n = sparse.csr_array(weights.T), problem.size
    synapses = rows.indptr.astype(np.int64), rows.indices.astype(np.int64), rows.data
    steps = round(duration_s / neurons.dt_s)
    betas = neurons.low + (neurons.high - neurons.low) * (np.arange(steps) * neurons.dt_s / neurons.period_s % 1.0)
    chance, decay = neurons.rate_hz * neurons.dt_s, math.exp(-neurons.dt_s / neurons.tau_s)
    refractory = round(neurons.refractory_s / neurons.dt_s)
    places, parts = np.empty((_PIECE * n, 2), np.int64), []
    counts: list[int] = []
    for state in kernel_states(seeds):
        traces, last, step, count = np.zeros(n), np.full(n, -refractory), 0, 0
        while step < steps:
            checkpoint("spikes of the networks", len(counts) * steps + step, len(seeds) * steps)
            made, step = search_spikes(
                synapses, biases, betas, chance, decay, refractory, places, traces, last, step, state
            )
            parts.append(places[:made].copy())
            count += made
        counts.append(count)
    spikes = np.concatenate(parts)
    chain = np.repeat(np.arange(len(seeds)), counts)
    events = spikes[:, 0], chain, spikes[:, 1]
    inside = _potentials(events, network, steps, neurons.dt_s, decay, record) if len(record) else None
    return best_of_spikes(problem, duration_s, neurons.dt_s, weights, events, len(seeds), inside)


def _potentials(
    events: tuple[Any, Any, Any],
    network: tuple[Float, Float],
    steps: int,
    dt_s: float,
    decay: float,
    record: Sequence[int],
) -> tuple[Float, Float]:
    """Compute times and potentials u of some neurons at the beginning of each step."""
    (when, chain, unit), (weights, biases) = events, network
    chains, cells = np.divmod(np.asarray(record), len(biases))
    arriving = np.zeros((steps, len(cells)))
    for k, (own, cell) in enumerate(zip(chains, cells, strict=True)):
        mine = chain == own
        arriving[:, k] = np.bincount(when[mine], weights[cell, unit[mine]], steps)
    traces = np.zeros((steps, len(cells)))
    for step in range(1, steps):
        traces[step] = decay * traces[step - 1] + arriving[step - 1]
    times = np.arange(steps, dtype=float) * dt_s
    return np.asarray(times), np.asarray(traces + biases[cells])
