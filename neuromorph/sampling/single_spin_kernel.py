r"""Zero-temperature limit of the single-spin heat bath, one read a call, and random initial spins.

.. math:: s_i \to \mathrm{sgn} f_i, \qquad f_i = h_i + \sum_j J_{ij} s_j

where f_i is the field on spin s_i. Fields are kept and changed only where a spin flips, so that an update without a
flip costs O(1). ``couplings`` is an (n, n) array, or (indptr, indices, data) of a CSR matrix; float64 or float32.
Source: Geman and Geman, IEEE TPAMI 6, 721 (1984).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

from numba import njit, types
from numba.extending import overload

from ..kernels.xoshiro import below, uniform


def _spread(couplings, i, change, fields):
    """Add J[:, i] * change to the fields; numba takes one of the loops below, by the type of ``couplings``."""
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
def descend_kernel(couplings, limit, spins, fields, order, state):
    """Sweep in random order, aligning each spin with its field, until all are aligned.

    A spin in no field stays. The arrays change in place, so that a descent continues where it stopped.

    Parameters
    ----------
    couplings : (n, n) array, or tuple
        J, dense or CSR.
    limit : int
        Largest number of sweeps.
    spins, fields, order : (n,) arrays
        s, h + J s, and any permutation, in place.
    state : (4,) uint64
        State of the generator, in place.

    Returns
    -------
    tuple of int, bool
        Sweeps, and whether the state is a minimum.
    """
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
def randomize_spins(spins, states):
    """Draw random spins, each read from its own stream.

    Parameters
    ----------
    spins : (reads, n) int8
        Spins, filled in place.
    states : (reads, 4) uint64
        One stream for each read, in place.
    """
    for read in range(spins.shape[0]):
        for i in range(spins.shape[1]):
            spins[read, i] = 1 if uniform(states[read]) < 0.5 else -1
