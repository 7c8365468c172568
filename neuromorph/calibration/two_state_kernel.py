r"""Forward and backward passes over a trace of two hidden states with normal levels.

.. math:: \alpha_t(j) \propto p(y_t | j) \sum_i \alpha_{t-1}(i) A_{ij}, \qquad
          \beta_t(i) \propto \sum_j A_{ij}\, p(y_{t+1} | j)\, \beta_{t+1}(j)

Both are scaled at each sample. Expected numbers follow: samples of each state, their sums and squares, and moves.
Source: Rabiner, Proc. IEEE 77, 257 (1989).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, inline="always")
def _density(y, levels, noises, out):
    """Densities of a sample in both states, over the larger one; returns the logarithm of that."""
    a = -0.5 * ((y - levels[0]) / noises[0]) ** 2 - math.log(noises[0])
    b = -0.5 * ((y - levels[1]) / noises[1]) ** 2 - math.log(noises[1])
    top = max(a, b)
    out[0], out[1] = math.exp(a - top), math.exp(b - top)
    return top - 0.9189385332046727


@njit(cache=True, nogil=True)
def two_state_moments(y, starts, moves, first, levels, noises):
    """Compute the likelihood and the expected numbers of a trace.

    Parameters
    ----------
    y : (samples,) float
        Traces, one after the other.
    starts : (traces + 1,) int
        Where each begins, and the end.
    moves : (2, 2) float
        A, probability of the next state.
    first : (2,) float
        Probability of each state at the start of a trace.
    levels, noises : (2,) float
        Mean and standard deviation of a sample in each state.

    Returns
    -------
    float
        Logarithm of the likelihood.
    (2, 2) float
        Expected number of moves.
    (2,) float
        Expected number of traces that start in each state.
    (3, 2) float
        Expected number of samples, their sum, and the sum of squares about the levels.
    """
    alpha, scale = np.empty((y.size, 2)), np.empty(y.size)
    density = np.empty(2)
    log_likelihood = 0.0
    counted, began, sums = np.zeros((2, 2)), np.zeros(2), np.zeros((3, 2))
    for trace in range(starts.size - 1):
        begin, end = starts[trace], starts[trace + 1]
        for t in range(begin, end):
            log_likelihood += _density(y[t], levels, noises, density)
            if t == begin:
                a, b = first[0] * density[0], first[1] * density[1]
            else:
                p, q = alpha[t - 1, 0], alpha[t - 1, 1]
                a = (p * moves[0, 0] + q * moves[1, 0]) * density[0]
                b = (p * moves[0, 1] + q * moves[1, 1]) * density[1]
            total = a + b + 1e-300
            alpha[t, 0], alpha[t, 1], scale[t] = a / total, b / total, total
            log_likelihood += math.log(total)
        back0, back1 = 1.0, 1.0
        for t in range(end - 1, begin - 1, -1):
            g0, g1 = alpha[t, 0] * back0, alpha[t, 1] * back1
            total = g0 + g1 + 1e-300
            g0, g1 = g0 / total, g1 / total
            sums[0, 0] += g0
            sums[0, 1] += g1
            sums[1, 0] += g0 * (y[t] - levels[0])
            sums[1, 1] += g1 * (y[t] - levels[1])
            sums[2, 0] += g0 * (y[t] - levels[0]) ** 2
            sums[2, 1] += g1 * (y[t] - levels[1]) ** 2
            if t == begin:
                began[0] += g0
                began[1] += g1
            else:
                _density(y[t], levels, noises, density)
                to0, to1 = density[0] * back0 / scale[t], density[1] * back1 / scale[t]
                p, q = alpha[t - 1, 0], alpha[t - 1, 1]
                counted[0, 0] += p * moves[0, 0] * to0
                counted[0, 1] += p * moves[0, 1] * to1
                counted[1, 0] += q * moves[1, 0] * to0
                counted[1, 1] += q * moves[1, 1] * to1
                back0, back1 = moves[0, 0] * to0 + moves[0, 1] * to1, moves[1, 0] * to0 + moves[1, 1] * to1
    return log_likelihood, counted, began, sums


@njit(cache=True, nogil=True)
def draw_states(y, starts, moves, first, levels, noises, uniform):
    """Draw the hidden states of a trace from their law given the samples.

    Parameters
    ----------
    y, starts, moves, first, levels, noises : ndarray
        As of ``two_state_moments``.
    uniform : (samples,) float
        Random numbers between 0 and 1.

    Returns
    -------
    (samples,) int8
        States, 0 or 1.
    """
    alpha, density = np.empty((y.size, 2)), np.empty(2)
    states = np.empty(y.size, np.int8)
    for trace in range(starts.size - 1):
        begin, end = starts[trace], starts[trace + 1]
        for t in range(begin, end):
            _density(y[t], levels, noises, density)
            if t == begin:
                a, b = first[0] * density[0], first[1] * density[1]
            else:
                p, q = alpha[t - 1, 0], alpha[t - 1, 1]
                a = (p * moves[0, 0] + q * moves[1, 0]) * density[0]
                b = (p * moves[0, 1] + q * moves[1, 1]) * density[1]
            total = a + b + 1e-300
            alpha[t, 0], alpha[t, 1] = a / total, b / total
        for t in range(end - 1, begin - 1, -1):
            a, b = alpha[t, 0], alpha[t, 1]
            if t < end - 1:
                after = states[t + 1]
                a, b = a * moves[0, after], b * moves[1, after]
            states[t] = 1 if uniform[t] * (a + b) >= a else 0
    return states
