r"""Compiled macros of a path with fixed ends: exact, by swaps of a Boltzmann machine, by the softassign ODE.

A path of k free cities has weights w (k + 2, k + 2): row and column 0 are the start, k + 1 the end, and w[i, j] is the
cost of going from i to j, which need not be that of going back. An order (k,) holds 1 .. k.

- exact: f(S, j), the shortest path from the start over the set S that ends in j, by dynamic programming.
- swap: two slots change places with probability 1 / (1 + exp(Delta / T)), T geometric from .4 to .1 of the mean
  weight.
- ode: see ``path_ode_kernel``.

Sources: Held and Karp, J. SIAM 10, 196 (1962); Aarts and Korst, Simulated Annealing and Boltzmann Machines (1989).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import below, normal, uniform
from .path_ode_kernel import about_normal, ode_path

EXACT, SWAP, ODE = range(3)
_HUGE = 1e300
_BEYOND = 1.5  # a link longer than the longest of the present order, this many times, is in no shorter one


@njit(cache=True, nogil=True)
def hold(w, k, order, bits, mismatch, noise, stream, out):
    """Write weights into cells, with levels, programming error and read noise.

    The range of the cells is that of links which can matter: one half longer than all of the present order is beyond
    it, and is held as the largest level.

    Parameters
    ----------
    w : (k + 2, k + 2) float
        Weights.
    k : int
        Number of free cities.
    order : (k,) int
        Present order.
    bits : int
        Bits of a cell; 0 is none.
    mismatch, noise : float
        Deviations over the range, both Gaussian.
    stream : (4,) uint64
        State of the generator, in place.
    out : (k + 2, k + 2) float
        Weights as they are read, filled in place.

    Returns
    -------
    float
        Range: the largest weight that is told from larger ones; without imperfections the largest of all.
    """
    top = 0.0
    for i in range(k + 2):
        for j in range(k + 2):
            if i != j:
                top = max(top, w[i, j])
    if bits > 0 or mismatch > 0.0 or noise > 0.0:
        longest, here = 0.0, 0
        for p in range(k + 1):
            there = order[p] if p < k else k + 1
            longest = max(longest, w[here, there])
            here = there
        if longest > 0.0:
            top = min(top, _BEYOND * longest)
    spread = math.sqrt(mismatch * mismatch + noise * noise) * top
    levels = 2.0**bits - 1.0
    for i in range(k + 2):
        for j in range(k + 2):
            held = min(w[i, j], top)
            if bits > 0 and top > 0.0:
                held = math.floor(held / top * levels + 0.5) * top / levels
            out[i, j] = held + spread * normal(stream) if spread > 0.0 else held
    return top


@njit(cache=True, nogil=True)
def path_length(w, order, k):
    """Compute the length of a path.

    Parameters
    ----------
    w : (k + 2, k + 2) float
        Weights.
    order : (k,) int
        Free cities in their order.
    k : int
        Their number.

    Returns
    -------
    float
        Length, both ends included.
    """
    total, here = 0.0, 0
    for p in range(k):
        total += w[here, order[p]]
        here = order[p]
    return total + w[here, k + 1]


@njit(cache=True, nogil=True)
def exact_path(w, k, table, order):
    """Find the shortest path by dynamic programming.

    Parameters
    ----------
    w : (k + 2, k + 2) float
        Weights.
    k : int
        Number of free cities.
    table : (2^k, k) float
        Workspace: the shortest path over a set that ends in a city of it.
    order : (k,) int
        Order, filled in place.
    """
    whole = (1 << k) - 1
    for j in range(k):
        table[1 << j, j] = w[0, j + 1]
    for chosen in range(1, whole + 1):
        if chosen & (chosen - 1) == 0:
            continue
        for j in range(k):
            if chosen >> j & 1:
                before = chosen ^ (1 << j)
                best, left = _HUGE, before
                while left:
                    i = _lowest(left)
                    left &= left - 1
                    best = min(best, table[before, i] + w[i + 1, j + 1])
                table[chosen, j] = best
    chosen, behind = whole, k + 1
    for p in range(k - 1, -1, -1):
        best, last = _HUGE, 0
        for j in range(k):
            if chosen >> j & 1:
                length = table[chosen, j] + w[j + 1, behind]
                if length < best:
                    best, last = length, j
        order[p] = last + 1
        behind = last + 1
        chosen ^= 1 << last


@njit(cache=True, nogil=True, inline="always")
def _lowest(bits):
    """Return the number of the lowest bit that is set, of at most 16."""
    number = 0
    if bits & 255 == 0:
        number, bits = 8, bits >> 8
    if bits & 15 == 0:
        number, bits = number + 4, bits >> 4
    if bits & 3 == 0:
        number, bits = number + 2, bits >> 2
    return number + 1 - (bits & 1)


@njit(cache=True, nogil=True)
def swap_path(w, k, updates, noise, stream, order):
    """Anneal the order of slots by swaps, and keep the best order met.

    Parameters
    ----------
    w : (k + 2, k + 2) float
        Weights.
    k : int
        Number of free cities.
    updates : int
        Proposals.
    noise : float
        Deviation of the noise of each comparison, in units of a weight.
    stream : (4,) uint64
        State of the generator, in place.
    order : (k,) int
        Order to start from, changed in place.
    """
    if k < 2:
        return
    mean = 0.0
    for i in range(k + 2):
        for j in range(k + 2):
            if i != j:
                mean += w[i, j]
    mean = max(mean / ((k + 1) * (k + 2)), 1e-300)
    temperature, factor = 0.4 * mean, (0.1 / 0.4) ** (1.0 / updates)
    length, shortest, kept = 0.0, 0.0, order[:k].copy()
    for _ in range(updates):
        temperature *= factor
        p = below(stream, k)
        q = below(stream, k - 1)
        q += q >= p
        p, q = min(p, q), max(p, q)
        a, b = order[p], order[q]
        before, behind = 0 if p == 0 else order[p - 1], k + 1 if q == k - 1 else order[q + 1]
        if q == p + 1:
            change = w[before, b] + w[b, a] + w[a, behind] - w[before, a] - w[a, b] - w[b, behind]
        else:
            after, ahead = order[p + 1], order[q - 1]
            change = (
                w[before, b] + w[b, after] + w[ahead, a] + w[a, behind]
                - w[before, a] - w[a, after] - w[ahead, b] - w[b, behind]
            )  # fmt: skip
        if noise > 0.0:
            change += noise * about_normal(stream)
        if uniform(stream) * (1.0 + math.exp(min(change / temperature, 700.0))) < 1.0:
            order[p], order[q] = b, a
            length += change
            if length < shortest:
                shortest = length
                for i in range(k):
                    kept[i] = order[i]
    for i in range(k):
        order[i] = kept[i]


@njit(cache=True, nogil=True)
def order_paths(weights, sizes, kind, effort, bits, mismatch, noise, streams, orders):
    """Order a batch of paths; see the head of this module.

    Parameters
    ----------
    weights : (m, most + 2, most + 2) float
        Weights of each path, in the corner of its own size.
    sizes : (m,) int
        Number of free cities of each.
    kind : int
        EXACT, SWAP or ODE.
    effort : int
        Swaps, or steps of the ODE.
    bits, mismatch, noise : int, float, float
        As of :func:`hold`.
    streams : (m, 4) uint64
        States of the generators, in place.
    orders : (m, most) int
        Present orders, changed in place.

    Returns
    -------
    int
        Number of paths for which an answer was a permutation.
    """
    most = orders.shape[1]
    table = np.empty((1 << most if kind == EXACT else 1, most))
    held = np.empty((most + 2, most + 2))
    valid = 0
    for m in range(len(sizes)):
        k = sizes[m]
        if k < 1:
            valid += 1
            continue
        top = hold(weights[m], k, orders[m], bits, mismatch, noise, streams[m], held)
        if kind == EXACT:
            exact_path(held, k, table, orders[m])
        elif kind == SWAP:
            swap_path(held, k, effort, noise * top, streams[m], orders[m])
        elif not ode_path(held, k, effort, 0.2 * (noise > 0.0), streams[m], orders[m]):
            continue
        valid += 1
    return valid
