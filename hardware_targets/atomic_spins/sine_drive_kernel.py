r"""An atom under a sine of the voltage, event by event.

.. math:: r(t) = r_0 e^{g A \sin(2 \pi \nu t)}, \qquad r_{max} = r_0 e^{|g| A}

Candidates come at r_max and are kept with probability r(t) / r_max: exact for any r(t) below it.
Source: Lewis and Shedler, Naval Res. Logist. Q. 26, 403 (1979).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from neuromorph.kernels.xoshiro import exponential, uniform


@njit(cache=True, nogil=True)
def driven_switches(up, down, up_slope, down_slope, frequency, state, most):
    """Simulate the switches of an atom.

    Parameters
    ----------
    up, down : float
        Rates without the sine, 1/s.
    up_slope, down_slope : float
        g A, change of their logarithm at the crest of the sine.
    frequency : float
        nu, Hz.
    state : (4,) uint64
        The random state, changed in place.
    most : int
        Number of switches.

    Returns
    -------
    (most,) float
        Times of the switches, s; the first is up.
    """
    times = np.empty(most)
    now = 0.0
    for k in range(most):
        rate, slope = (up, up_slope) if k % 2 == 0 else (down, down_slope)
        top = rate * math.exp(abs(slope))
        while True:
            now += exponential(state) / top
            # A whole number of periods changes nothing, and a sine of a small phase loses no digits.
            phase = (now * frequency) % 1.0
            if uniform(state) < math.exp(slope * math.sin(2.0 * math.pi * phase) - abs(slope)):
                break
        times[k] = now
    return times
