r"""Heat bath and Metropolis on bits for one big square lattice with periodic borders, J_ij = +-J, one bias for all.

.. math:: s_i f_i = (4 - 2 u_i) J + h s_i, \qquad u_i = \sum_j s_i \oplus s_j \oplus [J_{ij} < 0]

where u_i is the number of unsatisfied bonds of spin i. The lattice is cut into 8 x 64 tiles, a word a row of tiles and
a bit a tile. The sites at one place of all tiles are no neighbors, so that 512 of them are updated at once. Beyond the
edge of a tile lies the next one: bits or words rolled by one. ``spins`` is (rows / 8, columns / 64, 8) uint64; bit q of
word w at (y, x) is the site in row w rows / 8 + y and column q columns / 64 + x. Acceptance is decided as in
:mod:`.bitpacked_kernel`.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ...kernels.aligned import aligned
from ...kernels.philox import HEAT_BATH, METROPOLIS
from ...kernels.simd import any_of, load_vector, popcount, roll, rotate, store_vector
from .bitpacked_kernel import SURE, U64, WORDS, step

TILES_DOWN, TILES_ACROSS = WORDS, 64
LATTICE_DIGITS = 32
CERTAIN = 2.0**LATTICE_DIGITS


@njit(nogil=True, inline="always")
def _right(words, y, x):
    return load_vector(words[y], x + 1, 0, 8) if x + 1 < words.shape[1] else rotate(load_vector(words[y], 0, 0, 8), 63)


@njit(nogil=True, inline="always")
def _left(words, y, x):
    return load_vector(words[y], x - 1, 0, 8) if x > 0 else rotate(load_vector(words[y], words.shape[1] - 1, 0, 8), 1)


@njit(nogil=True, inline="always")
def _below(words, y, x):
    return load_vector(words[y + 1], x, 0, 8) if y + 1 < words.shape[0] else roll(load_vector(words[0], x, 0, 8), 1)


@njit(nogil=True, inline="always")
def _above(words, y, x):
    return load_vector(words[y - 1], x, 0, 8) if y > 0 else roll(load_vector(words[words.shape[0] - 1], x, 0, 8), 7)


@njit(nogil=True, cache=True)
def _chances(beta_j, beta_h, lazy, rule, table, digits):
    """Set table[2 u + up] = 2^32 P(flip) of a spin with u unsatisfied bonds that is up or not; digits, a word each."""
    for u in range(5):
        for up in range(2):
            x = 2.0 * ((4.0 - 2.0 * u) * beta_j + (2 * up - 1) * beta_h)
            e = math.exp(-abs(x))
            p = (e if x > 0.0 else 1.0) / (1.0 + e) if rule == HEAT_BATH else (e if x > 0.0 else 1.0)
            if rule == METROPOLIS and beta_j <= lazy:
                p *= 0.5
            table[2 * u + up] = U64(p * CERTAIN)
            for digit in range(LATTICE_DIGITS):
                one = (table[2 * u + up] >> U64(LATTICE_DIGITS - 1 - digit)) & U64(1)
                digits[2 * u + up, digit] = U64(0) - one


@njit(nogil=True, cache=True)
def sweep_lattice(across, down, beta_j, beta_h, lazy, rule, spins, state):
    """Sweep once at each pair of ``beta_j`` and ``beta_h``.

    Parameters
    ----------
    across, down : uint64 arrays
        Masks like ``spins``, set where the bond to the right, or below, is negative.
    beta_j, beta_h : (sweeps,) float
        beta J and beta h.
    lazy : float
        beta J up to which Metropolis halves the odds.
    rule : int
        Metropolis or heat bath.
    spins : (rows / 8, columns / 64, 8) uint64
        Spins, in place.
    state : (4, 8) uint64
        State of xoshiro256++, in place.
    """
    table = np.empty(10, np.uint64)
    classes, digits, which = (
        aligned(10, WORDS, np.uint64),
        np.empty((10, LATTICE_DIGITS), np.uint64),
        np.empty(10, np.int64),
    )
    a, b, c, d = (
        load_vector(state, 0, 0, 8),
        load_vector(state, 1, 0, 8),
        load_vector(state, 2, 0, 8),
        load_vector(state, 3, 0, 8),
    )
    zero = a ^ a
    for t in range(beta_j.size):
        _chances(beta_j[t], beta_h[t], lazy, rule, table, digits)
        either = 1 if beta_h[t] == 0.0 else 0  # without a field, spins up and down have the same probability
        for y in range(spins.shape[0]):
            for x in range(spins.shape[1]):
                s = load_vector(spins[y], x, 0, 8)
                n0 = s ^ _right(spins, y, x) ^ load_vector(across[y], x, 0, 8)
                n1 = s ^ _left(spins, y, x) ^ _left(across, y, x)
                n2 = s ^ _below(spins, y, x) ^ load_vector(down[y], x, 0, 8)
                n3 = s ^ _above(spins, y, x) ^ _above(down, y, x)
                low, high, odd = n0 ^ n1, n2 ^ n3, n0 ^ n1 ^ n2 ^ n3
                two, other = n0 & n1, n2 & n3
                four = two & other
                pairs = (low & high) | two | other  # bits of u >= 2, which leave out the lowest bit in `odd`
                flips, open_, count = zero, zero, 0
                for u in range(5):
                    if u == 0:
                        here = ~(odd | pairs)
                    elif u == 1:
                        here = odd & ~pairs
                    elif u == 2:
                        here = ~odd & pairs & ~four
                    elif u == 3:
                        here = odd & pairs
                    else:
                        here = four
                    for up in range(either, 2):
                        mine = here if either else (here & s if up else here & ~s)
                        chance = table[2 * u + up]
                        if chance >= U64(CERTAIN):
                            flips = flips | mine
                        elif chance > U64(0):
                            store_vector(classes, count, 0, mine)
                            which[count] = 2 * u + up
                            open_ = open_ | mine
                            count += 1
                for digit in range(LATTICE_DIGITS):
                    if digit > SURE and not any_of(open_):
                        break
                    bits, a, b, c, d = step(a, b, c, d)
                    threshold = zero
                    for m in range(count):
                        threshold = threshold | (load_vector(classes, m, 0, 8) & digits[which[m], digit])
                    flips = flips | (open_ & threshold & ~bits)
                    open_ = open_ & ~(bits ^ threshold)
                store_vector(spins[y], x, 0, s ^ flips)
    store_vector(state, 0, 0, a)
    store_vector(state, 1, 0, b)
    store_vector(state, 2, 0, c)
    store_vector(state, 3, 0, d)


@njit(nogil=True, cache=True)
def count_lattice(across, down, spins, out):
    """Count unsatisfied bonds and spins up.

    Parameters
    ----------
    across, down, spins : uint64 arrays
        As in :func:`sweep_lattice`.
    out : (2,) int64
        The counts, filled in place.
    """
    each = np.zeros((2, WORDS), np.uint64)
    broken, up = load_vector(each, 0, 0, 8), load_vector(each, 1, 0, 8)
    for y in range(spins.shape[0]):
        for x in range(spins.shape[1]):
            s = load_vector(spins[y], x, 0, 8)
            broken = broken + popcount(s ^ _right(spins, y, x) ^ load_vector(across[y], x, 0, 8))
            broken = broken + popcount(s ^ _below(spins, y, x) ^ load_vector(down[y], x, 0, 8))
            up = up + popcount(s)
    store_vector(each, 0, 0, broken)
    store_vector(each, 1, 0, up)
    out[0], out[1] = each[0].sum(), each[1].sum()


@njit(nogil=True, cache=True)
def pack(sites, out):
    """Pack sites into words, with a bit set where a site is positive.

    Parameters
    ----------
    sites : (rows, columns) int8
        Sites.
    out : (rows / 8, columns / 64, 8) uint64
        Words, filled in place.
    """
    height, width = out.shape[0], out.shape[1]
    for y in range(height):
        for x in range(width):
            for w in range(TILES_DOWN):
                word = U64(0)
                for q in range(TILES_ACROSS):
                    if sites[w * height + y, q * width + x] > 0:
                        word |= U64(1) << U64(q)
                out[y, x, w] = word


@njit(nogil=True, cache=True)
def unpack(words, out):
    """Unpack words to sites, the inverse of :func:`pack`.

    Parameters
    ----------
    words : (rows / 8, columns / 64, 8) uint64
        Words.
    out : (rows, columns) int8
        Sites of -1 and +1, filled in place.
    """
    height, width = words.shape[0], words.shape[1]
    for y in range(height):
        for x in range(width):
            for w in range(TILES_DOWN):
                for q in range(TILES_ACROSS):
                    up = words[y, x, w] >> U64(q) & U64(1)
                    out[w * height + y, q * width + x] = 1 if up else -1
