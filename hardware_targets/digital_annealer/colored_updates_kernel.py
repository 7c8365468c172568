r"""Heat bath of one color after another in integers, thresholds from a table: the kernel of ``kings_annealer``."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
from numba import njit

from neuromorph.kernels.xoshiro import next_uint64


@njit(cache=True, nogil=True)
def colored_updates(indptr, indices, words, biases, order, thresholds, spins, flips, states):
    """Sweep all reads at each of the temperatures.

    Parameters
    ----------
    indptr, indices : int64 arrays
        CSR structure of the couplings.
    words : int64 array
        J of each coupler.
    biases : (n,) int64
        h.
    order : (n,) int64
        Sites by color.
    thresholds : (sweeps, 2 F + 1) uint64
        2^32 P(up) at each temperature, for fields -F to F.
    spins : (reads, n) int8
        States, changed in place.
    flips : (reads,) int64
        Flips, added to.
    states : (reads, 4) uint64
        Random states, changed in place.
    """
    middle = (thresholds.shape[1] - 1) // 2
    for r in range(spins.shape[0]):
        for t in range(thresholds.shape[0]):
            for i in order:
                field = biases[i]
                for k in range(indptr[i], indptr[i + 1]):
                    field += words[k] * spins[r, indices[k]]
                draw = next_uint64(states[r]) >> np.uint64(32)
                new = 1 if draw < thresholds[t, field + middle] else -1
                if new != spins[r, i]:
                    spins[r, i] = new
                    flips[r] += 1
