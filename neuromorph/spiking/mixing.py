r"""How long a network has to run from rest until its state is a sample.

.. math:: \| P^t(0, \cdot) - p \|_{TV} \le \epsilon

P: n heat-bath updates of neurons at random in every tau. Abstract neurons that take turns are no slower: each is
updated in every tau. Nor are those that spike at any time, as far as they forget their last spikes: they switch on at
rate e^u / tau and off at 1 / tau, each 1 + e^u times as fast as the heat bath at 1 / tau (Peskun's order).
To 12 neurons the distance is computed from all states; beyond, bounded by pairs of chains that see the same random
numbers, one from rest, the other from all on or from anywhere: by how many of them still differ. That bound is loose
where couplings are frustrated: reads that it calls too short may be long enough.
Sources: Peskun, Biometrika 60, 607 (1973); Johnson, JASA 91, 154 (1996); Levin and Peres, Markov Chains and Mixing
Times (2017), chapter 5.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import njit
from scipy import sparse
from scipy.special import expit, softmax

from .. import exact
from ..ising import Float
from ..kernels.xoshiro import below, uniform
from ..rng import kernel_states, read_seeds
from ..runtime.limits import checkpoint

MIXING_ENUMERATED = 12  # neurons up to which all states are followed
_PAIRS = 64  # of chains, fewer where a tau of them has more than so many synapses to look at:
_SYNAPSES = 1 << 18


def periods_to_settle(weights: Any, biases: Float, distance: float, most: int) -> tuple[int, float]:
    """Compute the time from rest, in tau, after which total variation is small enough.

    Parameters
    ----------
    weights : (n, n) CSR
        Weights W, symmetric but for errors of a device.
    biases : (n,)
        Biases b.
    distance : float
        Total variation, 0 to 1.
    most : int
        Time after which it gives up; the returned total variation then exceeds ``distance``.

    Returns
    -------
    (int, float)
        Time in tau, and the total variation after it.
    """
    follow = _enumerated if biases.size <= MIXING_ENUMERATED else _coupled
    away = 1.0
    for period, away in enumerate(follow(sparse.csr_array(weights), biases), 1):
        checkpoint("looking how long reads must be", period, most)
        if away <= distance or period >= most:
            return period, away
    raise AssertionError("chains end with their last period")


def _enumerated(weights: Any, biases: Float) -> Iterator[float]:
    n = biases.size
    states = np.arange(1 << n)
    z = (exact.spins_of(states, n) + 1) / 2.0
    even = (weights + weights.T) / 2.0
    inputs = z @ even + biases  # (2^n, n)
    wanted = softmax(0.5 * ((inputs + biases) * z).sum(axis=1))
    on, p = expit(inputs), np.zeros(1 << n)
    to_on, to_off = (states[:, None] | (1 << np.arange(n))), (states[:, None] & ~(1 << np.arange(n)))
    rows = np.repeat(states, n)
    step = sparse.csr_array(
        (np.r_[on.ravel(), (1.0 - on).ravel()] / n, (np.r_[to_on.ravel(), to_off.ravel()], np.r_[rows, rows])),
        shape=(1 << n, 1 << n),
    )
    p[0] = 1.0
    while True:
        for _ in range(n):
            p = step @ p
        yield float(np.abs(p - wanted).sum() / 2.0)


def _coupled(weights: Any, biases: Float) -> Iterator[float]:
    n = biases.size
    pairs = int(np.clip(_SYNAPSES // max(weights.nnz, n), 4, _PAIRS))
    streams = kernel_states(read_seeds(0, pairs))
    rest, other = np.zeros((pairs, n), np.int8), np.ones((pairs, n), np.int8)
    other[pairs // 2 :] = np.random.default_rng(0).integers(0, 2, (pairs - pairs // 2, n))
    while True:
        _step_together(weights.indptr, weights.indices, weights.data, biases, rest, other, streams)
        yield float((rest != other).any(axis=1).mean())


@njit(cache=True, nogil=True)
def _step_together(indptr, indices, data, biases, rest, other, streams):
    """Update two chains (pairs, n) n times, each with the same neuron and the same random number."""
    n = biases.size
    for pair in range(len(rest)):
        first, second, stream = rest[pair], other[pair], streams[pair]
        for _ in range(n):
            i, drawn = below(stream, n), uniform(stream)
            u = v = biases[i]
            for k in range(indptr[i], indptr[i + 1]):
                u += data[k] * first[indices[k]]
                v += data[k] * second[indices[k]]
            first[i] = 1 if drawn * (1.0 + math.exp(-u)) < 1.0 else 0
            second[i] = 1 if drawn * (1.0 + math.exp(-v)) < 1.0 else 0
