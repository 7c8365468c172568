"""All 2^n energies in Gray-code order: one spin flips between neighbours, so each state costs O(n)."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def all_energies(couplings, biases, table):  # type: ignore[no-untyped-def]
    """Fill ``table`` (2^n,): entry k is E of the state with s_i = +1 where bit i of k is set.

    couplings (n, n) and biases (n,) float64, C-contiguous.
    """
    n = biases.size
    spins = -np.ones(n)
    fields = biases.copy()
    energy = 0.0
    for i in range(n):
        for j in range(n):
            fields[i] -= couplings[i, j]
    for i in range(n):
        energy += 0.5 * (fields[i] - biases[i]) + biases[i]  # -1/2 s'Js - h's at s = -1
    state = 0
    table[0] = energy
    for step in range(1, table.size):
        bit = 0
        while (step >> bit) & 1 == 0:
            bit += 1
        energy += 2.0 * spins[bit] * fields[bit]
        change = -2.0 * spins[bit]
        spins[bit] = -spins[bit]
        for j in range(n):
            fields[j] += couplings[bit, j] * change
        state ^= 1 << bit
        table[state] = energy
