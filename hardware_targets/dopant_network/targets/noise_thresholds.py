r"""Neurons that fire when their field beats the noise of a dopant unit: a heat bath in hardware.

.. math:: s_i = \mathrm{sgn}(\theta_i + \xi), \quad \xi \sim N(0, 1), \qquad
          \theta_i = \Phi^{-1}\!\Big(\frac{1}{1 + e^{-2 \beta f_i}}\Big)

where f_i is the local field, read by an ADC, theta_i the threshold, from a table by way of a DAC, Phi the normal
distribution, beta the inverse temperature, and xi the charge that went through a unit in a window of time, in units of
its standard deviation. The table turns the normal distribution of xi into the logistic one of the heat bath; the
remaining error is the quantization of the two converters.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np
from numba import njit
from scipy.special import expit, ndtr, ndtri

from neuromorph.ising import Float
from neuromorph.kernels.xoshiro import normal

_REACH = 4.5  # range of the DAC on each side, in standard deviations


def noise_thresholds(betas: Float, largest: float, bits: int) -> Float:
    """Tabulate the thresholds theta for the middles of the ADC's steps.

    Parameters
    ----------
    betas : (betas,) float
        Inverse temperatures.
    largest : float
        Largest field: steps go from -largest to largest.
    bits : int
        Bits of both converters.

    Returns
    -------
    (betas, 2^bits) float
        Thresholds in standard deviations, rounded to the DAC's steps.
    """
    count = 1 << bits
    fields = largest * ((np.arange(count) + 0.5) / count * 2.0 - 1.0)
    step = 2.0 * _REACH / count
    wanted = ndtri(np.clip(expit(2.0 * np.asarray(betas)[:, None] * fields), ndtr(-_REACH), ndtr(_REACH)))
    return np.asarray(np.rint(wanted / step) * step)


@njit(cache=True, nogil=True)
def threshold_sweep(couplings, biases, table, largest, spins, streams):
    """Sweep over all neurons in order once for each row of ``table``, in place.

    Parameters
    ----------
    couplings : (1 or reads, n, n) float
        Couplings; row i feeds neuron i.
    biases : (n,) float
        Biases.
    table : (sweeps, codes) float
        Thresholds.
    largest : float
        Largest field of the ADC.
    spins : (reads, n) int8
        States, changed in place.
    streams : (reads, 4) uint64
        Random states, changed in place.
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
