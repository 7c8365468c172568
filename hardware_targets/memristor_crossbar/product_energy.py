r"""Energy of matrix products with digital inputs and outputs, as NeuRRAM's neurons make them.

.. math::

    E_{MAC} = m \Bigl(\frac{R\, C_{wl} V_{wl}^2}{R C / 2} + E_{pulse}\Bigr)
              + \frac{2}{R} \bigl(N_{int}\, E_{int} + N_{conv}\, E_{conv}\bigr), \qquad
    N_{int} = \sum_p (2^{m_p} - 1), \quad N_{conv} = \sum_p (b_{out} - \sum_{q < p} m_q)

for an array of R x C cells, two a weight. An input has m bits beside its sign, one at least; each bit toggles the word
lines and sends pulses, and a neuron adds its charge 2^k times for bit k. More than three bits are taken in two phases
of m_p bits, in each of which the neuron finds the bits of its output that are not yet decided. One MAC is one
multiply-accumulate of one weight: in the published figures of that chip it is one operation.

Source: Wan et al., Nature 608, 504 (2022); circuit and schedule after CiMLoop's model of it
(models/arch/1_macro/wan_nature_2022 of github.com/mit-emze/cimloop, read); numbers in ``converters.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping

from neuromorph.datum import Datum, add_data, multiply_data, scale_datum

from .converters import CONVERTERS

LINES = 256  # rows, and columns, of an array
MOST_INPUT, MOST_OUTPUT = 8, 12  # bits
_ONE_PHASE = 3  # most bits of an input, beside its sign, that are taken at once


def phases_of(input_bits: int) -> tuple[int, ...]:
    """Split the bits of an input, beside its sign, into phases.

    Parameters
    ----------
    input_bits : int
        Bits with the sign.

    Returns
    -------
    tuple of int
        Bits of each phase.
    """
    bits = max(1, input_bits - 1)
    return (bits,) if bits <= _ONE_PHASE else (-(-bits // 2), bits // 2)


def product_energy(input_bits: int, output_bits: int, data: Mapping[str, Datum] = CONVERTERS) -> tuple[Datum, Datum]:
    """Compute the energy of one multiply-accumulate.

    Parameters
    ----------
    input_bits, output_bits : int
        Bits of inputs with their sign, and of outputs.
    data : dict of str to Datum
        Constants by name.

    Returns
    -------
    array, neurons : Datum
        Energy of lines, pulses and cells, and of neurons that integrate and convert, J.

    Raises
    ------
    ValueError
        If there are no bits, or too many.
    """
    if not (1 <= input_bits <= MOST_INPUT and 1 <= output_bits <= MOST_OUTPUT):
        raise ValueError(
            f"bits are {input_bits} in, {output_bits} out; an input has 1 to {MOST_INPUT}, an output 1 to {MOST_OUTPUT}"
        )
    phases, pairs = phases_of(input_bits), LINES * LINES / 2
    integrated = sum(2**bits - 1 for bits in phases)
    converted = sum(max(output_bits - sum(phases[:k]), 0) for k in range(len(phases)))
    swing = multiply_data(data["word_line_swing"], data["word_line_swing"], "V^2")
    toggles = scale_datum(multiply_data(data["word_line_capacitance"], swing, "J"), LINES / pairs)
    lines = scale_datum(add_data(toggles, data["input_pulse"]), float(sum(phases)))
    steps = add_data(
        scale_datum(data["integration_step"], float(integrated)), scale_datum(data["conversion_step"], float(converted))
    )
    about = f"{input_bits} bits in, {output_bits} bits out, as NeuRRAM: Wan et al., Nature 608, 504 (2022)"
    gain = data["node_gain"]
    return (
        multiply_data(gain, lines, "J", f"word lines and input pulses, {about}"),
        multiply_data(gain, scale_datum(steps, 2.0 / LINES), "J", f"neurons, {about}"),
    )
