r"""Quantization by converters: uniform steps, clipping, input bits one at a time.

.. math:: Q(x) = \Delta \, \mathrm{rint} \frac{\mathrm{clip}(x, -X, X)}{\Delta}, \qquad \Delta = \frac{2 X}{2^b - 2},
          \qquad \langle (Q - x)^2 \rangle \approx \frac{\Delta^2}{12}
              + 2 \int_X^\infty (x - X)^2\, p(x)\, dx

for b bits that include the sign, of which 0 is one code: 2^b - 1 levels, and the two levels +-X for one bit. That is
CrossSim's SignMagnitudeADC (simulator/circuits/adc/quantizer_adc.py of sandialabs/cross-sim, read) and its DAC, and
what aihwkit's IOParameters call a resolution of 1 / (2^b - 2) of the range (simulator/parameters/io.py of IBM/aihwkit,
read). The mean is that of an input spread over many steps: Bennett, Bell Syst. Tech. J. 27, 446 (1948).
"""

from __future__ import annotations

from math import erfc, exp, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.ising import Float


def quantizer_step(bits: int, largest: float) -> float:
    """Compute the step of a converter.

    Parameters
    ----------
    bits : int
        Bits with the sign.
    largest : float
        End of the range X.

    Returns
    -------
    float
        Step, in the unit of ``largest``.
    """
    return 2.0 * largest / max(2**bits - 2, 1)


def quantized(values: ArrayLike, bits: int | None, largest: float) -> Float:
    """Clip and round values as a converter does.

    Parameters
    ----------
    values : array_like
        Analog values.
    bits : int or None
        Bits with the sign; None leaves the values as they are.
    largest : float
        End of the range X.

    Returns
    -------
    ndarray of float
        Values of the codes; with one bit the sign times ``largest``.
    """
    x = np.asarray(values, dtype=float)
    if bits is None or largest <= 0.0:
        return x
    if bits == 1:
        return np.where(x >= 0.0, largest, -largest)
    step = quantizer_step(bits, largest)
    return np.asarray(np.rint(np.clip(x, -largest, largest) / step) * step)


def input_bit_planes(values: ArrayLike, bits: int, largest: float) -> tuple[Float, Float]:
    """Split inputs into bits that are applied one after the other.

    Parameters
    ----------
    values : array_like
        Analog values.
    bits : int
        Bits with the sign.
    largest : float
        End of the range X.

    Returns
    -------
    planes : (bits - 1 or 1, ...) float
        -1, 0 or 1, least significant first.
    weights : (bits - 1 or 1,) float
        What each plane counts; the sum of planes times weights is what :func:`quantized` returns.
    """
    x = quantized(values, bits, largest)
    if bits == 1:
        return np.sign(x)[None], np.array([largest])
    top = 2 ** (bits - 1) - 1
    codes = np.rint(np.abs(x) / largest * top).astype(np.int64)
    each = np.arange(bits - 1)
    planes = ((codes >> each.reshape(-1, *[1] * codes.ndim)) & 1) * np.sign(x)
    return planes, largest * 2.0**each / top


def gaussian_quantization_error(bits: int, largest: float, deviation: float) -> float:
    """Compute the mean square error of a converter for a Gaussian input, in closed form.

    Parameters
    ----------
    bits : int
        Bits with the sign.
    largest : float
        End of the range X.
    deviation : float
        Standard deviation of the input, which is spread over many steps.

    Returns
    -------
    float
        Mean square of rounding within the range and of clipping beyond it.
    """
    z = largest / deviation
    outside = erfc(z / sqrt(2.0))
    clipped = deviation**2 * ((1.0 + z * z) * outside - 2.0 * z * exp(-z * z / 2.0) / sqrt(2.0 * pi))
    return (1.0 - outside) * quantizer_step(bits, largest) ** 2 / 12.0 + clipped
