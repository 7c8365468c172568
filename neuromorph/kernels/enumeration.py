"""All 2^n energies in Gray-code order: one spin flips between neighbors, so each state costs O(n)."""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True)
def first(couplings, biases, fields):  # type: ignore[no-untyped-def]
    """E of s = -1, where the path begins; ``fields`` (n,) become those of that state."""
    n = biases.size
    fields[:] = biases
    energy = 0.0
    for i in range(n):
        for j in range(n):
            fields[i] -= couplings[i, j]
    for i in range(n):
        energy += 0.5 * (fields[i] - biases[i]) + biases[i]  # -1/2 s'Js - h's at s = -1
    return energy


@njit(cache=True, nogil=True)
def energies(couplings, spins, fields, energy, begin, end, table):  # type: ignore[no-untyped-def]
    """Fill ``table`` (2^n,) on the steps begin .. end - 1, from 1: entry k is E of s_i = +1 where bit i of k is set.

    couplings (n, n) float64, C-contiguous; ``spins`` and ``fields`` (n,) float64 in place, ``energy`` E of the step
    before. Returns E of the last step.
    """
    n = spins.size
    state = (begin - 1) ^ ((begin - 1) >> 1)
    for step in range(begin, end):
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
    return energy
