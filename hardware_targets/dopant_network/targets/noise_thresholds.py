r"""Neurons that fire when their field beats the noise of a dopant unit: a heat bath in hardware.

.. math:: s_i = \mathrm{sgn}(\theta_i + \xi), \quad \xi \sim N(0, 1), \qquad
          \theta_i = \Phi^{-1}\!\Big(\frac{1}{1 + e^{-2 \beta f_i}}\Big)

f is read by an ADC, theta comes from a table by way of a DAC, xi is the charge that went through a unit in a window of
time, in units of its standard deviation. The table turns the normal distribution of xi into the logistic one of the
heat bath; what is lost are the steps of the two converters.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np
from numba import njit
from scipy.special import expit, ndtr, ndtri

from neuromorph.ising import Float
from neuromorph.kernels.xoshiro import normal

_REACH = 4.5  # standard deviations that the DAC spans on each side


def noise_thresholds(betas: Float, largest: float, bits: int) -> Float:
    """theta (betas, 2^bits) for fields at the middles of the ADC's steps from -largest to largest."""
    count = 1 << bits
    fields = largest * ((np.arange(count) + 0.5) / count * 2.0 - 1.0)
    step = 2.0 * _REACH / count
    wanted = ndtri(np.clip(expit(2.0 * np.asarray(betas)[:, None] * fields), ndtr(-_REACH), ndtr(_REACH)))
    return np.asarray(np.rint(wanted / step) * step)


@njit(cache=True, nogil=True)
def threshold_sweep(couplings, biases, table, largest, spins, streams):
    """One sweep over all neurons in order for each row of ``table`` (sweeps, codes); ``spins`` (reads, n) in place.

    couplings (1 or reads, n, n), row i feeds neuron i
    """
    n, codes = biases.size, table.shape[1]
    for read in range(len(spins)):
        w = couplings[read if len(couplings) > 1 else 0]
        s, stream = spins[read], streams[read]
        for sweep in range(len(table)):
            for i in range(n):
                field = biases[i]
                for j in range(n):
                    field += w[i, j] * s[j]
                code = int((field / largest + 1.0) * 0.5 * codes)
                code = min(max(code, 0), codes - 1)
                s[i] = 1 if table[sweep, code] + normal(stream) > 0.0 else -1
