"""All 2^n energies in Gray-code order: one spin flips between neighbors, so each state costs O(n)."""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True)
def first(couplings, biases, fields):  # type: ignore[no-untyped-def]
    """Compute E and the fields of s = -1, where the Gray-code path begins.

    Parameters
    ----------
    couplings : (n, n) float64
        J, C-contiguous.
    biases : (n,) float64
        h.
    fields : (n,) float64
        Fields, filled in place.

    Returns
    -------
    float
        E.
    """
    n = biases.size
    energy = 0.0
    for i in range(n):
        fields[i] = biases[i]
        for j in range(n):
            fields[i] -= couplings[i, j]
    for i in range(n):
        energy += 0.5 * (fields[i] - biases[i]) + biases[i]  # -1/2 s'Js - h's at s = -1
    return energy


@njit(cache=True, nogil=True)
def energies(couplings, spins, fields, energy, begin, end, table):  # type: ignore[no-untyped-def]
    """Fill ``table`` with energies on the steps begin .. end - 1 of the Gray-code path.

    Parameters
    ----------
    couplings : (n, n) float64
        J, C-contiguous.
    spins, fields : (n,) float64
        State and fields of the step before, in place.
    energy : float
        E of the step before.
    begin, end : int
        Range of the steps, which count from 1.
    table : (2^n,) float64
        Energies, where entry k is E of s_i = +1 where bit i of k is set.

    Returns
    -------
    float
        E of the last step.
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
