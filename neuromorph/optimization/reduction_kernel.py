r"""Back-substitution of the spins that a reduction took out, the last one first.

.. math:: s = \mathrm{sgn}(w_1 s_1 + w_2 s_2 + w_3 s_3)
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np
from numba import njit

from ..kernels.xoshiro import next_uint64


@njit(cache=True, nogil=True)
def substitute(steps, weights, spins, states):
    """Set the spins that were taken out.

    Parameters
    ----------
    steps : (m, 4) int64
        Spins in the order in which they were taken out, each with up to three others, -1 for none.
    weights : (m, 3) float
        Weights of the others.
    spins : (reads, n + 1) int8
        States, filled in place.
    states : (reads, 4) or (0, 4) uint64
        Streams by which ties are broken, in place; with none of them a tie is +1.
    """
    for r in range(spins.shape[0]):
        s = spins[r]
        for m in range(steps.shape[0] - 1, -1, -1):
            total = 0.0
            for k in range(3):
                if steps[m, k + 1] >= 0:
                    total += weights[m, k] * s[steps[m, k + 1]]
            up = total > 0.0
            if total == 0.0:
                up = r >= states.shape[0] or next_uint64(states[r]) >> np.uint64(63) == np.uint64(0)
            s[steps[m, 0]] = 1 if up else -1
