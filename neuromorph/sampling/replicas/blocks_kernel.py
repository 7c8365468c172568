r"""Common part of the kernels on strips of 64 lanes, besides their sweeps.

.. math:: E = -\sum_{i < j} J_{ij} s_i s_j - \sum_i h_i s_i

``spins`` is (strips, n, LANES) of any number type, with replica 64 s + k in lane k of strip s.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np
from numba import njit, types

from ...kernels.aligned import aligned
from ...kernels.philox import LANES, ROWS, draw_bits
from ...kernels.simd import convert, fma, load_vector, spread, store_vector


@njit(nogil=True, cache=True)
def randomize_block(spins, state):
    """Draw random spins on one strip, from sweep 0 of its generator.

    Parameters
    ----------
    spins : (n, LANES) array
        Spins, filled in place.
    state : uint32 array
        State of the generator, in place.
    """
    bits = aligned(ROWS, LANES, np.uint32)
    for first in range(0, spins.shape[0], ROWS):
        rows = min(ROWS, spins.shape[0] - first)
        draw_bits(state, np.int64(0), first, rows, bits)  # a literal would be compiled apart
        for row in range(rows):
            for k in range(LANES):
                spins[first + row, k] = 1 if bits[row, k] >> 31 else -1


@njit(nogil=True, cache=True)
def resample_blocks(spins, sources, out):
    """Copy replica ``sources[r]`` to replica r.

    Parameters
    ----------
    spins, out : (strips, n, LANES) array, (strips, n or more, LANES) array
        Spins, and their copies, filled in place.
    sources : (R,) int64
        Numbers of replicas.
    """
    for r in range(sources.size):
        strip, lane = sources[r] // LANES, sources[r] % LANES
        for i in range(spins.shape[1]):
            out[r // LANES, i, r % LANES] = spins[strip, i, lane]


@njit(nogil=True, cache=True)
def block_energies(indptr, indices, weights, biases, spins, out):
    """Compute the energies of one strip in float64.

    Parameters
    ----------
    indptr, indices, weights : arrays
        CSR of the upper triangle of J.
    biases : (n,) float64
        h.
    spins : (n, LANES) array
        Spins.
    out : (1, LANES) float64
        E, filled in place.
    """
    total = load_vector(out, 0, 0, 64) * 0.0
    for i in range(spins.shape[0]):
        field = spread(total, biases[i])
        for p in range(indptr[i], indptr[i + 1]):
            field = fma(convert(load_vector(spins, indices[p], 0, 64), types.float64), weights[p], field)
        total = total - convert(load_vector(spins, i, 0, 64), types.float64) * field
    store_vector(out, 0, 0, total)
