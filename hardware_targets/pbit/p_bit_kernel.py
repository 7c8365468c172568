r"""p-bits in time, asynchronous with a delay of the synapses, or all at once on a clock.

.. math:: m_i \leftarrow \mathrm{sgn}(\tanh x_i + U(-1, 1)), \qquad x_i = a_i (I_i + o_i), \qquad
          I_i = \beta \sum_{t \ni i} c_t \prod_{j \in t, j \ne i} s_j

where s_j(t) = m_j(t - d) is what the synapses have seen of p-bit j. Asynchronous: p-bit i redraws itself at the times
of a Poisson process of rate 1 / tau_i, which has the flip rates of ``junctions``. Events come at the rate n max(1/tau)
and are thinned (uniformization), so that a draw costs O(1) and a flip the members of its terms.

Per term p_t = c_t prod s and per p-bit A_i = s_i I_i / beta = sum of the p_t of its terms are kept; both are computed
anew at each temperature, so that round-off does not add up.
Source: Camsari et al., Phys. Rev. X 7, 031014 (2017); clocked dynamics: Little, Math. Biosci. 19, 101 (1974).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from neuromorph.kernels.xoshiro import below, exponential, uniform

STEP, ATTEMPTS, FLIPS, ADDITIONS, HEAD, PENDING = range(6)  # of ``counts``
LEFT, NOW = range(2)  # of ``clock``


@njit(cache=True, nogil=True)
def _align(starts, members, values, seen, products, aligned):
    """Compute the products of the terms and the alignments of the p-bits anew."""
    aligned[:] = 0.0
    for t in range(values.size):
        product = values[t]
        for k in range(starts[t], starts[t + 1]):
            product *= seen[members[k]]
        products[t] = product
        for k in range(starts[t], starts[t + 1]):
            aligned[members[k]] += product


@njit(cache=True, nogil=True)
def _deliver(i, starts, members, own_starts, own_terms, seen, products, aligned):
    """Let the synapses see a flip of p-bit i; return the number of additions."""
    seen[i] = -seen[i]
    added = 0
    for k in range(own_starts[i], own_starts[i + 1]):
        t = own_terms[k]
        products[t] = -products[t]
        for j in range(starts[t], starts[t + 1]):
            aligned[members[j]] += 2.0 * products[t]
        added += starts[t + 1] - starts[t] - 1
    return added


@njit(cache=True, nogil=True)
def _draw(x, state):
    """Draw sgn(tanh x + U(-1, 1)), which is +1 with probability 1 / (1 + exp(-2x))."""
    if x < -350.0:
        return -1
    return 1 if uniform(state) * (1.0 + math.exp(-2.0 * x)) < 1.0 else -1


@njit(cache=True, nogil=True)
def asynchronous_kernel(
    starts, members, values, own_starts, own_terms, slopes, offsets, dwells, reach, betas, durations, delay, spins,
    seen, products, aligned, due, flipped, counts, clock, state, part,
):  # fmt: skip
    """Let p-bits flip through a schedule, at most ``part`` events of it.

    All arrays from ``spins`` on are changed in place, so that the next call continues.

    Parameters
    ----------
    starts, members, values, own_starts, own_terms : arrays
        Terms (``SpinTerms``).
    slopes, offsets, dwells : (n,) float
        Junctions; dwells in units of the nominal dwell time, as all times here.
    reach : (2,) float
        Least and largest input I that drives give.
    betas, durations : (steps,) float
        Inverse temperature and duration of each step.
    delay : float
        d.
    spins, seen : (n,) int8
        m, and what the synapses have seen of it.
    products, aligned : (terms,), (n,) float
        p and A.
    due, flipped : (capacity,) float, int64
        Ring of the flips on their way: time of arrival, p-bit. Where it is full the oldest arrives at once.
    counts : (6,) int64
        Steps done, draws, flips, additions of the synapses; head and length of the ring.
    clock : (2,) float
        Time left of the step, negative if it has not begun; time since the start.
    state : (4,) uint64
        The random state.
    part : int
        Largest number of events of this call.

    Returns
    -------
    bool
        Whether the schedule is over.
    """
    n = spins.size
    fastest = 1.0 / dwells.min()
    step, events = counts[STEP], 0
    while step < betas.size and events < part:
        beta = betas[step]
        if clock[LEFT] < 0.0:
            clock[LEFT] = durations[step]
            _align(starts, members, values, seen, products, aligned)
        while events < part:
            dt = exponential(state) / (n * fastest)
            if dt >= clock[LEFT]:  # a new step draws afresh: waiting has no memory
                clock[NOW] += clock[LEFT]
                clock[LEFT] = -1.0
                step += 1
                break
            clock[LEFT] -= dt
            clock[NOW] += dt
            events += 1
            while counts[PENDING] > 0 and (due[counts[HEAD]] <= clock[NOW] or counts[PENDING] == due.size):
                i = flipped[counts[HEAD]]
                counts[ADDITIONS] += _deliver(i, starts, members, own_starts, own_terms, seen, products, aligned)
                counts[HEAD] = (counts[HEAD] + 1) % due.size
                counts[PENDING] -= 1
            i = below(state, n)
            if dwells[i] * fastest > 1.0 and uniform(state) * dwells[i] * fastest >= 1.0:
                continue
            counts[ATTEMPTS] += 1
            drive = min(max(beta * seen[i] * aligned[i], reach[0]), reach[1])
            new = _draw(slopes[i] * (drive + offsets[i]), state)
            if new != spins[i]:
                spins[i] = new
                counts[FLIPS] += 1
                if delay > 0.0:
                    tail = (counts[HEAD] + counts[PENDING]) % due.size
                    due[tail], flipped[tail] = clock[NOW] + delay, i
                    counts[PENDING] += 1
                else:
                    counts[ADDITIONS] += _deliver(i, starts, members, own_starts, own_terms, seen, products, aligned)
    counts[STEP] = step
    return step == betas.size


@njit(cache=True, nogil=True)
def synchronous_kernel(
    starts, members, values, slopes, offsets, reach, betas, ticks, spins, products, aligned, counts, state, part,
):  # fmt: skip
    """Redraw all p-bits at once from the state before, at most ``part`` draws.

    Parameters
    ----------
    starts, members, values, slopes, offsets, reach, betas, spins, products, aligned, state, part
        As of :func:`asynchronous_kernel`.
    ticks : (steps,) int64
        Clock ticks of each step.
    counts : (6,) int64
        Steps done, draws, flips, additions; ticks done of the step (``HEAD``).

    Returns
    -------
    bool
        Whether the schedule is over.
    """
    n, drawn = spins.size, 0
    inputs = np.empty(n)
    while counts[STEP] < betas.size and drawn < part:
        if counts[HEAD] >= ticks[counts[STEP]]:
            counts[STEP] += 1
            counts[HEAD] = 0
            continue
        _align(starts, members, values, spins, products, aligned)
        for i in range(n):
            drive = min(max(betas[counts[STEP]] * spins[i] * aligned[i], reach[0]), reach[1])
            inputs[i] = slopes[i] * (drive + offsets[i])
        for i in range(n):
            new = _draw(inputs[i], state)
            if new != spins[i]:
                counts[FLIPS] += 1
            spins[i] = new
        counts[ADDITIONS] += members.size
        counts[ATTEMPTS] += n
        counts[HEAD] += 1
        drawn += n
    return counts[STEP] == betas.size
