r"""Heat bath and Metropolis in float64, one replica after another: what the faster kernels are checked against.

Fields are kept and changed only where a spin flips. ``couplings`` is an (n, n) array or (indptr, indices, data) of CSR.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

from numba import njit

from .gibbs import _NEVER, _fields, _spread
from .random import uniform
from .variates import FREE, METROPOLIS


@njit(cache=True, nogil=True)
def sweep(couplings, biases, lazy, betas, rule, spins, states):
    """A sweep in the order of the spins at each row of ``betas`` (sweeps, R); spins (R, n) int8, states (R, 4).

    lazy (n,)       beta up to which Metropolis halves the odds of a free flip
    """
    for r in range(spins.shape[0]):
        s, state = spins[r], states[r]
        fields = _fields(couplings, biases, s)
        for t in range(betas.shape[0]):
            for i in range(s.size):
                x = 2.0 * betas[t, r] * s[i] * fields[i]
                odds = math.exp(min(x, _NEVER))
                scale = max(odds, 1.0) if rule == METROPOLIS else 1.0 + odds
                if rule == METROPOLIS and betas[t, r] <= lazy[i] and abs(x) <= FREE:
                    scale *= 2.0
                if x < _NEVER and uniform(state) * scale < 1.0:
                    s[i] = -s[i]
                    _spread(couplings, i, 2 * s[i], fields)
