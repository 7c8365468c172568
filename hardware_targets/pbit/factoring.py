r"""Factoring as a polynomial whose ground states are the factors, of odd factors with a number of bits each.

.. math:: E(x, y) = (X Y - N)^2, \qquad X = 1 + \sum_{k=1}^{a} 2^k x_k, \qquad Y = 1 + \sum_{k=1}^{b} 2^k y_k

with x_k, y_k in {0, 1} and E >= 0, = 0 for X Y = N alone. It has terms of order 1 to 4, and for N = 945, a = 5, b = 3
8, 28, 45 and 30 of them: 8 p-bits. Source: Borders et al., Nature 573, 390 (2019).
"""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.problems import Polynomial

_MOST_BITS = 26  # of both factors: squares of the product stay exact in float64


def factoring_polynomial(number: int, x_bits: int, y_bits: int) -> Polynomial:
    """Return (X Y - number)^2 over the bits of two odd factors.

    Parameters
    ----------
    number : int
        N, odd.
    x_bits, y_bits : int
        Bits of each factor beside the last, which is 1.

    Returns
    -------
    Polynomial
        Polynomial of x_bits + y_bits binary variables; x_1 first, then y_1.

    Raises
    ------
    ValueError
        If ``number`` is even or below 1, or there are too many or no bits.
    """
    if number < 1 or number % 2 == 0:
        raise ValueError(f"number is {number}; the factors are odd: give an odd number above 0 (divide by 2 first)")
    if x_bits < 1 or y_bits < 1 or x_bits + y_bits > _MOST_BITS:
        raise ValueError(f"x_bits is {x_bits} and y_bits {y_bits}; give 1 or more each, {_MOST_BITS} in all at most")
    x: dict[tuple[int, ...], int] = {(): 1, **{(k,): 2 ** (k + 1) for k in range(x_bits)}}
    y: dict[tuple[int, ...], int] = {(): 1, **{(x_bits + k,): 2 ** (k + 1) for k in range(y_bits)}}
    difference: dict[tuple[int, ...], int] = defaultdict(int)
    for (a, c), (b, d) in product(x.items(), y.items()):
        difference[*a, *b] += c * d
    difference[()] -= number
    squared: dict[tuple[int, ...], int] = defaultdict(int)
    for (a, c), (b, d) in product(difference.items(), repeat=2):
        squared[tuple(sorted({*a, *b}))] += c * d
    labels = (*(f"x{k + 1}" for k in range(x_bits)), *(f"y{k + 1}" for k in range(y_bits)))
    terms = {key: float(value) for key, value in squared.items() if value}
    return Polynomial(f"factors of {number}", x_bits + y_bits, terms, labels=labels)


def read_factors(values: ArrayLike, x_bits: int) -> tuple[int, int]:
    """Read the two factors of an answer.

    Parameters
    ----------
    values : (n,) int
        Bits 0 and 1, as :meth:`.Polynomial.decode` gives them.
    x_bits : int
        Bits of the first factor.

    Returns
    -------
    tuple of int, int
        X and Y.
    """
    bits = np.asarray(values, dtype=int)
    x, y = bits[:x_bits], bits[x_bits:]
    return 1 + int(x @ 2 ** np.arange(1, x.size + 1)), 1 + int(y @ 2 ** np.arange(1, y.size + 1))
