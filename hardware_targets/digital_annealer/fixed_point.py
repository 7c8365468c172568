r"""Integer words of digital annealers: couplings and biases as signed integers, temperatures as fixed-point numbers.

Binary variables x = (s + 1) / 2, as the Digital Annealer has them:

.. math:: E = -\tfrac12 \sum_{ij} W_{ij} x_i x_j - \sum_i b_i x_i + \text{const}, \qquad
          W = 4 J, \quad b_i = 2 h_i - 2 \textstyle\sum_j J_{ij}

or spins, as chips of few bits have them, with J and h themselves. Words are the real numbers times one scale, rounded:
the largest scale that fits; where all numbers are integers, a whole one, so that they are held exactly.

No sum overflows 64 bits: for 1024 variables, W of 16 bits and b of 26 bits,

.. math:: |b_i + \textstyle\sum_j W_{ij} x_j| < 2^{25} + 1023 \cdot 2^{15} < 2^{26}, \qquad
          |E| < 2^{10} \cdot 2^{25} + 2^{19} \cdot 2^{15} < 2^{36}.

A random threshold -T ln u is the product of T in units of 2^-8 (below 2^38) and -ln u in units of 2^-16 (below
2^22, for u >= 2^-53), which is below 2^60. An integer is compared with it rounded down, which decides as the threshold
itself does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuromorph.ising import Float, Ising

Words = NDArray[np.int64]

TEMPERATURE_BITS = 8  # of a temperature behind the binary point
MOST_TEMPERATURE = 1 << 38  # in units of 2^-8


@dataclass(frozen=True, eq=False)
class IntegerWords:
    """Problem in words.

    Attributes
    ----------
    couplings : (n, n) int64
        Symmetric, zero diagonal.
    biases : (n,) int64
        Biases.
    scale : float
        Words in a unit of energy.
    held : Ising
        What the words stand for, in the units of the problem.
    """

    couplings: Words
    biases: Words
    scale: float
    held: Ising


def largest_word(bits: int, name: str = "bits") -> int:
    """Return the largest signed integer of ``bits`` bits whose negative is one as well.

    Parameters
    ----------
    bits : int
        Bits with the sign, 2 to 32.
    name : str
        Name of the parameter, for the error.

    Returns
    -------
    int
        2^(bits - 1) - 1.

    Raises
    ------
    ValueError
        If there are fewer or more bits.
    """
    if not 2 <= bits <= 32:
        raise ValueError(f"{name} is {bits}; a signed word has 2 to 32 of them")
    return (1 << (bits - 1)) - 1


def binary_words(ising: Ising, coupling_bits: int, bias_bits: int) -> IntegerWords:
    """Hold a problem in words of binary variables.

    Parameters
    ----------
    ising : Ising
        Problem.
    coupling_bits, bias_bits : int
        Bits of W and b, with the sign.

    Returns
    -------
    IntegerWords
        W, b and what they stand for.
    """
    most_w, most_b = largest_word(coupling_bits), largest_word(bias_bits)
    j = ising.dense_couplings()
    w, h = 4.0 * j, 2.0 * ising.biases
    scale = _scale([(w, most_w), (h - w.sum(axis=1) / 2.0, most_b)])
    while True:
        words = np.rint(scale * w).astype(np.int64)
        biases = np.rint(scale * h - words.sum(axis=1) / 2.0).astype(np.int64)
        over = float(np.abs(biases).max()) / most_b
        if over <= 1.0:
            break
        scale /= 1.0001 * over  # W was rounded upwards
    half = words.sum(axis=1) / 2.0
    return IntegerWords(words, biases, scale, _held(ising, words / (4.0 * scale), (biases + half) / (2.0 * scale)))


def spin_words(ising: Ising, coupling_bits: int, bias_bits: int) -> IntegerWords:
    """Hold a problem in words of spins.

    Parameters
    ----------
    ising : Ising
        Problem.
    coupling_bits, bias_bits : int
        Bits of J and h, with the sign.

    Returns
    -------
    IntegerWords
        J, h and what they stand for.
    """
    j = ising.dense_couplings()
    scale = _scale([(j, largest_word(coupling_bits)), (ising.biases, largest_word(bias_bits))])
    words, biases = (np.rint(scale * each).astype(np.int64) for each in (j, ising.biases))
    return IntegerWords(words, biases, scale, _held(ising, words / scale, biases / scale))


def fixed_temperatures(betas: Float, scale: float) -> Words:
    """Return the temperatures of a schedule in words, as fixed-point numbers.

    Parameters
    ----------
    betas : (steps,) float
        Inverse temperatures; 0 is the highest temperature there is, 2^30 words.
    scale : float
        Words in a unit of energy.

    Returns
    -------
    (steps,) int64
        T in units of 2^-8, at least 1.
    """
    with np.errstate(divide="ignore", over="ignore"):
        words = scale * float(1 << TEMPERATURE_BITS) / np.asarray(betas, float)
    return np.rint(np.clip(words, 1.0, float(MOST_TEMPERATURE))).astype(np.int64)


def _scale(parts: list[tuple[Float, int]]) -> float:
    """Choose the largest scale at which all parts fit; a whole one where all numbers are integers."""
    tops = [(float(np.abs(values).max(initial=0.0)), most) for values, most in parts]
    largest = min((most / top for top, most in tops if top > 0.0), default=1.0)
    if largest >= 1.0 and all(bool((values == np.rint(values)).all()) for values, _ in parts):
        return float(np.floor(largest))
    return largest


def _held(ising: Ising, couplings: Float, biases: Float) -> Ising:
    return Ising(couplings, biases, ising.offset)
