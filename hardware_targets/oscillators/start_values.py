"""Random numbers to start reads from, each read from its own stream."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

from numba import njit

from neuromorph.kernels.xoshiro import uniform


@njit(cache=True, nogil=True)
def random_uniform(values, states):
    """Fill an array with uniform numbers in [0, 1).

    Parameters
    ----------
    values : (reads, n) float
        Numbers, filled in place.
    states : (reads, 4) uint64
        One stream for each read, in place.
    """
    for read in range(values.shape[0]):
        for i in range(values.shape[1]):
            values[read, i] = uniform(states[read])
