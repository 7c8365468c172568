r"""Two-state atoms as a continuous-time Markov chain, simulated exactly and without rejection.

.. math:: r_\uparrow = e^{\theta f}, \qquad r_\downarrow = e^{-(1-\theta) f}, \qquad
          f_i = 2 \beta (h_i + \textstyle\sum_j w_{ij} s_j)

where r are rates in units of the attempt rate of the atom and f, theta, w, h, s are those of ``telegraph``. The next
event comes after dt = -ln(u) / sum of rates, at atom i with probability r_i / sum of rates, with u uniform in (0, 1).

Rates stand in blocks of ~sqrt(n) with a sum each; a flip computes the sums of the touched blocks anew from their rates
(a running sum would lose small rates in the round-off of large ones).
Source: Bortz, Kalos and Lebowitz, J. Comput. Phys. 17, 10 (1975); Gillespie, J. Phys. Chem. 81, 2340 (1977).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from neuromorph.kernels.xoshiro import exponential, uniform

_STEEPEST = 500.0  # |f| is clipped here: exp(500) is far from overflow, and events of rate exp(-500) never happen


@njit(cache=True, nogil=True, inline="always")
def switching_rate(field, spin, theta):
    """Compute the rate at which an atom leaves its state.

    Parameters
    ----------
    field : float
        f, local field in units of the effective temperature.
    spin : int
        State, -1 or +1.
    theta : float
        Position of the barrier.

    Returns
    -------
    float
        Rate in attempts.
    """
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
    """Draw an atom with probability proportional to its rate."""
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
    """Build the state that :func:`telegraph_kernel` carries from part to part.

    Parameters
    ----------
    indptr, indices, data : arrays
        Columns of w (CSC).
    biases : (n,) float
        h.
    spins : (n,) int8
        Start state.

    Returns
    -------
    fields, rates, sums, touched, counts, left : arrays
        Local fields; rates; their sums by block; last event that touched a block; finished steps, events and the state
        as a number; time left of the current step.
    """
    n = spins.size
    width = max(8, int(math.sqrt(n)))
    blocks = (n + width - 1) // width
    fields = biases.copy()
    counts = np.zeros(3, np.int64)  # finished steps, events, and the state as a number
    for j in range(n):
        for k in range(indptr[j], indptr[j + 1]):
            fields[indices[k]] += data[k] * spins[j]
        if spins[j] > 0:
            counts[2] ^= 1 << (j & 63)
    return fields, np.empty(n), np.empty(blocks), np.full(blocks, -1), counts, np.full(1, -1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def telegraph_kernel(
    indptr, indices, data, betas, durations, theta, speeds, most, spins, state, table, fields, rates, sums, touched,
    counts, left, part,
):  # fmt: skip
    """Simulate telegraph switching through a schedule, at most ``part`` events of it.

    ``spins``, ``state``, ``table`` and the six arrays of :func:`begin` are changed in place, so that the next call
    continues.

    Parameters
    ----------
    indptr, indices, data : arrays
        Columns of w (CSC): column j holds the couplings from atom j to the others.
    betas, durations : (steps,) float
        Inverse temperature and duration of each step, in attempt times.
    theta : float
        Position of the barrier.
    speeds : (n,) float
        Attempt rate of each atom over that of the unit of time.
    most : int
        Number of events after which a read stops: asymmetric w can drive events in a circle at any rate.
    spins : (n,) int8
        The state.
    state : (4,) uint64
        The random state.
    table : (2^n,) or (0,) float
        Time in each state, added to, bit i set where s_i = +1; an empty table records nothing.
    fields, rates, sums, touched, counts, left : arrays
        From :func:`begin`; a negative ``left`` marks a step that has not begun.
    part : int
        Largest number of events of this call.

    Returns
    -------
    bool
        Whether the read is over: all time is spent, or ``most`` events have happened (counts[1]).
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
                rates[i] = speeds[i] * switching_rate(scale * fields[i], spins[i], theta)
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
            rates[j] = speeds[j] * switching_rate(scale * fields[j], spins[j], theta)
            touched[j // width] = events
            for k in range(indptr[j], indptr[j + 1]):
                i = indices[k]
                fields[i] += 2.0 * data[k] * spins[j]
                rates[i] = speeds[i] * switching_rate(scale * fields[i], spins[i], theta)
                touched[i // width] = events
            for b in range(blocks):
                if touched[b] == events:
                    sums[b] = _sum(rates, b * width, min(n, (b + 1) * width))
    counts[0], counts[1], counts[2] = step, events, occupied
    return step == betas.size or events >= most
