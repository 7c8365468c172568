r"""The inner loop of kinetic Monte Carlo, without an exponential in it.

.. math:: k_{a \to b} = \min(A_{ab},\; D_{ab}\, B_b / B_a)

where B_a = exp(-eps_a / kT) is the Boltzmann factor of place a, and A_ab = nu_ab, D_ab = nu_ab exp(C_ab / kT) are fixed
(C is zero at electrodes). A hop multiplies every B by a fixed factor: exp(C_ki / kT) where i was emptied, its inverse
where one was filled. Computing B anew every so often wipes out round-off. A full acceptor as target has B = 0, so that
rows of k are plain sums without a branch, which the processor does eight at a time.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np
from numba import njit

from neuromorph.kernels.xoshiro import uniform

_ANEW = 1 << 14  # number of hops between two computations of B
_FAST = {"reassoc", "nsz", "nnan", "contract"}


@njit(cache=True, nogil=True, fastmath=_FAST)
def sum_row(most, ratio, targets, inverse):
    """Sum min(A_ab, D_ab B_b / B_a) over b.

    Parameters
    ----------
    most : (n,) float
        A_ab of one a.
    ratio : (n,) float
        D_ab of one a.
    targets : (n,) float
        B_b, 0 where a hole is.
    inverse : float
        1 / B_a.

    Returns
    -------
    float
        Sum of the rates.
    """
    total = 0.0
    for b in range(targets.size):
        total += min(most[b], ratio[b] * (targets[b] * inverse))
    return total


@njit(cache=True, nogil=True, fastmath=_FAST)
def weigh(alone, up, filled, weights, targets):
    """Compute the Boltzmann factors B of all acceptors in place.

    Parameters
    ----------
    alone : (n,) float
        B of each acceptor where all the others are full.
    up : (n, n) float
        exp(C / kT), the factor on B of a neighbor without a hole.
    filled : (n,) bool
        Whether a hole is on each acceptor.
    weights : (n,) float
        Result B.
    targets : (n,) float
        Result B, 0 where a hole is.
    """
    for i in range(alone.size):
        weights[i] = alone[i]
    for j in range(alone.size):
        if not filled[j]:
            for i in range(alone.size):
                weights[i] *= up[j, i]
    for i in range(alone.size):
        targets[i] = 0.0 if filled[i] else weights[i]


@njit(cache=True, nogil=True, fastmath=_FAST)
def _scale(factors, weights, targets):
    for j in range(factors.size):
        weights[j] *= factors[j]
        targets[j] *= factors[j]


@njit(cache=True, nogil=True)
def hop(
    most,
    ratio,
    up,
    down,
    alone,
    electrode_weights,
    filled,
    hops,
    net,
    dwell,
    stream,
    waits,
    where,
    weights,
    targets,
    counts,
    time,
):
    """Simulate ``hops`` hops of the state ``filled`` (n,) bool, in place.

    weights (n + k,), targets (m,), counts (1,), the hops until B is computed anew, and time (1,), the mean time of all
    in s, go on from one part of a walk to the next; they are zeros at first.

    Parameters
    ----------
    most, ratio : (n + k, m) float
        A and D, with zeros up to a multiple of 8 columns.
    up, down : (n, n) float
        exp(+-C / kT).
    alone : (n,) float
        B of each acceptor where all the others are full.
    electrode_weights : (k,) float
        exp(-V / kT).
    filled : (n,) bool
        Occupations, changed in place.
    hops : int
        Number of hops.
    net : (k,) int64
        Holes into each electrode less holes out of it, added to.
    dwell : (2^n,) or (0,) float
        Time in each state, bit i set where acceptor i is full, added to.
    stream : (4,) uint64
        Random state, changed in place.
    waits, where : (hops,) or (0,) arrays
        Mean time before each hop; e + 1 if it ends in electrode e, -e - 1 if it began there.
    weights, targets, counts, time : arrays
        State of the walk, changed in place.
    """
    n, k = filled.size, electrode_weights.size
    code = 0
    if dwell.size:
        for i in range(n):
            code |= int(filled[i]) << i
    rows = np.zeros(n + k)
    for e in range(k):
        weights[n + e] = targets[n + e] = electrode_weights[e]
    for step in range(hops):
        if counts[0] == 0:
            weigh(alone, up, filled, weights, targets)
            counts[0] = _ANEW
        counts[0] -= 1
        total = 0.0
        for a in range(n + k):
            if a >= n or filled[a]:
                total += sum_row(most[a], ratio[a], targets, 1.0 / weights[a])
            rows[a] = total
        time[0] += 1.0 / total
        if dwell.size:
            dwell[code] += 1.0 / total
        if waits.size:
            waits[step] = 1.0 / total
        # One random number draws the row, then the target in it.
        left = uniform(stream) * total
        a = np.searchsorted(rows, left, side="right")
        if a == n + k:  # round-off
            a -= 1
            while a < n and not filled[a]:
                a -= 1
        left -= rows[a - 1] if a else 0.0
        inverse = 1.0 / weights[a]
        b, last = -1, -1
        for c in range(n + k):
            rate = min(most[a, c], ratio[a, c] * (targets[c] * inverse))
            if rate > 0.0:
                last = c
                left -= rate
                if left < 0.0:
                    b = c
                    break
        if b < 0:
            b = last
        if a < n:
            filled[a] = False
            code ^= 1 << a
            _scale(up[a], weights[:n], targets[:n])
            targets[a] = weights[a]
        else:
            net[a - n] -= 1
            if where.size:
                where[step] = n - 1 - a
        if b < n:
            filled[b] = True
            code ^= 1 << b
            _scale(down[b], weights[:n], targets[:n])
            targets[b] = 0.0
        else:
            net[b - n] += 1
            if where.size:
                where[step] = b - n + 1


@njit(cache=True, nogil=True)
def alias_table(weights):
    """Build the (threshold, alias) table of Walker's method.

    One random number then draws k with a probability proportional to weights[k] > 0.

    Parameters
    ----------
    weights : (n,) float
        Weights, above 0.

    Returns
    -------
    ((n,) float, (n,) int64)
        Threshold and alias of each entry.
    """
    count = weights.size
    threshold, alias = weights * (count / weights.sum()), np.arange(count)
    small, large = np.empty(count, np.int64), np.empty(count, np.int64)
    lows, highs = 0, 0
    for k in range(count):
        if threshold[k] < 1.0:
            small[lows] = k
            lows += 1
        else:
            large[highs] = k
            highs += 1
    while lows and highs:
        lows -= 1
        k = small[lows]
        top = large[highs - 1]
        alias[k] = top
        threshold[top] -= 1.0 - threshold[k]
        if threshold[top] < 1.0:
            highs -= 1
            small[lows] = top
            lows += 1
    for k in range(lows):
        threshold[small[k]] = 1.0
    for k in range(highs):
        threshold[large[k]] = 1.0
    return threshold, alias


@njit(cache=True, nogil=True)
def hop_rejected(
    sources,
    ends,
    threshold,
    alias,
    gain,
    rate,
    up,
    down,
    alone,
    electrode_weights,
    filled,
    hops,
    trials,
    net,
    stream,
    weights,
    targets,
    counts,
):
    """Simulate hops as :func:`hop` does, by drawing pairs by A and rejecting.

    The method is exact, and quick where most trials are accepted.

    Parameters
    ----------
    sources, ends, threshold, alias, gain : (pairs,) arrays
        a, b, Walker's table over A_ab, D_ab / A_ab.
    rate : float
        Sum of A: a trial takes 1 / rate on the mean.
    up, down, alone, electrode_weights, filled
        As of :func:`hop`.
    hops, trials : int
        Largest number of hops, and of trials.
    net, stream, weights, targets, counts
        As of :func:`hop`.

    Returns
    -------
    done, tried : int
        Number of hops, and of trials.
    """
    n, k = filled.size, electrode_weights.size
    for e in range(k):
        weights[n + e] = targets[n + e] = electrode_weights[e]
    done, tried = 0, 0
    while done < hops and tried < trials:
        if counts[0] == 0:
            weigh(alone, up, filled, weights, targets)
            counts[0] = _ANEW
        tried += 1
        x = uniform(stream) * threshold.size
        pair = int(x)
        if x - pair >= threshold[pair]:
            pair = alias[pair]
        a, b = sources[pair], ends[pair]
        if a < n and not filled[a]:
            continue
        # a full acceptor as target has weight 0
        if uniform(stream) * weights[a] >= gain[pair] * targets[b]:
            continue
        done += 1
        counts[0] -= 1
        if a < n:
            filled[a] = False
            _scale(up[a], weights[:n], targets[:n])
            targets[a] = weights[a]
        else:
            net[a - n] -= 1
        if b < n:
            filled[b] = True
            _scale(down[b], weights[:n], targets[:n])
            targets[b] = 0.0
        else:
            net[b - n] += 1
    return done, tried


@njit(cache=True, nogil=True, fastmath=_FAST)
def eliminate_states(rates, first, stop):
    """Eliminate states ``stop`` - 1 to ``first`` of a chain in place.

    Rates among states before ``first`` are left for the caller.

    Parameters
    ----------
    rates : (m, m) float
        Rates; column k becomes the weights by which p[k] follows from p[:k].
    first, stop : int
        Range of the states.
    """
    for k in range(stop - 1, max(first, 1) - 1, -1):
        leaving = 0.0
        for j in range(k):
            leaving += rates[k, j]
        for i in range(k):
            weight = rates[i, k] / leaving
            rates[i, k] = weight
            for j in range(first if i < first else 0, k):
                rates[i, j] += weight * rates[k, j]
