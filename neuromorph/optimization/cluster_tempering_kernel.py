r"""Parallel tempering with isoenergetic clusters on the bits of one word: 32 temperatures, two replicas at each.

.. math:: s_i \to -s_i \quad\text{where}\quad e^{-2 \beta_t (d_i - 2 u_i)} \ge v, \qquad
          P(\text{swap } t, t+1) = \min\bigl(1, e^{(\beta_{t+1} - \beta_t)(E_{t+1} - E_t)}\bigr)

Bit t of a word is the spin of the first replica at beta_t, bit 32 + t that of the second; bit 0 is the hottest. One
uniform number v serves all temperatures of a replica, so that the replicas that may flip are those hotter than some
temperature: a prefix of the bits, drawn from its distribution by Walker's alias method in one look-up. Each replica
follows Metropolis; replicas at different temperatures share v, the two at the same one do not. Spins change
temperature by an exchange of neighboring bits. Sites on which the two replicas of a temperature differ form clusters,
each of which is exchanged with probability 1/2: the sum of the two energies does not change.

Sources: Houdayer, Eur. Phys. J. B 22, 479 (2001); Zhu, Ochoa and Katzgraber, Phys. Rev. Lett. 115, 077201 (2015);
Walker, ACM Trans. Math. Softw. 3, 253 (1977).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import next_uint64, uniform

TEMPERATURES = 32
MOST_BONDS = 7  # largest number of bonds of a spin, which has 3 digits
SLOTS = 256  # of an alias table; at most 4 x 32 + 1 outcomes
LEVELS = 4  # numbers of unsatisfied bonds that a flip may have to pay for
_DIGITS = 40

U64, U32 = np.uint64, np.uint32
ALL_SET = U64(0xFFFFFFFFFFFFFFFF)
HALF = U64(0xFFFFFFFF)


@njit(cache=True, nogil=True)
def prefix_table(betas, bonds, outcomes, odds):
    """Make the table of temperatures that may flip a spin, by number of unsatisfied bonds.

    Parameters
    ----------
    betas : (TEMPERATURES,) float
        The ladder in units of the couplings, rising.
    bonds : int
        Number of bonds of the spin.
    outcomes : (SLOTS, 2, LEVELS) uint64
        Prefixes of the bits for 0 .. 3 unsatisfied bonds, of each slot's own outcome and its alias, filled in place.
    odds : (SLOTS,) uint64
        Probability of the own outcome times 2^24, filled in place.
    """
    cuts = np.ones(LEVELS * betas.size + 1)
    for u in range(LEVELS):
        for t in range(betas.size):
            x = bonds - 2 * u
            cuts[u * betas.size + t] = math.exp(-2.0 * betas[t] * x) if x > 0 else 1.0
    cuts.sort()
    chance = np.zeros(SLOTS)
    masks = np.zeros((SLOTS, LEVELS), np.uint64)
    low = 0.0
    for k in range(cuts.size):
        chance[k] = (cuts[k] - low) * SLOTS
        v = 0.5 * (cuts[k] + low)
        low = cuts[k]
        for u in range(LEVELS):
            x = bonds - 2 * u
            for t in range(betas.size):
                if x <= 0 or v <= math.exp(-2.0 * betas[t] * x):
                    masks[k, u] |= U64(1) << U64(t)
    small, large = np.empty(SLOTS, np.int64), np.empty(SLOTS, np.int64)
    smalls = larges = 0
    for k in range(SLOTS):
        outcomes[k, 0] = masks[k]
        outcomes[k, 1] = masks[k]
        odds[k] = U64(1) << U64(24)
        if chance[k] < 1.0:
            small[smalls] = k
            smalls += 1
        else:
            large[larges] = k
            larges += 1
    while smalls and larges:
        smalls -= 1
        k, rich = small[smalls], large[larges - 1]
        odds[k] = U64(chance[k] * 16777216.0)
        outcomes[k, 1] = masks[rich]
        chance[rich] -= 1.0 - chance[k]
        if chance[rich] < 1.0:
            larges -= 1
            small[smalls] = rich
            smalls += 1


@njit(cache=True, nogil=True)
def _sweep(starts, neighbors, signs, kinds, outcomes, odds, spins, state):
    """Sweep all 64 replicas once in the order of the spins."""
    for i in range(kinds.size):
        s = spins[i]
        b0, b1, b2 = U64(0), U64(0), U64(0)
        for p in range(starts[i], starts[i + 1]):
            x = s ^ spins[neighbors[p]] ^ signs[p]
            carry = b0 & x
            b0 = b0 ^ x
            b2 = b2 | (b1 & carry)
            b1 = b1 ^ carry
        bits = next_uint64(state)
        kind = kinds[i]
        j = np.int64(bits & U64(0xFF))
        j2 = np.int64((bits >> U64(32)) & U64(0xFF))
        first = np.int64(((bits >> U64(8)) & U64(0xFFFFFF)) >= odds[kind, j])
        second = np.int64((bits >> U64(40)) >= odds[kind, j2])
        flips = b2
        flips |= outcomes[kind, j, first, 0] | (outcomes[kind, j2, second, 0] << U64(32))
        flips |= (b0 | b1) & (outcomes[kind, j, first, 1] | (outcomes[kind, j2, second, 1] << U64(32)))
        flips |= b1 & (outcomes[kind, j, first, 2] | (outcomes[kind, j2, second, 2] << U64(32)))
        flips |= b0 & b1 & (outcomes[kind, j, first, 3] | (outcomes[kind, j2, second, 3] << U64(32)))
        spins[i] = s ^ flips


@njit(cache=True, nogil=True)
def unsatisfied_bonds(starts, neighbors, signs, spins, counts):
    """Count the unsatisfied bonds of each replica.

    Parameters
    ----------
    starts, neighbors, signs : arrays
        Bonds as in :func:`temper`.
    spins : (n + 1,) uint64
        Spins.
    counts : (64,) int64
        Counts, filled in place.
    """
    digits = np.zeros(_DIGITS, np.uint64)
    b0, b1, b2, b3, b4, b5 = U64(0), U64(0), U64(0), U64(0), U64(0), U64(0)
    held = 0
    n = starts.size - 1
    for i in range(n):
        for p in range(starts[i], starts[i + 1]):
            if i < neighbors[p] < n:
                continue
            carry = spins[i] ^ spins[neighbors[p]] ^ signs[p]
            x = b0 & carry
            b0 ^= carry
            carry = b1 & x
            b1 ^= x
            x = b2 & carry
            b2 ^= carry
            carry = b3 & x
            b3 ^= x
            x = b4 & carry
            b4 ^= carry
            b5 ^= x
            held += 1
            if held == 63:
                _add(digits, (b0, b1, b2, b3, b4, b5))
                b0 = b1 = b2 = b3 = b4 = b5 = U64(0)
                held = 0
    _add(digits, (b0, b1, b2, b3, b4, b5))
    for lane in range(64):
        counts[lane] = 0
        for k in range(_DIGITS):
            counts[lane] += np.int64((digits[k] >> U64(lane)) & U64(1)) << k


@njit(cache=True, nogil=True)
def _add(digits, few):
    """Add the six binary digits ``few`` of 64 lanes to their counts."""
    carry = U64(0)
    for k in range(_DIGITS):
        x = few[k] if k < 6 else U64(0)
        digit = digits[k]
        digits[k] = digit ^ x ^ carry
        carry = (digit & x) | (carry & (digit | x))


@njit(cache=True, nogil=True)
def _exchange(starts, neighbors, spins, t, free, state, seen, stamp, queue):
    """Exchange each cluster of differing sites of the two replicas at temperature t with probability 1/2."""
    n = starts.size - 1
    one, two = U64(1) << U64(t), U64(1) << U64(t + 32)
    if free:
        differing = U64(0)
        for i in range(n):
            differing += ((spins[i] >> U64(32)) ^ spins[i]) >> U64(t) & U64(1)
        if differing > U64(n // 2):
            for i in range(n):
                spins[i] ^= two
    both = one | two
    coins = U64(0)
    left = 0
    for i in range(n):
        if seen[i] == stamp or ((spins[i] >> U64(32)) ^ spins[i]) & one == U64(0):
            continue
        if left == 0:
            coins, left = next_uint64(state), 64
        turn = both if coins & U64(1) else U64(0)
        coins >>= U64(1)
        left -= 1
        seen[i] = stamp
        queue[0], size = i, 1
        while size:
            size -= 1
            k = queue[size]
            spins[k] ^= turn
            for p in range(starts[k], starts[k + 1]):
                j = neighbors[p]
                if seen[j] != stamp and ((spins[j] >> U64(32)) ^ spins[j]) & one:
                    seen[j] = stamp
                    queue[size] = j
                    size += 1


@njit(cache=True, nogil=True)
def _swap(betas, first, unsatisfied, spins, state):
    """Try the swaps of the pairs (t, t + 1) for t = first, first + 2, ... of both replicas."""
    mask = U64(0)
    for copy in range(0, 64, TEMPERATURES):
        for t in range(first, TEMPERATURES - 1, 2):
            a, b = copy + t, copy + t + 1
            x = 2.0 * (betas[t + 1] - betas[t]) * (unsatisfied[b] - unsatisfied[a])
            if x >= 0.0 or uniform(state) < math.exp(x):
                mask |= U64(1) << U64(a)
                unsatisfied[a], unsatisfied[b] = unsatisfied[b], unsatisfied[a]
    for i in range(spins.size):
        d = (spins[i] ^ (spins[i] >> U64(1))) & mask
        spins[i] ^= d | (d << U64(1))


@njit(cache=True, nogil=True)
def temper(
    starts, neighbors, signs, kinds, outcomes, odds, betas, free, begin, end, coldest, spins, counts, best, lowest,
    goal, seen, queue, state,
):  # fmt: skip
    """Sweep, exchange clusters and swap, for the rounds begin .. end - 1.

    Parameters
    ----------
    starts, neighbors : int64 arrays
        Bonds of each spin, a coupling of 3 listed thrice, a bias as bonds with spin n.
    signs : uint64 array
        All ones for a bond that prefers opposite spins, else 0.
    kinds : (n,) int64
        Table of each spin.
    outcomes, odds : (kinds, SLOTS, 2, LEVELS), (kinds, SLOTS) uint64
        Results of :func:`prefix_table`.
    betas : (TEMPERATURES,) float
        The ladder in units of the couplings.
    free : bool
        Whether no spin has a bias.
    begin, end : int
        Range of the rounds.
    coldest : int
        Number of the coldest temperatures whose clusters are exchanged, every other one in a round.
    spins : (n + 1,) uint64
        Spins, in place; the last one is all set and stays.
    counts : (64,) int64
        Unsatisfied bonds of each replica, in place.
    best, lowest : (n,) int8, (1,) int64
        State with the fewest unsatisfied bonds so far, and their number, in place.
    goal : int
        Number of unsatisfied bonds at which to stop.
    seen, queue : (n + 1,) int64, (n,) int64
        Buffers; ``seen`` holds numbers below the stamps of these rounds.
    state : (4,) uint64
        State of the generator, in place.

    Returns
    -------
    int
        The round after the last one made.
    """
    for r in range(begin, end):
        _sweep(starts, neighbors, signs, kinds, outcomes, odds, spins, state)
        for t in range(TEMPERATURES - coldest + r % 2, TEMPERATURES, 2):
            _exchange(starts, neighbors, spins, t, free, state, seen, r * TEMPERATURES + t + 1, queue)
        unsatisfied_bonds(starts, neighbors, signs, spins, counts)
        lane = counts.argmin()
        if counts[lane] < lowest[0]:
            lowest[0] = counts[lane]
            for i in range(best.size):
                best[i] = 1 if (spins[i] >> U64(lane)) & U64(1) else -1
            if lowest[0] <= goal:
                return r + 1
        _swap(betas, (r >> 1) % 2, counts, spins, state)
    return end
