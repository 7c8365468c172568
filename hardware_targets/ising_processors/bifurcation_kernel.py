r"""Adiabatic bifurcation in 16-bit words: the kernel of ``bifurcation``."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from numba import njit

ONE = 4096  # 1 with 12 bits behind the binary point


@njit(cache=True, nogil=True, inline="always")
def _word(value):
    """Saturate to 16 bits."""
    return min(32767, max(-32768, value))


@njit(cache=True, nogil=True)
def bifurcation_steps(couplings, strength, pumps, x, y, field):
    """Take a step of 1/2 at each of ``pumps``.

    Parameters
    ----------
    couplings : (n, n) int64
        J.
    strength : int
        Coupling strength with 20 bits behind the binary point.
    pumps : (steps,) int64
        Pump amplitude with 12 bits behind the binary point.
    x, y : (n,) int64
        Positions and momenta of 16 bits, 12 of them behind the binary point, changed in place.
    field : (n,) int64
        Room for J x.
    """
    n = x.size
    for t in range(pumps.size):
        for i in range(n):
            total = 0
            for j in range(n):
                total += couplings[i, j] * x[j]
            field[i] = (strength * total) >> 20
        for i in range(n):
            well = pumps[t] - ONE - ((x[i] * x[i]) >> 12)
            y[i] = _word(y[i] + ((((well * x[i]) >> 12) + field[i]) >> 1))
        for i in range(n):
            x[i] = _word(x[i] + (y[i] >> 1))
