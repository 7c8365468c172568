r"""A Markov chain in continuous time, walked through a table of its rates: small systems, many independent reads.

.. math:: \Delta t = -\ln(u) / \sum_j k_{ij}, \qquad P(i \to j) = k_{ij} / \sum_j k_{ij}

where k_ij is the rate from state i to j and u uniform in (0, 1).
Source: Gillespie, J. Comput. Phys. 22, 403 (1976).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numba import njit

from neuromorph.ising import Float
from neuromorph.kernels.xoshiro import uniform


def rate_table(source, target, rates, count: int) -> tuple[np.ndarray, np.ndarray, Float]:
    """Sort transitions by their source, likely ones first.

    Parameters
    ----------
    source, target : (m,) int
        States of each transition.
    rates : (m,) float
        Rates, 1/s.
    count : int
        Number of states.

    Returns
    -------
    first : (count + 1,) int
        Where the transitions of each state begin.
    target : (m,) int
        Their targets.
    sums : (m,) float
        Running sums of the rates of each source, 1/s.
    """
    kept = np.flatnonzero(rates > 0.0)
    kept = kept[np.lexsort((-rates[kept], source[kept]))]  # likely ones first
    first = np.searchsorted(source[kept], np.arange(count + 1))
    sums = np.concatenate([np.cumsum(rates[kept[a:b]]) for a, b in pairwise(first)])
    return first, target[kept].astype(np.int64), sums


def relaxation_rate(source, target, rates, count: int) -> float:
    """Compute the relaxation rate of the slowest mode.

    It is the smallest nonzero eigenvalue of the master equation's matrix.

    Parameters
    ----------
    source, target, rates, count
        As of :func:`rate_table`.

    Returns
    -------
    float
        The rate, 1/s.
    """
    generator = np.bincount(source.astype(np.int64) * count + target, rates, count * count).reshape(count, count)
    generator -= np.diag(generator.sum(axis=1))
    modes = np.sort(-np.linalg.eigvals(generator).real)
    return float(max(modes[1], 1e-13 * modes[-1]))  # Smaller modes are round-off.


NO_TIMES, NO_PATH = np.empty(0), np.empty(0, np.int64)


@njit(cache=True, nogil=True)
def walk_chain(first, target, sums, states, duration, limit, streams, times=NO_TIMES, path=NO_PATH):
    """Walk ``states`` (reads,) in place for ``duration`` s each.

    Parameters
    ----------
    first, target, sums : arrays
        From :func:`rate_table`.
    states : (reads,) int
        States, changed in place.
    duration : float
        Time of each walk, s.
    limit : int
        Number of hops at which a walk stops.
    streams : (reads, 4) uint64
        Random states, changed in place.
    times, path : (hops,) or (0,) arrays
        Changed in place: when each hop of the last read happened, s, and the state that it led to.

    Returns
    -------
    (reads,) int
        Numbers of hops.
    """
    hops = np.zeros(states.size, np.int64)
    for read in range(states.size):
        state, left, stream = states[read], duration, streams[read]
        while hops[read] < limit:
            a, b = first[state], first[state + 1]
            if a == b:
                break
            total = sums[b - 1]
            left += math.log(1.0 - uniform(stream)) / total
            if left < 0.0:
                break
            drawn = uniform(stream) * total
            while a < b - 1 and sums[a] <= drawn:
                a += 1
            state = target[a]
            if hops[read] < times.size:
                times[hops[read]], path[hops[read]] = duration - left, state
            hops[read] += 1
        states[read] = state
    return hops
