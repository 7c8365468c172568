r"""Two-state atoms as a continuous-time Markov chain, simulated exactly and without rejection.

.. math:: r_\uparrow = e^{\theta f}, \qquad r_\downarrow = e^{-(1-\theta) f}, \qquad
          f_i = 2 \beta (h_i + \textstyle\sum_j w_{ij} s_j)

Rates are per attempt time. Next event: dt = -ln(u) / sum of rates, atom i with probability r_i / sum of rates.
Rates stand in blocks of ~sqrt(n) with a sum each; a flip renews the sums that it touches from their rates (a running
sum would drown small rates in the round-off of large ones).
Source: Bortz, Kalos and Lebowitz, J. Comput. Phys. 17, 10 (1975); Gillespie, J. Phys. Chem. 81, 2340 (1977).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from neuromorph.kernels.xoshiro import exponential, uniform

_STEEPEST = 500.0  # |f| is cut here: exp(500) is far from overflow, exp(-500) is never


@njit(cache=True, nogil=True, inline="always")
def _rate(field, spin, theta):
    f = min(max(field, -_STEEPEST), _STEEPEST)
    return math.exp(theta * f) if spin < 0 else math.exp((theta - 1.0) * f)


@njit(cache=True, nogil=True, fastmath={"reassoc"})
def _sum(values, start, stop):
    total = 0.0
    for k in range(start, stop):
        total += values[k]
    return total


@njit(cache=True, nogil=True)
def _pick(rates, sums, width, total, state):
    """An atom drawn in proportion to its rate."""
    target = uniform(state) * total
    block = 0
    while block < sums.size - 1 and target >= sums[block]:
        target -= sums[block]
        block += 1
    i, stop = block * width, min(rates.size, (block + 1) * width)
    while i < stop - 1 and target >= rates[i]:
        target -= rates[i]
        i += 1
    return i


@njit(cache=True, nogil=True)
def begin(indptr, indices, data, biases, spins):
    """What :func:`telegraph` takes on from part to part: fields, rates, sums, touched, counts, left."""
    n = spins.size
    width = max(8, int(math.sqrt(n)))
    blocks = (n + width - 1) // width
    fields = biases.copy()
    counts = np.zeros(3, np.int64)  # steps that are over, events, the state as a number
    for j in range(n):
        for k in range(indptr[j], indptr[j + 1]):
            fields[indices[k]] += data[k] * spins[j]
        if spins[j] > 0:
            counts[2] ^= 1 << (j & 63)
    return fields, np.empty(n), np.empty(blocks), np.full(blocks, -1), counts, np.full(1, -1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def telegraph_kernel(
    indptr, indices, data, betas, durations, theta, most, spins, state, table, fields, rates, sums, touched, counts,
    left, part,
):  # fmt: skip
    """Let atoms switch for ``durations`` (in attempt times) at ``betas``, ``part`` events of it; all from ``spins`` on
    in place, the last seven as of :func:`begin`.

    indptr, indices, data    columns of w: column j holds what atom j does to the others (CSC)
    most                     events after which it stops: asymmetric w can chase itself round at any rate
    spins                    (n,) int8
    table                    (2^n,) gains the time spent in each state, bit i set where s_i = +1; (0,) records nothing
    left                     of the step that is under way; negative: it is to begin

    Returns whether it is over: all time is spent, or ``most`` events have happened (counts[1]).
    """
    n = spins.size
    width = max(8, int(math.sqrt(n)))
    blocks = sums.size
    step, events, occupied = counts[0], counts[1], counts[2]
    stop = min(most, events + part)
    while step < betas.size and events < stop:
        scale = 2.0 * betas[step]
        if left[0] < 0.0:
            left[0] = durations[step]
            for i in range(n):
                rates[i] = _rate(scale * fields[i], spins[i], theta)
            for b in range(blocks):
                sums[b] = _sum(rates, b * width, min(n, (b + 1) * width))
        while events < stop:
            total = _sum(sums, 0, blocks)
            dt = exponential(state) / total
            if table.size:
                table[occupied] += min(dt, left[0])
            left[0] -= dt
            if left[0] <= 0.0:  # a new step draws afresh: waiting has no memory
                left[0] = -1.0
                step += 1
                break
            j = _pick(rates, sums, width, total, state)
            spins[j] = -spins[j]
            events += 1
            occupied ^= 1 << (j & 63)
            rates[j] = _rate(scale * fields[j], spins[j], theta)
            touched[j // width] = events
            for k in range(indptr[j], indptr[j + 1]):
                i = indices[k]
                fields[i] += 2.0 * data[k] * spins[j]
                rates[i] = _rate(scale * fields[i], spins[i], theta)
                touched[i // width] = events
            for b in range(blocks):
                if touched[b] == events:
                    sums[b] = _sum(rates, b * width, min(n, (b + 1) * width))
    counts[0], counts[1], counts[2] = step, events, occupied
    return step == betas.size or events >= most
