r"""Energy of converters by bits, rate and node.

.. math::

    E_{ADC} = \frac{1}{2}\, 10^{(S - F)/10}\, e^{c + a \ln(node / nm) + d \ln b}\ \mathrm{pJ}, \qquad
    S = 20 b \log_{10} 2 + 10 \log_{10} 1.5, \qquad
    F = \min(F_0 + F_f \ln(f / Hz),\; B_0 + B_1 \lceil b \rceil)

with b bits, the rate f, the signal to noise and distortion S and Schreier's figure of merit F, both in dB: few bits and
low rates are limited by what published designs reach for their bits, high rates by speed. A DAC charges a capacitor a
level: :math:`E_{DAC} = 2^b E_{unit}`.

Source: Andrulis, Chen, Lee, Emer and Sze, arXiv 2404.06553, as their package hwcomponents-adc has it; numbers and
sources in ``converters.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from math import ceil, exp, isfinite, log, log10

from neuromorph.datum import Datum, multiply_data, read_data, scale_datum

CONVERTERS = read_data(files(__package__).joinpath("converters.toml").read_text())
LEAST_BITS, MOST_BITS = 4, 20  # that the fit is made for


def adc_energy(bits: float, rate_hz: float, node_m: float, data: Mapping[str, Datum] = CONVERTERS) -> Datum:
    """Compute the energy of an analog-to-digital conversion by a fit to published ones.

    Parameters
    ----------
    bits : float
        Effective number of bits; fewer than 4 cost what 4 do.
    rate_hz : float
        Conversions a second of one converter, Hz.
    node_m : float
        Technology node, m.
    data : dict of str to Datum
        Constants by name.

    Returns
    -------
    Datum
        Energy, J, with the range from NeuRRAM's neurons to the mean of the survey.

    Raises
    ------
    ValueError
        If an argument is not positive, or there are more bits than the fit has.
    """
    if not (isfinite(rate_hz) and rate_hz > 0.0 and isfinite(node_m) and node_m > 0.0):
        raise ValueError(f"rate_hz is {rate_hz:g} and node_m {node_m:g}; both must be positive and finite")
    if not 0.0 < bits <= MOST_BITS:
        raise ValueError(f"bits is {bits}; the fit is of converters of up to {MOST_BITS}")
    b = max(float(bits), float(LEAST_BITS))
    value = {name: datum.value for name, datum in data.items() if name.startswith("fit_")}
    signal = 20.0 * b * log10(2.0) + 10.0 * log10(1.5)
    by_rate = value["fit_intercept"] + value["fit_frequency"] * log(rate_hz)
    by_bits = value["fit_bits_intercept"] + value["fit_bits"] * ceil(b)
    more = value["fit_scale"] + value["fit_node"] * log(node_m * 1e9) + value["fit_resolution"] * log(b)
    joules = 0.5 * 10.0 ** ((signal - min(by_rate, by_bits)) / 10.0) * exp(more) * 1e-12
    source = f"ADC of {b:g} bits at {rate_hz:.3g} Hz in {node_m * 1e9:g} nm by the fit of arXiv 2404.06553"
    fit = Datum(joules, "J", joules, joules, "modelled", source)
    return multiply_data(fit, data["adc_over_fit"], "J", f"{source}; {data['adc_over_fit'].source}")


def dac_energy(bits: float, data: Mapping[str, Datum] = CONVERTERS) -> Datum:
    """Compute the energy of one digital-to-analog conversion.

    Parameters
    ----------
    bits : float
        Bits.
    data : dict of str to Datum
        Constants by name.

    Returns
    -------
    Datum
        Energy, J.

    Raises
    ------
    ValueError
        If there is no bit, or there are more than 20.
    """
    if not 0.0 < bits <= MOST_BITS:
        raise ValueError(f"bits is {bits}; give a number above 0, {MOST_BITS} at most")
    return scale_datum(data["dac_unit"], 2.0**bits, "J", f"DAC of {bits:g} bits: {data['dac_unit'].source}")
