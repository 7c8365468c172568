r"""Matrix products of a crossbar whose inputs and outputs are digital.

.. math:: y = a \sum_k c_k\, Q^{ADC}_k\Bigl(W_k\, Q^{DAC}(x)\Bigr) \quad \text{or} \quad
          y = a \sum_k c_k \sum_m 2^m\, Q^{ADC}_{km}(W_k\, x_m) \;\text{(bit-serial)}

where W_k are the columns of slice k as the converters see them (``weight_code``), c_k what a slice counts, a the gain,
and x_m the bits of the inputs. A reference column has a converter of its own and is subtracted behind it.

The range of the converters of a slice is a percentile of the size of its products over states on the way of the
network, found when it is programmed; at 100 it is the largest product that any input can make, and nothing is clipped.
Sources: CrossSim's ADC ranges CALIBRATED and MAX, and its option to convert each input bit (adc_per_ibit), in
simulator/circuits/adc/iadc.py and simulator/cores of sandialabs/cross-sim (read); rounding: ``quantizers``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.ising import Float

from .quantizers import input_bit_planes, quantized

_STATES, _STEPS = 64, 4  # random starts, and synchronous steps from them, whose products set the ranges


@dataclass(frozen=True)
class Converters:
    """Converters around an array.

    Attributes
    ----------
    adc_bits, dac_bits : int or None
        Bits of outputs and inputs, with their signs; None does not round.
    percentile : float
        Percentile of the products, by size, at which the outputs clip; 100 never clips.
    bit_serial : bool
        Whether the product of each bit of the inputs is converted, and added digitally.
    """

    adc_bits: int | None
    dac_bits: int | None
    percentile: float = 100.0
    bit_serial: bool = False

    def __post_init__(self) -> None:
        if self.adc_bits is not None and not 3 <= self.adc_bits <= 10:
            raise ValueError(f"digital_bits is {self.adc_bits}; give 3 to 10, or none for an analog loop")
        if self.dac_bits is not None and not 1 <= self.dac_bits <= 8:
            raise ValueError(f"dac_bits is {self.dac_bits}; give 1 to 8, or none for two fewer than digital_bits")
        if not 50.0 <= self.percentile <= 100.0:
            raise ValueError(f"adc_percentile is {self.percentile}; give 50 to 100 %")


def converters_asked(
    digital_bits: int | None, dac_bits: int | None, adc_percentile: float, bit_serial: bool
) -> Converters | None:
    """Make the converters of a target's parameters.

    Parameters
    ----------
    digital_bits : int or None
        Bits of the outputs; None: an analog loop.
    dac_bits : int or None
        Bits of the inputs; None: two fewer than those of the outputs.
    adc_percentile : float
        Percentile at which outputs clip.
    bit_serial : bool
        Whether each bit of the inputs is converted on its own.

    Returns
    -------
    Converters or None
        Converters; None: an analog loop.

    Raises
    ------
    ValueError
        If a number is out of range, or inputs are to be converted without outputs.
    """
    if digital_bits is None:
        if dac_bits is not None or bit_serial:
            raise ValueError("dac_bits and bit_serial are of a loop between converters; give digital_bits too")
        return None
    inputs = max(1, digital_bits - 2) if dac_bits is None else dac_bits
    return Converters(digital_bits, inputs, adc_percentile, bit_serial)


@dataclass(frozen=True, eq=False)
class DigitizedProduct:
    """Matrix product between converters; call it with inputs -1 .. 1.

    Attributes
    ----------
    columns : (slices, outputs, n) float
        What the converters see of each slice, in units of the largest conductance.
    significance : (slices,) float
        What a slice counts, gain included.
    offset : bool
        Whether the last column of each slice is a reference that is subtracted.
    converters : Converters
        Bits and mode of the converters.
    ranges : (slices,) float
        Largest product that the converters of a slice resolve, in units of the largest conductance.
    """

    columns: Float
    significance: Float
    offset: bool
    converters: Converters
    ranges: Float

    def __call__(self, inputs: Float) -> Float:
        """Multiply the matrix with inputs.

        Parameters
        ----------
        inputs : (..., n) float
            Inputs, -1 .. 1.

        Returns
        -------
        (..., n) float
            Products, in units of weights.
        """
        dac = self.converters.dac_bits
        if self.converters.bit_serial and dac is not None:
            planes, weights = input_bit_planes(inputs, dac, 1.0)
            return np.asarray(sum(w * self._converted(x) for x, w in zip(planes, weights, strict=True)))
        return self._converted(quantized(inputs, dac, 1.0))

    def _converted(self, inputs: Float) -> Float:
        total: Float | float = 0.0
        for columns, counts, largest in zip(self.columns, self.significance, self.ranges, strict=True):
            seen = quantized(inputs @ columns.T, self.converters.adc_bits, float(largest))
            total = total + counts * (seen[..., :-1] - seen[..., -1:] if self.offset else seen)
        return np.asarray(total)


def converter_ranges(
    columns: Float, converters: Converters, weights: Float, biases: Float, rng: np.random.Generator
) -> Float:
    """Find the ranges of the output converters.

    Parameters
    ----------
    columns : (slices, outputs, n) float
        What the converters see of each slice.
    converters : Converters
        Bits, mode and percentile.
    weights, biases : (n, n) and (n,) float
        The network, whose states are looked at: random ones, and those to which their fields lead.
    rng : numpy.random.Generator
        Stream of the random states.

    Returns
    -------
    (slices,) float
        Ranges.
    """
    full = np.abs(columns).sum(axis=2).max(axis=1)
    if converters.percentile >= 100.0:
        return full
    states = [rng.choice([-1.0, 1.0], (_STATES, len(biases)))]
    for _ in range(_STEPS):
        states.append(np.where(states[-1] @ weights.T + biases >= 0.0, 1.0, -1.0))
    sizes = [np.abs(np.concatenate(states) @ each.T) for each in columns]
    found = np.array([np.percentile(each, converters.percentile) for each in sizes])
    return np.where(found > 0.0, found, full)
