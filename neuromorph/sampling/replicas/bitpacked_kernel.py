r"""Heat bath and Metropolis on bits, 512 replicas in 8 words: for couplings and biases that are very small integers.

.. math:: s_i f_i = d_i - 2 u_i, \qquad u_i = \sum_j s_i \oplus s_j \oplus [J_{ij} < 0]

where u_i is the number of unsatisfied bonds of spin i among d_i (a coupling of 3 is a bond listed thrice, a bias is a
bond with a spin that is always +1). It is counted in binary, one digit a word, all replicas at once. A flip that costs
x > 0 is accepted by chance: 31 random digits are compared, the highest first, with those of the probability, until
every replica has decided; on average a dozen words of random bits serve 512 decisions.

Sources: Jacobs and Rebbi, J. Comput. Phys. 41, 203 (1981); Isakov et al., Comput. Phys. Commun. 192, 265 (2015).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ...kernels.aligned import aligned
from ...kernels.philox import FREE, HEAT_BATH, METROPOLIS
from ...kernels.simd import any_of, load_vector, rotate, spread, store_vector

WORDS = 8
REPLICAS = 64 * WORDS
DIGITS = 31
REACH = 63  # largest number of bonds of a spin, which has 6 digits
SURE = 10  # digits after which a test of whether all 512 replicas have decided pays

U64 = np.uint64
ONES = U64(0xFFFFFFFFFFFFFFFF)


@njit(nogil=True, inline="always")
def step(a, b, c, d):
    """Advance xoshiro256++.

    Parameters
    ----------
    a, b, c, d : uint64 vectors
        State.

    Returns
    -------
    tuple of uint64 vectors
        64 random bits a lane, and the next state.
    """
    bits = rotate(a + d, 23) + a
    t = b << U64(17)
    c = c ^ a
    d = d ^ b
    b = b ^ c
    a = a ^ d
    c = c ^ t
    return bits, a, b, c, rotate(d, 45)


@njit(nogil=True, cache=True)
def _thresholds(betas, rule, levels, planes):
    """Set planes[DIGITS x + b] to digit b of P(x is accepted), a bit a replica, for x = 1 .. levels.

    betas (1 or REPLICAS,) are in units of the couplings. P = exp(-2 beta x), for the heat bath 2 / (1 + exp(2 beta x)),
    of which a fair coin drawn first leaves half. The function returns the largest x for which any P is not 0.
    """
    reach = 0
    digits = aligned(1, 32, np.uint64)
    for b in range(32):
        digits[0, b] = U64(max(0, DIGITS - 1 - b))
    place = load_vector(digits, 0, 0, 32)
    zero = place ^ place
    for x in range(1, levels + 1):
        threshold = U64(0)
        for w in range(WORDS):
            words = zero
            for k in range(64):
                r = 64 * w + k if betas.size > 1 else 0
                if (betas.size > 1 and r > 0 and betas[r] != betas[r - 1]) or k == 0:
                    e = math.exp(-2.0 * betas[r] * x)
                    p = 2.0 * e / (1.0 + e) if rule == HEAT_BATH else e
                    threshold = U64(min(p * 2147483648.0, 2147483647.0))
                    reach = x if threshold else reach
                words = words | (((spread(zero, threshold) >> place) & U64(1)) << U64(k))
            store_vector(digits, 0, 0, words)
            for b in range(DIGITS):
                planes[DIGITS * x + b, w] = digits[0, b]
    return reach


@njit(nogil=True, inline="always")
def _equals(number, m, b0, b1, b2, b3, b4, b5):
    """Find where the number of binary digits b5..b0 is m; ``number[m]`` are the digits of m, a word each."""
    differs = (b0 ^ number[m, 0]) | (b1 ^ number[m, 1]) | (b2 ^ number[m, 2])
    return ~(differs | (b3 ^ number[m, 3]) | (b4 ^ number[m, 4]) | (b5 ^ number[m, 5]))


@njit(nogil=True, cache=True)
def _differ(x, y):
    different = False
    for k in range(x.size):
        different |= x[k] != y[k]
    return different


@njit(nogil=True, cache=True)
def mirror_bits(spins):
    """Set rows n + 1 .. 2n + 1 to the complement of rows 0 .. n, and row n to +1 throughout.

    Parameters
    ----------
    spins : (2n + 2, WORDS) uint64
        Spins, in place.
    """
    ghost = spins.shape[0] // 2 - 1
    spins[ghost] = ONES
    for i in range(ghost + 1):
        store_vector(spins, ghost + 1 + i, 0, ~load_vector(spins, i, 0, 8))


@njit(nogil=True, cache=True)
def sweep_bitpacked(starts, neighbors, bonds, lazy, betas, rule, spins, state):
    """Sweep in the order of the spins at each row of ``betas``.

    Parameters
    ----------
    starts, neighbors : int64 arrays
        Result of :func:`.rows_to_add`, with biases as bonds with row n, filled to pairs with the spin itself,
        which is always satisfied.
    bonds : (n,) int64
        Number of bonds without the filling.
    lazy : (n,) float
        beta of the hottest replica up to which Metropolis halves the odds of free flips, in all replicas.
    betas : (sweeps, 1 or REPLICAS) float
        Inverse temperatures in units of the couplings.
    rule : int
        Metropolis or heat bath.
    spins : (2n + 2, WORDS) uint64
        A bit a replica, set for +1, in place; row n is all set; then the complements of all rows, for the negative
        bonds. The first n rows count.
    state : (4, WORDS) uint64
        State of the generator, in place.
    """
    n = bonds.size
    largest = bonds.max()
    number = np.empty((64, 6), np.uint64)
    for m in range(64):
        for k in range(6):
            number[m, k] = U64(0) - U64((m >> k) & 1)
    planes = aligned(DIGITS * (largest + 1), WORDS, np.uint64)
    classes = aligned(REACH, WORDS, np.uint64)
    costs = np.empty(REACH, np.int64)
    reach, hot = 0, np.inf
    mirror_bits(spins)
    a, b, c, d = (
        load_vector(state, 0, 0, 8),
        load_vector(state, 1, 0, 8),
        load_vector(state, 2, 0, 8),
        load_vector(state, 3, 0, 8),
    )
    zero = a ^ a
    for t in range(betas.shape[0]):
        if t == 0 or _differ(betas[t], betas[t - 1]):
            reach = _thresholds(betas[t], rule, largest, planes)
            hot = betas[t].min() if rule == METROPOLIS else np.inf
        for i in range(n):
            s = load_vector(spins, i, 0, 8)
            first = 32 - (bonds[i] + 1) // 2  # start of the count of u, by which the sixth digit means x <= 0
            b0, b1, b2 = zero | number[first, 0], zero | number[first, 1], zero | number[first, 2]
            if bonds[i] < 8:
                b5 = zero | number[first, 5]  # without bonds the count stays at its start
                for p in range(starts[i], starts[i + 1], 2):
                    x, y = s ^ load_vector(spins, neighbors[p], 0, 8), s ^ load_vector(spins, neighbors[p + 1], 0, 8)
                    b0, carry = b0 ^ x ^ y, (b0 & (x | y)) | (x & y)
                    b1, carry = b1 ^ carry, b1 & carry
                    b2, carry = b2 ^ carry, b2 & carry
                    b5 = b5 | carry
                b3 = b4 = ~b5
            else:
                b3, b4, b5 = zero | number[first, 3], zero | number[first, 4], zero | number[first, 5]
                for p in range(starts[i], starts[i + 1], 2):
                    x, y = s ^ load_vector(spins, neighbors[p], 0, 8), s ^ load_vector(spins, neighbors[p + 1], 0, 8)
                    b0, carry = b0 ^ x ^ y, (b0 & (x | y)) | (x & y)
                    b1, carry = b1 ^ carry, b1 & carry
                    b2, carry = b2 ^ carry, b2 & carry
                    b3, carry = b3 ^ carry, b3 & carry
                    b4, carry = b4 ^ carry, b4 & carry
                    b5 = b5 ^ carry
            count, open_ = 0, zero
            for x in range(2 - bonds[i] % 2, min(bonds[i], reach) + 1, 2):
                here = _equals(number, first + (bonds[i] - x) // 2, b0, b1, b2, b3, b4, b5)
                if rule == HEAT_BATH:
                    here = here | _equals(number, first + (bonds[i] + x) // 2, b0, b1, b2, b3, b4, b5)
                store_vector(classes, count, 0, here)
                costs[count] = DIGITS * x
                open_ = open_ | here
                count += 1
            paid = zero
            for digit in range(DIGITS):
                if digit > SURE and not any_of(open_):
                    break
                bits, a, b, c, d = step(a, b, c, d)
                threshold = zero
                for m in range(count):
                    threshold = threshold | (
                        load_vector(classes, m, 0, 8) & load_vector(planes, costs[m] + digit, 0, 8)
                    )
                paid = paid | (open_ & threshold & ~bits)
                open_ = open_ & ~(bits ^ threshold)
            if rule == HEAT_BATH:
                coin, a, b, c, d = step(a, b, c, d)
                level = _equals(number, 32, b0, b1, b2, b3, b4, b5) if bonds[i] % 2 == 0 else zero  # x = 0
                flips = (coin & b5 & ~level & ~paid) | (~coin & (b5 | paid))
            else:
                flips = b5 | paid
                if hot <= lazy[i]:
                    coin, a, b, c, d = step(a, b, c, d)
                    for x in range(bonds[i] % 2, bonds[i] + 1, 2):
                        if 2.0 * hot * x <= FREE:
                            free = _equals(number, first + (bonds[i] - x) // 2, b0, b1, b2, b3, b4, b5)
                            free = free | _equals(number, first + (bonds[i] + x) // 2, b0, b1, b2, b3, b4, b5)
                            flips = flips & (coin | ~free)
            s = s ^ flips
            store_vector(spins, i, 0, s)
            store_vector(spins, n + 1 + i, 0, ~s)
    store_vector(state, 0, 0, a)
    store_vector(state, 1, 0, b)
    store_vector(state, 2, 0, c)
    store_vector(state, 3, 0, d)


@njit(nogil=True, cache=True)
def randomize_bits(spins, state):
    """Draw random spins.

    Parameters
    ----------
    spins : (2n + 2, WORDS) uint64
        Spins, filled in place.
    state : (4, WORDS) uint64
        State of the generator, in place.
    """
    a, b, c, d = (
        load_vector(state, 0, 0, 8),
        load_vector(state, 1, 0, 8),
        load_vector(state, 2, 0, 8),
        load_vector(state, 3, 0, 8),
    )
    for i in range(spins.shape[0] // 2 - 1):
        bits, a, b, c, d = step(a, b, c, d)
        store_vector(spins, i, 0, bits)
    store_vector(state, 0, 0, a)
    store_vector(state, 1, 0, b)
    store_vector(state, 2, 0, c)
    store_vector(state, 3, 0, d)


@njit(nogil=True, cache=True)
def unsatisfied(starts, neighbors, spins, out):
    """Count the unsatisfied bonds of each replica in binary, a row of words a digit.

    Parameters
    ----------
    starts, neighbors : int64 arrays
        Bonds as in :func:`sweep_bitpacked`.
    spins : (2n + 2, WORDS) uint64
        Spins.
    out : (REPLICAS,) int64
        Counts, filled in place.
    """
    digits = np.zeros((48, WORDS), np.uint64)
    ghost = spins.shape[0] // 2 - 1
    mirror_bits(spins)
    for i in range(ghost):
        s = load_vector(spins, i, 0, 8)
        for p in range(starts[i], starts[i + 1]):
            if neighbors[p] % (ghost + 1) <= i:
                continue
            carry = s ^ load_vector(spins, neighbors[p], 0, 8)
            k = 0
            while any_of(carry):
                digit = load_vector(digits, k, 0, 8)
                store_vector(digits, k, 0, digit ^ carry)
                carry = digit & carry
                k += 1
    for r in range(REPLICAS):
        out[r] = 0
        for k in range(48):
            out[r] += np.int64(digits[k, r // 64] >> U64(r % 64) & U64(1)) << k


@njit(nogil=True, cache=True)
def resample_bits(spins, sources, out):
    """Copy replica ``sources[r]`` to replica r.

    Parameters
    ----------
    spins, out : (strips, 2n + 2, WORDS) uint64
        Spins, and their copies, filled in place.
    sources : (R,) int64
        Numbers of replicas.
    """
    for strip in range(out.shape[0]):
        few = sources[strip * REPLICAS : (strip + 1) * REPLICAS]
        for i in range(out.shape[1] // 2 - 1):
            for w in range(WORDS):
                word = U64(0)
                for k in range(min(64, few.size - 64 * w)):
                    r = few[64 * w + k]
                    word |= (spins[r // REPLICAS, i, r % REPLICAS // 64] >> U64(r % 64) & U64(1)) << U64(k)
                out[strip, i, w] = word


@njit(nogil=True, cache=True)
def read_bits(spins, lanes, out):
    """Convert replicas to spins.

    Parameters
    ----------
    spins : (strips, 2n + 2, WORDS) uint64
        Spins on bits.
    lanes : (k,) int64
        Numbers of the replicas.
    out : (k, n) int8
        Spins of -1 and +1, filled in place.
    """
    for k in range(lanes.size):
        r = lanes[k]
        for i in range(out.shape[1]):
            up = spins[r // REPLICAS, i, r % REPLICAS // 64] >> U64(r % 64) & U64(1)
            out[k, i] = 1 if up else -1


@njit(nogil=True, cache=True)
def write_bits(spins, given):
    """Convert spins to the first R replicas.

    Parameters
    ----------
    spins : (strips, 2n + 2, WORDS) uint64
        Spins on bits, filled in place.
    given : (R, n) int8
        Spins.
    """
    for r in range(given.shape[0]):
        bit = U64(1) << U64(r % 64)
        for i in range(given.shape[1]):
            if given[r, i] > 0:
                spins[r // REPLICAS, i, r % REPLICAS // 64] |= bit
            else:
                spins[r // REPLICAS, i, r % REPLICAS // 64] &= ~bit
