r"""Single-spin heat bath and its zero-temperature limit, one read a call.

.. math:: P(s_i = +1) = \frac{1}{1 + e^{-2 \beta f_i}}, \qquad f_i = h_i + \sum_j J_{ij} s_j

Fields are kept and changed only where a spin flips, so an update that flips nothing costs O(1).
``couplings`` is an (n, n) array, or (indptr, indices, data) of a CSR matrix; float64 or float32.
Source: Geman and Geman, IEEE TPAMI 6, 721 (1984).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit, types
from numba.extending import overload

from .random import below, uniform

_NEVER = 37.0  # exp(-37) < 2^-53: the generator cannot draw that low


def _spread(couplings, i, change, fields):
    """fields += J[:, i] * change; numba takes one of the loops below, by the type of ``couplings``."""
    if isinstance(couplings, tuple):
        indptr, indices, data = couplings
        row = slice(indptr[i], indptr[i + 1])
        fields[indices[row]] += data[row] * change
    else:
        fields += couplings[i] * change


@overload(_spread)
def _spread_compiled(couplings, i, change, fields):
    if isinstance(couplings, types.Array):

        def dense(couplings, i, change, fields):
            row = couplings[i]
            for j in range(row.size):
                fields[j] += row[j] * change

        return dense

    def csr(couplings, i, change, fields):
        indptr, indices, data = couplings
        for k in range(indptr[i], indptr[i + 1]):
            fields[indices[k]] += data[k] * change

    return csr


@njit(cache=True, nogil=True)
def _fields(couplings, biases, spins):
    fields = biases.copy()
    for i in range(spins.size):
        _spread(couplings, i, spins[i], fields)
    return fields


@njit(cache=True, nogil=True)
def anneal(couplings, biases, betas, spins, state):
    """One sweep in the order of the spins at each of ``betas``; ``spins`` (n,) int8 in place."""
    fields = _fields(couplings, biases, spins)
    for beta in betas:
        for i in range(spins.size):
            x = 2.0 * beta * spins[i] * fields[i]
            if x < _NEVER and uniform(state) * (1.0 + math.exp(x)) < 1.0:
                spins[i] = -spins[i]
                _spread(couplings, i, 2 * spins[i], fields)


@njit(cache=True, nogil=True)
def descend(couplings, biases, limit, spins, state):
    """Sweeps in random order, each spin turning into its field, until none wants to; at most ``limit`` sweeps.

    A spin in no field stays. Returns (sweeps, whether it settled).
    """
    order = np.arange(spins.size)
    fields = _fields(couplings, biases, spins)
    for sweep in range(limit):
        settled = True
        for k in range(spins.size - 1, -1, -1):
            pick = below(state, k + 1)
            i = order[pick]
            order[pick] = order[k]
            order[k] = i
            if spins[i] * fields[i] < 0.0:
                spins[i] = -spins[i]
                _spread(couplings, i, 2 * spins[i], fields)
                settled = False
        if settled:
            return sweep + 1, True
    return limit, False


@njit(cache=True, nogil=True)
def toss(spins, states):
    """Fill ``spins`` (reads, n) int8 with -1 and +1, each read from its own stream ``states`` (reads, 4)."""
    for read in range(spins.shape[0]):
        for i in range(spins.shape[1]):
            spins[read, i] = 1 if uniform(states[read]) < 0.5 else -1
