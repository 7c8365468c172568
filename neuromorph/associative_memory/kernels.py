r"""Inner loops of associative memories, one read a call: heat bath at beta, which at infinite beta is descent.

.. math:: P(s_i \to -s_i) = \frac{1}{1 + e^{\beta \Delta E_i}}, \qquad
          \Delta E_i = 2 s_i f_i \;(\text{couplings}), \quad E(s^{(i)}) - E(s) \;(\text{dense memories})

where f_i is the field on spin i and s^(i) the state with spin i flipped.

Sweeps visit the spins in random order. At infinite beta a spin flips only if that lowers the energy by more than
``tiny`` or, in dense memories, than its round-off, so that neither a tie nor rounding can flip spins for ever.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import below, uniform

_ROUND_OFF = 1e-13  # relative round-off of a change of energy, which is a difference of sums


@njit(cache=True, nogil=True)
def _turns(rise, beta, tiny, state):
    if beta == np.inf:
        return rise < -tiny
    x = beta * rise
    return x < 37.0 and uniform(state) * (1.0 + math.exp(x)) < 1.0  # the generator cannot draw below exp(-37)


@njit(cache=True, nogil=True)
def _shuffle(order, state):
    for k in range(order.size - 1, 0, -1):
        pick = below(state, k + 1)
        order[k], order[pick] = order[pick], order[k]


@njit(cache=True, nogil=True)
def start_fields(columns, biases, spins, fields):
    """Compute the fields h + J s and the energy of one state.

    Parameters
    ----------
    columns : (n, n) float
        Transposed couplings, ``columns[i, j]`` = J_ji.
    biases : (n,) float
        h.
    spins : (n,) int8
        s.
    fields : (n,) float
        The fields, filled in place.

    Returns
    -------
    float
        E without offset.
    """
    n = spins.size
    for i in range(n):
        fields[i] = biases[i]
    energy = 0.0
    for i in range(n):
        for j in range(n):
            fields[j] += columns[i, j] * spins[i]
    for i in range(n):
        energy -= 0.5 * spins[i] * (fields[i] + biases[i])
    return energy


@njit(cache=True, nogil=True)
def relax_kernel(columns, beta, tiny, every, fields, spins, order, energies, updates, energy, sweeps, state):
    """Advance one read by sweeps of single-spin updates through couplings.

    Parameters
    ----------
    columns : (n, n) float
        Transposed couplings, ``columns[i, j]`` = J_ji.
    beta, tiny : float
        Inverse temperature, and least decrease of the energy that counts.
    every : int
        Updates between two energies.
    fields, spins, order : (n,) arrays
        Result of :func:`start_fields`, spins int8 and a permutation, in place.
    energies : (points,) float
        E without offset after each ``every`` updates, filled in place; the last one ends the sweeps.
    updates, energy : int, float
        Updates done so far and the energy they led to.
    sweeps : int
        Largest number of sweeps.
    state : (4,) uint64
        State of the generator, in place.

    Returns
    -------
    tuple of int, float, bool
        Updates, energy, and whether a whole sweep flipped no spin, which ends the sweeps at infinite beta.
    """
    n = spins.size
    limit = every * (energies.size - 1)
    for _ in range(sweeps):
        _shuffle(order, state)
        turned = 0
        for i in order:
            rise = 2.0 * spins[i] * fields[i]
            if _turns(rise, beta, tiny, state):
                spins[i] = -spins[i]
                change = 2.0 * spins[i]
                for j in range(n):
                    fields[j] += columns[i, j] * change
                energy += rise
                turned += 1
            updates += 1
            if updates % every == 0:
                energies[updates // every] = energy
            if updates == limit:
                return updates, energy, turned == 0 and beta == np.inf
        if turned == 0 and beta == np.inf:
            return updates, energy, True
    return updates, energy, False


@njit(cache=True, nogil=True)
def accumulate_means(columns, beta, burn, begin, end, fields, spins, sums, state):
    """Sum the conditional means tanh(beta f_i) of the spins over sweeps.

    Parameters
    ----------
    columns : (n, n) float
        Transposed couplings, ``columns[i, j]`` = J_ji.
    beta : float
        Inverse temperature.
    burn, begin, end : int
        First sweep that counts, and the range of sweeps to do.
    fields, spins : (n,) arrays
        Result of :func:`start_fields` and spins int8, in place.
    sums : (n,) float
        The sums, increased in place.
    state : (4,) uint64
        State of the generator, in place.
    """
    n = spins.size
    for sweep in range(begin, end):
        for i in range(n):
            if sweep >= burn:
                sums[i] += math.tanh(beta * fields[i])
            if _turns(2.0 * spins[i] * fields[i], beta, 0.0, state):
                spins[i] = -spins[i]
                change = 2.0 * spins[i]
                for j in range(n):
                    fields[j] += columns[i, j] * change


@njit(cache=True, nogil=True)
def _power(x, power, rectified):
    return 0.0 if rectified and x <= 0.0 else x**power


@njit(cache=True, nogil=True)
def _weigh(products, weights):
    """Compute the weights exp(p - max p), which cannot overflow; return their sum and max p."""
    largest, total = products.max(), 0.0
    for mu in range(products.size):
        weights[mu] = math.exp(products[mu] - largest)
        total += weights[mu]
    return total, largest


@njit(cache=True, nogil=True)
def _rise(column, products, weights, total, spin, n, power, rectified):
    """Compute the change of E when the spin in ``column`` (k,) of the patterns flips; 0 if only round-off is left."""
    if power == 0:  # the share a of the weights that agree with the spin falls by e^-2, the others grow by e^2
        agree = 0.0
        for mu in range(products.size):
            if column[mu] == spin:
                agree += weights[mu]
        share = agree / total
        rise = -math.log(share * math.exp(-2.0) + (1.0 - share) * math.exp(2.0))
        return rise if abs(rise) > _ROUND_OFF else 0.0
    rise, size = 0.0, 0.0
    for mu in range(products.size):
        before = _power(products[mu] / n, power, rectified)
        after = _power((products[mu] - 2 * column[mu] * spin) / n, power, rectified)
        rise += before - after
        size += abs(before) + abs(after)
    return n * rise if abs(rise) > _ROUND_OFF * size else 0.0


@njit(cache=True, nogil=True)
def start_dense_products(columns, power, rectified, spins, products):
    """Compute the products x_mu . s and the energy of one state of a dense memory.

    Parameters
    ----------
    columns : (n, k) int8
        Transposed patterns.
    power, rectified : int, bool
        Interaction; power 0 is the exponential.
    spins : (n,) int8
        s.
    products : (k,) int64
        The products, filled in place.

    Returns
    -------
    float
        E as in :func:`relax_dense_kernel`.
    """
    n, k = columns.shape
    products[:] = 0
    for i in range(n):
        for mu in range(k):
            products[mu] += columns[i, mu] * spins[i]
    if power == 0:
        total, largest = _weigh(products, np.empty(k))
        return -largest - math.log(total)
    energy = 0.0
    for mu in range(k):
        energy -= n * _power(products[mu] / n, power, rectified)
    return energy


@njit(cache=True, nogil=True)
def relax_dense_kernel(
    columns, power, rectified, beta, every, products, spins, order, energies, updates, energy, sweeps, state
):
    r"""Advance one read by sweeps of single-spin updates of a dense memory.

    .. math:: E = -n \sum_\mu F(x^\mu \cdot s / n), \; F(m) = m^p; \qquad E = -\ln \sum_\mu e^{x^\mu \cdot s} \;(p = 0)

    :func:`relax_kernel` documents the other arguments.

    Parameters
    ----------
    columns : (n, k) int8
        Transposed patterns.
    power, rectified : int, bool
        Interaction; power 0 is the exponential.
    products : (k,) int64
        Result of :func:`start_dense_products`, in place.

    Returns
    -------
    tuple of int, float, bool
        Updates, energy, and whether a whole sweep flipped no spin.
    """
    n, k = columns.shape
    weights, total = np.empty(k), 0.0
    if power == 0:
        total = _weigh(products, weights)[0]
    limit = every * (energies.size - 1)
    for _ in range(sweeps):
        _shuffle(order, state)
        turned = 0
        for i in order:
            rise = _rise(columns[i], products, weights, total, spins[i], n, power, rectified)
            if _turns(rise, beta, 0.0, state):
                for mu in range(k):
                    products[mu] -= 2 * columns[i, mu] * spins[i]
                if power == 0:
                    total = _weigh(products, weights)[0]
                spins[i] = -spins[i]
                energy += rise
                turned += 1
            updates += 1
            if updates % every == 0:
                energies[updates // every] = energy
            if updates == limit:
                return updates, energy, turned == 0 and beta == np.inf
        if turned == 0 and beta == np.inf:
            return updates, energy, True
    return updates, energy, False


@njit(cache=True, nogil=True)
def descend_integer_couplings(couplings, fields, limit, spins, order, state):
    """Descend one state through integer couplings by sweeps in random order, without rounding.

    Parameters
    ----------
    couplings : (n, n) int16
        J.
    fields, spins, order : (n,) arrays
        Fields int32, spins int8 and a permutation, in place.
    limit : int
        Largest number of sweeps.
    state : (4,) uint64
        State of the generator, in place.

    Returns
    -------
    tuple of int, bool
        Sweeps, and whether the state is a fixed point.
    """
    n = spins.size
    for sweep in range(limit):
        _shuffle(order, state)
        turned = 0
        for i in order:
            if spins[i] * fields[i] < 0:
                spins[i] = -spins[i]
                row, change = couplings[i], np.int32(2 * spins[i])
                for j in range(n):
                    fields[j] += np.int32(row[j]) * change
                turned += 1
        if turned == 0:
            return sweep + 1, True
    return limit, False
