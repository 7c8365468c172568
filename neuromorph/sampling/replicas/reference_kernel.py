"""Heat bath and Metropolis in float64, one replica after another: the reference for the faster kernels.

Fields are kept and changed only where a spin flips. ``couplings`` is an (n, n) array or (indptr, indices, data) of CSR.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

from numba import njit

from ...kernels.philox import FREE, METROPOLIS
from ...kernels.xoshiro import uniform
from ..single_spin_kernel import _spread

_NEVER = 37.0  # exp(-37) < 2^-53: the generator cannot draw that low


@njit(cache=True, nogil=True)
def add_fields(couplings, spins, fields):
    """Add J s of each replica to the fields.

    Parameters
    ----------
    couplings : (n, n) array, or tuple
        J, dense or CSR.
    spins : (R, n) int8
        s.
    fields : (R, n) float
        Fields, increased in place.
    """
    for r in range(spins.shape[0]):
        for i in range(spins.shape[1]):
            _spread(couplings, i, spins[r, i], fields[r])


@njit(cache=True, nogil=True)
def sweep_reference(couplings, lazy, betas, rule, spins, fields, states):
    """Sweep in the order of the spins at each row of ``betas``.

    Parameters
    ----------
    couplings : (n, n) array, or tuple
        J, dense or CSR.
    lazy : (n,) float
        beta up to which Metropolis halves the odds of a free flip.
    betas : (sweeps, R) float
        Inverse temperatures.
    rule : int
        Metropolis or heat bath.
    spins, fields : (R, n) int8, (R, n) float
        States and fields, in place.
    states : (R, 4) uint64
        States of the generators, in place.
    """
    for r in range(spins.shape[0]):
        s, field, state = spins[r], fields[r], states[r]
        for t in range(betas.shape[0]):
            for i in range(s.size):
                x = 2.0 * betas[t, r] * s[i] * field[i]
                odds = math.exp(min(x, _NEVER))
                scale = max(odds, 1.0) if rule == METROPOLIS else 1.0 + odds
                if rule == METROPOLIS and betas[t, r] <= lazy[i] and abs(x) <= FREE:
                    scale *= 2.0
                if x < _NEVER and uniform(state) * scale < 1.0:
                    s[i] = -s[i]
                    _spread(couplings, i, 2 * s[i], field)
